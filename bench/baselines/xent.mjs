// What xent does with the same logits, by its public API alone, from the library as built at the root.

import { existsSync, readFileSync } from "node:fs";

const BUILT = new URL("../../dist/index.js", import.meta.url);

/**
 * One dense layer with x = 1 and a bias of 0, whose weights are the logits. A step of SGD with lr = 1 makes the bias
 * 0 − 1·g, which rounds nothing: minus the new bias is the gradient that training applied, to the bit.
 *
 * @returns {Promise<import("./peers.mjs").Way[]>} none if the library is not built
 */
export async function xentRows() {
  if (!existsSync(BUILT)) return [];
  const { crossEntropy, dense, init, sgd } = await import(BUILT.href);
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const xent = await init();
  return [
    {
      system: "xent",
      version,
      kind: "softmax",
      writes: "dense(2), loss: crossEntropy()",
      async run(logits, target) {
        const classes = logits.length;
        const model = xent.sequential({ input: 1, seed: 1 }, [dense(classes)]);
        model.loadStateDict({
          "0.weight": { shape: [classes, 1], data: Float32Array.from(logits) },
          "0.bias": { shape: [classes], data: new Float32Array(classes) },
        });
        const x = Float32Array.of(1);
        const { loss } = await model.trainOnBatch(x, [target], {
          loss: crossEntropy(),
          optimizer: sgd({ lr: 1 }),
        });
        const gradient = [...model.stateDict()["0.bias"].data].map((bias) => -bias);
        model.dispose();
        return { loss, gradient };
      },
    },
  ];
}
