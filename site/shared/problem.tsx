// An error in words. Those of xent say what was expected, what came, and what to do.

import { XentError } from "xent";

/** What is undefined, and an abort that somebody asked for, is no problem: nothing is shown. */
export function Problem({ error, start }: { readonly error: unknown; readonly start?: string | undefined }) {
  if (error === undefined || error === null) return null;
  return (
    <p class="problem" role="alert">
      {start !== undefined && `${start} `}
      {inWords(error)}
    </p>
  );
}

/** What an address says and the page cannot show, as `useUrlState` tells it. */
export function Ignored({ parts }: { readonly parts: readonly string[] }) {
  return <Problem error={parts.length > 0 ? `Left out of the address: ${parts.join("; ")}.` : undefined} />;
}

/** The message of an error, as a sentence for people who did not write the page. */
export function inWords(error: unknown): string {
  if (error instanceof XentError && error.code === "UNSUPPORTED")
    return `This browser cannot run xent: ${error.message}`;
  // its hint is for who writes a page
  if (error instanceof XentError && error.code === "WORKER_LOST")
    return `${error.message.slice(0, -error.hint.length)}Start again, or load the page anew.`;
  const text = error instanceof Error ? error.message : String(error);
  return text === "" ? "Something went wrong, and the browser does not say what." : text;
}
