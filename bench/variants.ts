// What is measured is a build with a tile, as it stands or widened by V8: a variant, and what each is called.

/** What `--build` takes; `wide` is the build relaxed, widened. */
export const BUILDS = ["simd", "relaxed", "wide"] as const;
export type BuildChoice = (typeof BUILDS)[number];

export interface Variant {
  readonly build: string;
  readonly tile: string;
  readonly wide: boolean;
  /** whether its multiply-add rounds once */
  readonly fused: boolean;
}

/** `relaxed 6x8`, `wide 6x16`, `simd wide 5x16` */
export function variantName({ build, tile, wide }: Pick<Variant, "build" | "tile" | "wide">): string {
  if (!wide) return `${build} ${tile}`;
  return build === "relaxed" ? `wide ${tile}` : `${build} wide ${tile}`;
}
