// Which digits of MNIST the page has. Read by the build, which takes them, and by the page, which says so.

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;

/** Of one half of MNIST: every so many, so that both kinds of writers are among them. */
export interface Subset {
  readonly rows: number;
  readonly every: number;
  readonly of: number;
}

export const TRAIN: Subset = { rows: 20_000, every: 3, of: 60_000 };
export const TEST: Subset = { rows: 2_000, every: 5, of: 10_000 };
