// Takes the figures away: into the clipboard, or as a file.

import { Button } from "../shared/controls.tsx";
import { Copy } from "../shared/copy.tsx";

/** @param json  undefined while there is nothing to take */
export function Take({ json }: { readonly json: (() => string) | undefined }) {
  const nothing = json === undefined;
  const text = json ?? (() => "");
  const download = (): void => {
    const url = URL.createObjectURL(new Blob([text()], { type: "application/json" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = "xent-bench.json";
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <div class="row take">
      <Copy text={text} disabled={nothing} refused="The browser refuses to copy; download the file instead.">
        Copy as JSON
      </Copy>
      <Button small onClick={download} disabled={nothing}>
        Download JSON
      </Button>
    </div>
  );
}
