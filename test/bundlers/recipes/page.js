// A plain page, without any tool: trains a small net in a worker, shows the loss of each epoch, and can be stopped.

import { adam, crossEntropy, dataset, dense, hosted, relu } from "xent";

const [train, stop, losses] = ["train", "stop", "losses"].map((id) => document.getElementById(id));

// three arms of a spiral
const data = dataset({
  x: Array.from({ length: 3000 }, (_, i) => {
    const [radius, angle] = [i / 3000, i / 750 + ((i % 3) * 2 * Math.PI) / 3];
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  }),
  y: Array.from({ length: 3000 }, (_, i) => i % 3),
});

train.onclick = async () => {
  const run = new AbortController();
  stop.onclick = () => run.abort();
  losses.replaceChildren();
  [train.disabled, stop.disabled] = [true, false];
  const xent = await hosted();
  try {
    const layers = [dense(32), relu(), dense(32), relu(), dense(3)];
    const model = await xent.sequential({ input: 2, seed: 1 }, layers);
    await model.fit(data, {
      loss: crossEntropy(),
      optimizer: adam({ lr: 0.01 }),
      epochs: 40,
      batchSize: 32,
      signal: run.signal,
      callbacks: [
        { onEpochEnd: ({ epoch, loss }) => losses.append(`epoch ${epoch}: loss ${loss.toFixed(4)}\n`) },
      ],
    });
  } finally {
    await xent.dispose();
    [train.disabled, stop.disabled] = [false, true];
  }
};
