// A box with a heading, and a few figures beside each other.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface PanelProps {
  readonly title: string;
  /** at the right of the heading */
  readonly aside?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Panel({ title, aside, class: kind = "", children }: PanelProps) {
  const id = useId();
  return (
    <section class={`panel ${kind}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div class="note">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

export interface Fact {
  readonly name: string;
  readonly value: ComponentChildren;
  readonly accent?: boolean;
}

/** @param small  as text, rather than as large numbers */
export function Facts({
  facts,
  small = false,
}: {
  readonly facts: readonly Fact[];
  readonly small?: boolean;
}) {
  return (
    <dl class={small ? "facts small" : "facts"}>
      {facts.map(({ name, value, accent = false }) => (
        <div key={name} class={accent ? "accent" : ""}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
