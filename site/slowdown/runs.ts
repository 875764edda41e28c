// Runs of the experiment, one after the other: of setups that change meanwhile the newest is trained next, the others never.

import { useEffect, useRef, useState } from "preact/hooks";
import { runtime } from "../shared/runtime.ts";
import { type Experiment, experiment, type Run, type Setup } from "./experiment.ts";

let made: Promise<Experiment> | undefined;

function started(): Promise<Experiment> {
  made ??= runtime()
    .then(experiment)
    .catch((error: unknown) => {
      made = undefined;
      throw error;
    });
  return made;
}

/** The newest run that has ended, and what went wrong. */
export function useRun(setup: Setup): { run: Run | undefined; error: unknown } {
  const [run, setRun] = useState<Run>();
  const [error, setError] = useState<unknown>();
  const wanted = useRef<Setup>(undefined);
  const busy = useRef(false);

  const work = async () => {
    busy.current = true;
    try {
      const train = await started();
      for (let next = wanted.current; next !== undefined; next = wanted.current) {
        wanted.current = undefined;
        setRun(await train(next));
        setError(undefined);
      }
    } catch (failure) {
      setError(failure);
    } finally {
      busy.current = false;
    }
  };

  const { weight, bias, target, lr, epochs } = setup;
  useEffect(() => {
    wanted.current = setup;
    if (!busy.current) void work();
  }, [weight, bias, target, lr, epochs]);
  return { run, error };
}
