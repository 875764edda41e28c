// A React component that trains a small net in a worker: the page stays free, and shows the loss of each epoch.

import { useEffect, useState } from "react";
import { adam, crossEntropy, dataset, dense, hosted, relu } from "xent";

/** Three arms of a spiral. */
const data = dataset({
  x: Array.from({ length: 3000 }, (_, i) => {
    const [radius, angle] = [i / 3000, i / 750 + ((i % 3) * 2 * Math.PI) / 3];
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  }),
  y: Array.from({ length: 3000 }, (_, i) => i % 3),
});

async function train(signal: AbortSignal, show: (line: string) => void): Promise<void> {
  const xent = await hosted();
  try {
    const layers = [dense(32), relu(), dense(32), relu(), dense(3)];
    const model = await xent.sequential({ input: 2, seed: 1 }, layers);
    await model.fit(data, {
      loss: crossEntropy(),
      optimizer: adam({ lr: 0.01 }),
      epochs: 40,
      batchSize: 32,
      signal,
      callbacks: [{ onEpochEnd: ({ epoch, loss }) => show(`epoch ${epoch}: loss ${loss.toFixed(4)}\n`) }],
    });
  } finally {
    await xent.dispose();
  }
}

export function Trainer() {
  const [run, setRun] = useState<AbortController>();
  const [text, setText] = useState("");

  // when the component goes: an aborted run ends, and disposes of its runtime
  useEffect(() => () => run?.abort(), [run]);

  const start = async () => {
    const next = new AbortController();
    setRun(next);
    setText("");
    await train(next.signal, (line) => setText((text) => text + line)).finally(() => setRun(undefined));
  };

  return (
    <section>
      <button type="button" disabled={run !== undefined} onClick={start}>
        Train
      </button>
      <button type="button" disabled={run === undefined} onClick={() => run?.abort()}>
        Stop
      </button>
      <pre>{text}</pre>
    </section>
  );
}
