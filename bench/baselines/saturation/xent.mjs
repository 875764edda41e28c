// What xent does with the same logits, by its public API alone, from the library as built at the root.

import { existsSync, readFileSync } from "node:fs";

const BUILT = new URL("../../../dist/index.js", import.meta.url);

/**
 * One dense layer with x = 1 and a bias of 0, whose weights are the logits: the gradient of the bias is that of the
 * logits.
 *
 * @returns {Promise<import("./ways.mjs").Way[]>} none if the library is not built
 */
export async function xentRows() {
  if (!existsSync(BUILT)) return [];
  const { bceWithLogits, crossEntropy, dataset, dense, init, quadratic, sigmoid } = await import(BUILT.href);
  const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  const xent = await init();
  const way = (kind, writes, loss, behind = [], quadratic = false) => ({
    system: "xent",
    version,
    kind,
    writes,
    quadratic,
    async run(logits, target) {
      const outputs = logits.length;
      const model = xent.sequential({ input: 1, loss }, [dense(outputs), ...behind]);
      model.loadStateDict({
        "0.weight": { shape: [outputs, 1], data: Float32Array.from(logits) },
        "0.bias": { shape: [outputs], data: new Float32Array(outputs) },
      });
      const batch = { x: Float32Array.of(1), y: [target] };
      const gradient = [...model.gradients(batch)["0.bias"].data];
      const { loss: value } = await model.evaluate(dataset({ ...batch, features: 1 }));
      model.dispose();
      return { loss: value, gradient };
    },
  });
  return [
    way("softmax", "dense(2), loss: crossEntropy()", crossEntropy()),
    way("binary", "dense(1), loss: bceWithLogits()", bceWithLogits()),
    way("binary", "dense(1), sigmoid(), loss: quadratic()", quadratic(), [sigmoid()], true),
  ];
}
