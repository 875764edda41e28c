// The buttons that drive a run, and the link to where it stands.

import { useState } from "preact/hooks";
import { Button, Choice } from "../shared/controls.tsx";
import { number } from "../shared/format.ts";
import { Problem } from "../shared/problem.tsx";
import { linkable, PACES, type Pace } from "./settings.ts";
import type { Report, Trainer } from "./trainer.ts";

interface BarProps {
  readonly report: Report;
  readonly trainer: Trainer | undefined;
  readonly pace: Pace;
  readonly onPace: (pace: Pace) => void;
  /** to what is seen now */
  readonly link: () => string;
}

export function Bar({ report: { doing, picture }, trainer, pace, onPace, link }: BarProps) {
  const training = doing === "training";
  const still = doing !== "waiting";
  return (
    <div class="bar">
      <div class="row">
        <Button
          primary
          disabled={doing === "failed"}
          onClick={() => (training ? trainer?.pause() : trainer?.train())}
        >
          {training ? "Pause" : "Train"}
        </Button>
        <Button disabled={still} onClick={() => trainer?.step()}>
          Step
        </Button>
        <Button disabled={still} onClick={() => trainer?.epoch()}>
          Epoch
        </Button>
        <Button onClick={() => trainer?.startOver()}>Start over</Button>
      </div>
      <Choice
        label="Pace"
        options={PACES.map((value) => ({ value, text: TEXTS[value] }))}
        value={pace}
        onChange={onPace}
      />
      <CopyLink link={link} steps={picture?.steps ?? 0} />
    </div>
  );
}

const TEXTS: { readonly [K in Pace]: string } = {
  slow: "10 steps/s",
  steady: "60 steps/s",
  full: "Full speed",
};

function CopyLink({ link, steps }: { readonly link: () => string; readonly steps: number }) {
  const [said, setSaid] = useState<string>();
  const [refused, setRefused] = useState<unknown>();
  const copy = async (): Promise<void> => {
    setRefused(undefined);
    try {
      const text = link();
      await navigator.clipboard.writeText(text);
      setSaid(`Link to step ${number(linkable(steps))} copied.`);
    } catch (error) {
      setSaid(undefined);
      setRefused(error);
    }
  };
  return (
    <div class="link">
      <Button onClick={copy}>Copy link</Button>
      <span class="note" role="status">
        {said}
      </span>
      <Problem
        error={refused}
        start="The link could not be copied; it stands in the address bar once you pause."
      />
    </div>
  );
}
