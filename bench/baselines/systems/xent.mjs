// xent as any other library: by its public API alone, as built at the root. `backend` is `strict`, `fast` or `wide`.

import { readFileSync } from "node:fs";

const ROOT = new URL("../../../", import.meta.url);

/**
 * @param {import("./system.d.ts").OpenOptions} options
 * @returns {Promise<import("./system.d.ts").System>}
 */
export async function open({ threads, backend = "fast", seed = 0 }) {
  const library = await import(new URL("dist/index.js", ROOT).href);
  const xent = await library.init({
    precision: backend === "strict" ? "strict" : "fast",
    wide: backend === "wide",
    threads,
  });
  const { info } = xent;
  const missing =
    info.wide !== (backend === "wide")
      ? "wide"
      : info.threads !== threads
        ? "threads"
        : backend !== "strict" && !info.fused && "build";
  if (missing) throw new Error(info.reasons.find((reason) => reason.startsWith(`${missing}: `)));
  const { crossEntropy, dataset, dense, quadratic, relu, sigmoid } = library;

  const model = ({ widths, activation, loss }, layers) => {
    const between = activation === "relu" ? relu : sigmoid;
    const hidden = layers.flatMap(({ bias }, i) =>
      i === 0 ? [dense(bias.length)] : [between(), dense(bias.length)],
    );
    const last = loss === "quadratic" ? [sigmoid()] : [];
    const made = xent.sequential(
      { input: widths[0], seed, loss: loss === "quadratic" ? quadratic() : crossEntropy() },
      [...hidden, ...last],
    );
    const state = layers.flatMap(({ weight, bias }, i) => [
      [`${2 * i}.weight`, { shape: [bias.length, weight.length / bias.length], data: weight }],
      [`${2 * i}.bias`, { shape: [bias.length], data: bias }],
    ]);
    made.loadStateDict(Object.fromEntries(state));
    return made;
  };

  return {
    version: JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")).version,
    backend: `${info.build} ${info.tile}${info.wide ? ", wide" : ""}, ${threads} ${threads === 1 ? "thread" : "threads"}`,

    gemm(n, from, by) {
      const [a, b, c] = xent.alloc([n * n, n * n, n * n]);
      a.set(from);
      b.set(by);
      return { run: () => void xent.sgemm({ m: n, n, k: n, a, b, c }), result: () => c };
    },

    step(net, layers, { x, y }) {
      const made = model(net, layers);
      const { batch, widths } = net;
      const batches = y.length / batch;
      const features = widths[0];
      let next = 0;
      let loss = Number.NaN;
      const optimizer = (lr) => library[net.optimizer]({ lr });
      const all = dataset({ x, y, features });
      return {
        unit: batches,
        async steps(count, lr) {
          if (count % batches === 0 && next === 0) {
            const options = { optimizer: optimizer(lr), batchSize: batch, shuffle: false };
            const history = await made.fit(all, { ...options, epochs: count / batches });
            loss = batches === 1 ? history.loss.at(-1) : Number.NaN; // an epoch's mean is no batch's
            return;
          }
          // `fit` begins with the first row and a new optimiser: what goes on from step to step is `trainOnBatch`
          for (let i = 0; i < count; i++) {
            const rows = x.subarray(next * batch * features, (next + 1) * batch * features);
            const ids = y.subarray(next * batch, (next + 1) * batch);
            next = (next + 1) % batches;
            ({ loss } = await made.trainOnBatch(rows, ids, { optimizer: optimizer(lr) }));
          }
        },
        loss: () => loss,
      };
    },

    predict(net, layers, x) {
      const made = model(net, layers);
      return { run: () => made.predict(x) };
    },

    learn(net, layers, train, test) {
      const made = model(net, layers);
      const features = net.widths[0];
      const data = dataset({ ...train, features });
      const validation = dataset({ ...test, features });
      return {
        async until(target, epochs, lr) {
          const accuracies = [];
          const enough = new AbortController();
          await made.fit(data, {
            optimizer: library[net.optimizer]({ lr }),
            epochs,
            batchSize: net.batch,
            validation,
            metrics: ["accuracy"],
            signal: enough.signal,
            callbacks: [
              {
                onEpochEnd({ validation: { accuracy } }) {
                  accuracies.push(accuracy);
                  if (accuracy >= target) enough.abort();
                },
              },
            ],
          });
          return accuracies;
        },
      };
    },
  };
}
