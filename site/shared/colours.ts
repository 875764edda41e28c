// The colours of the page, for what is drawn rather than styled.

import { useEffect, useState } from "preact/hooks";
import { type Colours, coloursNow, scheme } from "../../src/cli/report/page/charts.ts";

export type { Colours };

/** As they are now; changes with the reader's system. */
export function useColours(): Colours {
  const [colours, setColours] = useState(coloursNow);
  useEffect(() => {
    const change = () => setColours(coloursNow());
    scheme.addEventListener("change", change);
    return () => scheme.removeEventListener("change", change);
  }, []);
  return colours;
}
