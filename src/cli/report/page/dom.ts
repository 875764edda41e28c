// Elements made by DOM calls. Texts of a report become text nodes and attributes, and are never read as HTML.

type Child = Node | string | null | undefined;

/** An element with attributes and children; texts become text nodes. */
export function el(
  tag: string,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElement {
  return filled(document.createElement(tag), attributes, children);
}

/** The same of SVG. */
export function svg(
  tag: string,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly Child[]
): SVGElement {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/** A name from the data: whatever directions its letters have, those around it keep theirs. */
export function name(text: string): HTMLElement {
  return el("bdi", { title: text }, text);
}

/** A section with its heading, and a line of explanation. */
export function section(
  id: string,
  title: string,
  note: string | null,
  ...children: readonly Child[]
): HTMLElement {
  const heading = el("h2", { id: `${id}-title` }, title);
  const lede = note === null ? null : el("p", { class: "note" }, note);
  return el(
    "section",
    { id, "aria-labelledby": `${id}-title` },
    el("header", {}, heading, lede),
    ...children,
  );
}

/** What may be wider than the page: it scrolls within its box, by keys too. */
export function scrolling(label: string, ...children: readonly Child[]): HTMLElement {
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, ...children);
}

/** A table with a caption; cells that are texts become cells of text. */
export function table(
  caption: string,
  heads: readonly Child[],
  rows: readonly (readonly Child[])[],
  kind = "",
): HTMLElement {
  return el(
    "table",
    { class: kind },
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map(cell)))),
  );
}

function cell(child: Child): Node {
  return child instanceof HTMLTableCellElement ? child : el("td", {}, child);
}

function filled<E extends Element>(
  element: E,
  attributes: Readonly<Record<string, string>>,
  children: readonly Child[],
): E {
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  for (const child of children) if (child !== null && child !== undefined) element.append(child);
  return element;
}
