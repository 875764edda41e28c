// A button that puts a text on the clipboard, and says so.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button } from "./controls.tsx";

interface CopyProps {
  /** asked for when the button is pressed */
  readonly text: () => string;
  readonly children: ComponentChildren;
  readonly disabled?: boolean;
  readonly small?: boolean;
  /** what it says then */
  readonly done?: () => string;
  /** what it says where a page may not copy */
  readonly refused?: string;
}

/** How long it says so: as long as it takes to read. */
const [LEAST_MS, LETTER_MS] = [2000, 70];

export function Copy({
  text,
  children,
  disabled = false,
  small = true,
  done = () => "Copied",
  refused = "Not allowed here",
}: CopyProps) {
  const [told, setTold] = useState("");
  useEffect(() => {
    if (told === "") return;
    const timer = setTimeout(() => setTold(""), Math.max(LEAST_MS, LETTER_MS * told.length));
    return () => clearTimeout(timer);
  }, [told]);
  const copy = () => {
    const said = done();
    // over http there is no clipboard
    if (navigator.clipboard === undefined) return setTold(refused);
    return navigator.clipboard.writeText(text()).then(
      () => setTold(said),
      () => setTold(refused),
    );
  };
  return (
    <span class="copy">
      <Button small={small} disabled={disabled} onClick={copy}>
        {children}
      </Button>
      <span class="told" role="status">
        {told}
      </span>
    </span>
  );
}
