// Going through the epochs of a run: by itself, by a slider, or one by one.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button, Slider } from "../shared/controls.tsx";
import { count } from "../shared/format.ts";

/** A whole run is played in this time, whatever its length. */
const WHOLE_MS = 9000;
/** For who wants no motion: so many pictures of a run, each standing still. */
const STILLS = 12;

interface PlaybackProps {
  readonly epoch: number;
  readonly epochs: number;
  readonly go: (epoch: number) => void;
}

export function Playback({ epoch, epochs, go }: PlaybackProps) {
  const [playing, setPlaying] = useState(false);
  const now = useRef({ epoch, epochs, go });
  now.current = { epoch, epochs, go };

  // ends with the picture in which it is ended: a frame more would undo where a click has gone
  useLayoutEffect(() => {
    if (!playing) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    const began = performance.now();
    const from = now.current.epoch;
    let frame = requestAnimationFrame(function next(time) {
      const { epochs, go } = now.current;
      const stride = still.matches ? Math.ceil(epochs / STILLS) : 1;
      const at = from + (Math.max(0, time - began) / WHOLE_MS) * epochs;
      go(Math.min(epochs, from + Math.floor((at - from) / stride) * stride));
      if (at < epochs) frame = requestAnimationFrame(next);
      else {
        go(epochs);
        setPlaying(false);
      }
    });
    return () => cancelAnimationFrame(frame);
  }, [playing]);

  const play = () => {
    if (!playing && epoch === epochs) go(0);
    setPlaying(!playing);
  };
  const still = (to: number) => {
    setPlaying(false);
    go(to);
  };
  return (
    <div class="playback">
      <div class="row">
        <Button primary onClick={play}>
          {playing ? "Pause" : "Play"}
        </Button>
        <Button label="To the start" disabled={epoch === 0} onClick={() => still(0)}>
          <Sign d="M3 3v10M13 3 6 8l7 5z" />
        </Button>
        <Button label="One epoch back" disabled={epoch === 0} onClick={() => still(epoch - 1)}>
          <Sign d="M11 3 4 8l7 5z" />
        </Button>
        <Button label="One epoch on" disabled={epoch === epochs} onClick={() => still(epoch + 1)}>
          <Sign d="M5 3l7 5-7 5z" />
        </Button>
      </div>
      <Slider
        label="Epoch"
        value={epoch}
        min={0}
        max={epochs}
        step={1}
        onChange={still}
        format={(value) => `${value} of ${count(epochs, "epoch")}`}
      />
    </div>
  );
}

function Sign({ d }: { readonly d: string }) {
  return (
    <svg class="sign" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={d} />
    </svg>
  );
}
