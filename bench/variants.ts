// What is measured is a build with a tile, as it stands or widened by V8, on a number of threads: a variant, and what each is
// called.

/** What `--build` takes; `wide` is the build relaxed, widened. */
export const BUILDS = ["simd", "relaxed", "wide"] as const;
export type BuildChoice = (typeof BUILDS)[number];

export interface Variant {
  readonly build: string;
  readonly tile: string;
  readonly wide: boolean;
  /** whether its multiply-add rounds once */
  readonly fused: boolean;
  readonly threads: number;
}

/** `relaxed 6x8`, `wide 6x16`, `simd wide 5x16`; of more than one thread `2 × relaxed 6x8` */
export function variantName({
  build,
  tile,
  wide,
  threads,
}: Pick<Variant, "build" | "tile" | "wide" | "threads">): string {
  const kind = !wide ? build : build === "relaxed" ? "wide" : `${build} wide`;
  return `${threads > 1 ? `${threads} × ` : ""}${kind} ${tile}`;
}
