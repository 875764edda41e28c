// The formats that are fuzzed: test/fuzz/<format>.ts exports the target of each.

/** Where the target of a format is. */
export const targetOf = (format: string): URL => new URL(`${format}.ts`, import.meta.url);

export const FORMATS: readonly string[] = ["csv", "safetensors", "npy", "idx"];
