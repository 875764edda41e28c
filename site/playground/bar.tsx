// The buttons that drive a run, and the link to where it stands.

import { Button, Choice } from "../shared/controls.tsx";
import { Copy } from "../shared/copy.tsx";
import { number } from "../shared/format.ts";
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
      <Copy
        small={false}
        text={link}
        done={() => `Link to step ${number(linkable(picture?.steps ?? 0))} copied.`}
        refused="The browser refuses to copy. The link stands in the address bar once you pause."
      >
        Copy link
      </Copy>
    </div>
  );
}

const TEXTS: { readonly [K in Pace]: string } = {
  slow: "10 steps/s",
  steady: "60 steps/s",
  full: "Full speed",
};
