// What a file may ask for at most, in one place: more is refused before anything is made of it. Far above what any net needs,
// and such that a file within these limits is read in a time and a memory in proportion to its length.

/** Of a safetensors file. Those of a text count UTF-16 units, as JavaScript does. */
export const LIMITS = {
  /** bytes of the header; the format's own limit */
  header: 100_000_000,
  /** the same of a gzipped file, whose header may be a thousandth of it on the way */
  gzippedHeader: 2 ** 24,
  tensors: 100_000,
  /** dimensions of a tensor; PyTorch and NumPy have 64 */
  rank: 64,
  /** the name of a tensor, or a key of the metadata */
  name: 1024,
  /** entries of the metadata */
  entries: 10_000,
  /** one of its values */
  value: 2 ** 25,
  /** how deep arrays and objects of JSON stand in each other */
  depth: 64,
  /** of a model, those in residual blocks among them */
  layers: 100_000,
} as const;

/**
 * Whether a name means something to every object of JavaScript: `__proto__`, `constructor`, `toString` and all else that
 * `Object.prototype` has, and `prototype`. As a tensor's name or a key they would be innocent here, where maps hold them; they are refused
 * for whoever makes objects of them later.
 */
export function isDangerous(name: string): boolean {
  return name === "prototype" || Object.hasOwn(Object.prototype, name);
}
