// A button that puts a text on the clipboard, and says so.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button } from "./controls.tsx";

interface CopyProps {
  /** asked for when the button is pressed */
  readonly text: () => string;
  readonly children: ComponentChildren;
  readonly disabled?: boolean;
}

/** How long it says so. */
const SHOWN_MS = 2000;

export function Copy({ text, children, disabled }: CopyProps) {
  const [told, setTold] = useState("");
  useEffect(() => {
    if (told === "") return;
    const timer = setTimeout(() => setTold(""), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [told]);
  const copy = () =>
    navigator.clipboard === undefined
      ? setTold("Not allowed here")
      : navigator.clipboard.writeText(text()).then(
          () => setTold("Copied"),
          () => setTold("Not allowed here"),
        );
  return (
    <span class="copy">
      <Button small disabled={disabled ?? false} onClick={copy}>
        {children}
      </Button>
      <span class="told" role="status">
        {told}
      </span>
    </span>
  );
}
