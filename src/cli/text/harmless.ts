// Names and values from a file as a terminal may show them.

/** A text from a file, such as the name of a column, without what steers a terminal. */
export function harmless(text: string): string {
  return text.replace(STEERING, "·");
}

/** Control characters, line ends, and those that turn the direction of writing. */
const STEERING = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
