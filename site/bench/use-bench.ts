// The worker that measures, as the page holds it: one for a run, with what it has said so far. The page is told once a frame.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Form } from "./cases.ts";
import type { At, Engine, Message, Order, Turn } from "./messages.ts";
import type { Circumstances } from "./results.ts";

export interface Bench {
  /** undefined until the worker has said */
  readonly engine: Engine | undefined;
  readonly phase: "idle" | "running" | "stopped" | "done";
  readonly turns: readonly Turn[];
  readonly at: At | undefined;
  /** of the last run */
  readonly form: Form;
  readonly date: Date;
  /** that it took */
  readonly seconds: number;
  readonly circumstances: Circumstances;
  readonly error: unknown;
}

const NONE: Bench = {
  engine: undefined,
  phase: "idle",
  turns: [],
  at: undefined,
  form: "quick",
  date: new Date(0),
  seconds: 0,
  circumstances: { hidden: false, battery: false },
  error: undefined,
};

export function useBench(): { bench: Bench; run(form: Form): void; stop(): void } {
  const [bench, setBench] = useState(NONE);
  const latest = useRef(NONE);
  const frame = useRef(0);
  const worker = useRef<Worker>(undefined);

  const change = (some: Partial<Bench>): void => {
    latest.current = { ...latest.current, ...some };
    if (frame.current !== 0) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      setBench(latest.current);
    });
  };
  const end = (some: Partial<Bench>): void => {
    worker.current?.terminate();
    worker.current = undefined;
    change({ ...some, at: undefined, seconds: (Date.now() - latest.current.date.getTime()) / 1000 });
  };
  const hear = (message: Message): void => {
    if (message.kind === "ready") change({ engine: message.engine });
    else if (message.kind === "at") change({ at: message.at });
    else if (message.kind === "turn") change({ turns: [...latest.current.turns, message.turn] });
    else if (message.kind === "done") end({ phase: "done" });
    else end({ phase: "stopped", turns: [], error: new Error(message.problem) });
  };
  const start = (): Worker => {
    const made = new Worker(new URL("./measure.worker.ts", import.meta.url), { type: "module" });
    // of one that was ended, something may still be on its way
    made.onmessage = ({ data }: MessageEvent<Message>) => {
      if (worker.current === made) hear(data);
    };
    made.onerror = (event) => {
      event.preventDefault();
      if (worker.current !== made) return;
      const problem = event.message || "its file could not be loaded; load the page again";
      end({ phase: "stopped", error: new Error(`The worker that measures has ended: ${problem}`) });
    };
    worker.current = made;
    return made;
  };

  useEffect(() => {
    start();
    const seen = (): void => {
      if (document.hidden && latest.current.phase === "running")
        change({ circumstances: { ...latest.current.circumstances, hidden: true } });
    };
    document.addEventListener("visibilitychange", seen);
    return () => {
      document.removeEventListener("visibilitychange", seen);
      cancelAnimationFrame(frame.current);
      worker.current?.terminate();
      worker.current = undefined;
    };
  }, []);

  return {
    bench,
    run(form) {
      const circumstances = { hidden: document.hidden, battery: false };
      const date = new Date();
      change({ phase: "running", form, date, turns: [], at: undefined, error: undefined, circumstances });
      const order: Order = { form };
      (worker.current ?? start()).postMessage(order);
      void onBattery().then((battery) => {
        if (battery && latest.current.date === date)
          change({ circumstances: { ...latest.current.circumstances, battery } });
      });
    },
    stop: () => end({ phase: "stopped" }),
  };
}

/** Whether the machine is known to run on its battery; only some browsers tell. */
async function onBattery(): Promise<boolean> {
  const { getBattery } = navigator as { getBattery?(): Promise<{ readonly charging: boolean }> };
  try {
    return (await getBattery?.call(navigator))?.charging === false;
  } catch {
    // a policy of the page's forbids it
    return false;
  }
}
