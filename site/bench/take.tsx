// Takes the figures away: into the clipboard, or as a file.

import { useEffect, useState } from "preact/hooks";
import { Button } from "../shared/controls.tsx";
import { inWords } from "../shared/problem.tsx";

/** @param json  undefined while there is nothing to take */
export function Take({ json }: { readonly json: (() => string) | undefined }) {
  const [said, setSaid] = useState("");
  const nothing = json === undefined;
  // what was said is of the run before
  useEffect(() => setSaid(""), [nothing]);
  const copy = async (): Promise<void> => {
    if (json === undefined) return;
    try {
      await navigator.clipboard.writeText(json());
      setSaid("Copied.");
    } catch (error) {
      setSaid(`The browser refused the clipboard (${inWords(error)}); download the file instead.`);
    }
  };
  const download = (): void => {
    if (json === undefined) return;
    const url = URL.createObjectURL(new Blob([json()], { type: "application/json" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = "xent-bench.json";
    link.click();
    URL.revokeObjectURL(url);
    setSaid("Downloaded.");
  };
  return (
    <div class="row take">
      <span role="status">{said}</span>
      <Button small onClick={() => void copy()} disabled={nothing}>
        Copy as JSON
      </Button>
      <Button small onClick={download} disabled={nothing}>
        Download JSON
      </Button>
    </div>
  );
}
