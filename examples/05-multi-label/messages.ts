// Messages to a help desk, made up: which tags each has, and its words as ones and zeros. A tag's words are likely in messages
// that have it, and no others know them well.

import { type Dataset, dataset } from "xent";
import { lot } from "../shared/random.ts";

export interface Tag {
  readonly name: string;
  /** share of messages that have it */
  readonly share: number;
  readonly words: readonly string[];
}

export const TAGS: readonly Tag[] = [
  { name: "billing", share: 0.4, words: ["invoice", "charge", "card", "price", "refund", "tax"] },
  { name: "bug", share: 0.25, words: ["error", "crash", "broken", "screen", "again", "since"] },
  { name: "shipping", share: 0.12, words: ["parcel", "address", "track", "box", "late", "courier"] },
  { name: "urgent", share: 0.05, words: ["today", "asap", "please", "waiting", "late", "again"] },
  { name: "legal", share: 0.03, words: ["contract", "privacy", "terms", "data", "delete", "tax"] },
];
const FILLERS = ["hello", "thanks", "account", "order", "app", "page", "team", "help", "email", "week"];
export const WORDS = [...new Set([...TAGS.flatMap(({ words }) => words), ...FILLERS])];

/** How likely a word is without a reason, and with each. */
const [BY_CHANCE, BY_TAG] = [0.06, 0.35];

export function messages(rows: number, seed: number): Dataset {
  const { uniform } = lot(seed);
  const x = new Float32Array(rows * WORDS.length);
  const y = new Float32Array(rows * TAGS.length);
  for (let row = 0; row < rows; row++) {
    const tags = TAGS.filter(({ share }, j) => {
      const has = uniform() < share;
      y[row * TAGS.length + j] = Number(has);
      return has;
    });
    for (const [j, word] of WORDS.entries()) {
      const reasons = tags.filter(({ words }) => words.includes(word)).length;
      const absent = (1 - BY_CHANCE) * (1 - BY_TAG) ** reasons;
      x[row * WORDS.length + j] = Number(uniform() >= absent);
    }
  }
  return dataset({ x, y, features: WORDS.length, classes: TAGS.map(({ name }) => name) });
}
