// The lesson at the place that the page asks for: goes there in the worker, and shows it in the next picture.

import { useEffect, useRef, useState } from "preact/hooks";
import { nextPicture } from "../shared/picture.ts";
import { Lesson, type Place, type Snapshot } from "./lesson.ts";

interface Shown {
  readonly snapshot?: Snapshot;
  readonly error?: unknown;
}

/** The newest that there is; of places asked for meanwhile only the last is gone to. */
export function useLesson(place: Place): Shown {
  const [shown, setShown] = useState<Shown>({});
  const lesson = useRef<Lesson>(undefined);
  const under = useRef(false);
  const newest = useRef(place);
  newest.current = place;

  useEffect(() => {
    async function follow(): Promise<void> {
      lesson.current ??= new Lesson();
      let goal: Place;
      do {
        goal = newest.current;
        try {
          const snapshot = await lesson.current.at(goal);
          await nextPicture();
          setShown({ snapshot });
        } catch (error) {
          setShown(({ snapshot }) => ({ ...(snapshot && { snapshot }), error }));
        }
      } while (!isAt(goal, newest.current));
      under.current = false;
    }
    if (under.current) return;
    under.current = true;
    follow();
  }, [place.seed, place.rate, place.step]);
  return shown;
}

export function isAt(a: Place, b: Place): boolean {
  return a.seed === b.seed && a.rate === b.rate && a.step === b.step;
}
