// Names in a report: cut, so that a page has an end whatever a file calls its columns.

const MOST_LETTERS = 200;

/** At most so many letters of a text, and a mark where some are left out. */
export function cut(text: string, most = MOST_LETTERS): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
