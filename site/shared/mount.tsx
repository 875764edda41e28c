// Puts a page's content into its place, and says in words what went wrong, wherever it did.

import { type ComponentType, render } from "preact";
import { useEffect, useErrorBoundary, useState } from "preact/hooks";
import { Problem } from "./problem.tsx";

/** Renders into `#app`. */
export function mount(Content: ComponentType): void {
  const place = document.getElementById("app");
  if (place !== null) render(<Page content={Content} />, place);
}

function Page({ content: Content }: { readonly content: ComponentType }) {
  const [broken] = useErrorBoundary();
  const [lost, setLost] = useState<unknown>();
  useEffect(() => {
    // what no part of the page has caught; the console has it too
    const failed = ({ error }: ErrorEvent) => setLost(error);
    const rejected = ({ reason }: PromiseRejectionEvent) => setLost(reason);
    addEventListener("error", failed);
    addEventListener("unhandledrejection", rejected);
    return () => {
      removeEventListener("error", failed);
      removeEventListener("unhandledrejection", rejected);
    };
  }, []);
  return (
    <>
      <Problem error={broken ?? lost} />
      {broken === undefined && <Content />}
    </>
  );
}
