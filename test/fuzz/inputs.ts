// What fuzz targets make their inputs of: parts that are odd now and then, bytes that are damaged, files that are gzipped.

import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { isGzip } from "../../src/base/gunzip.ts";
import { most } from "./harness.ts";

/** A part as it should be, or once in 25 times an odd one. */
export const rarely = <T, U>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<U>): fc.Arbitrary<T | U> =>
  fc.oneof({ weight: 24, arbitrary: usual }, { weight: 1, arbitrary: odd });

/** A share of a file's length. Not fc.double, which is even over bit patterns: nearly all of them lie next to 0. */
const place = (most: number): fc.Arbitrary<number> => fc.nat(9999).map((share) => (most * share) / 10_000);

type Damage = readonly [kind: "change" | "cut" | "insert" | "remove", at: number, bytes: Uint8Array];

/** The files, half of them as they are, others with one to three places changed, cut off, put in or left out. */
export function damaged(files: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const damage: fc.Arbitrary<Damage> = fc.tuple(
    fc.constantFrom("change", "change", "change", "change", "insert", "remove", "cut"),
    // near the beginning, where headers are, as often as anywhere; without fast-check's bias to 0, where all begin
    fc.noBias(fc.oneof(place(1), place(0.2))),
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
  );
  const damages = fc.oneof(fc.constant([]), fc.array(damage, { minLength: 1, maxLength: 3 }));
  return fc.tuple(files, damages).map(([file, list]) => list.reduce(apply, file));
}

function apply(file: Uint8Array, [kind, share, bytes]: Damage): Uint8Array {
  const at = Math.floor(share * file.length);
  if (kind === "cut") return file.slice(0, at);
  if (kind === "change") {
    const changed = file.slice();
    changed.set(bytes.subarray(0, file.length - at), at);
    return changed;
  }
  const rest = file.subarray(kind === "remove" ? at + bytes.length : at);
  return new Uint8Array([...file.subarray(0, at), ...(kind === "insert" ? bytes : []), ...rest]);
}

/** The files, a third of them gzipped, and some of these damaged once more. */
export function gzippedToo(files: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const packed = files.map((file) => new Uint8Array(gzipSync(file)));
  return fc.oneof(
    { weight: 8, arbitrary: files },
    { weight: 3, arbitrary: packed },
    { weight: 1, arbitrary: damaged(packed) },
  );
}

/** {@link most} of an input; where it is gzipped, that of what deflate can make of it: 1032 bytes of one. */
export const mostInflated = (input: Uint8Array): number =>
  isGzip(input) ? 8 * 1032 * input.length + 2 ** 20 : most(input);
