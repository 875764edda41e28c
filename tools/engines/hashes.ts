// Bundled, and run by an engine in a project that has installed xent: the hash of 200 training steps in both precisions, on
// several numbers of threads and hosted, as one line of JSON. Nothing is disposed of: the process must end all the same.

import { hosted, init } from "xent";
import { LAYERS, OPTIONS, trainedHash } from "../../test/support/trained-hash.ts";

/** What a child says: a hash of each runtime, by how it was made. */
export type Hashes = readonly { readonly runtime: string; readonly fused: boolean; readonly hash: string }[];

const hashes: Hashes[number][] = [];
for (const precision of ["strict", "fast"] as const) {
  for (const threads of [1, 2, 3]) {
    const xent = await init({ precision, threads });
    const runtime = `${precision}, threads: ${threads}`;
    if (xent.info.threads !== threads) throw new Error(`${runtime}: ${xent.info.reasons.at(-1)}`);
    const hash = await trainedHash(xent.sequential(OPTIONS, LAYERS));
    hashes.push({ runtime, fused: xent.info.fused, hash });
  }
  const far = await hosted({ precision });
  const hash = await trainedHash(await far.sequential(OPTIONS, LAYERS));
  hashes.push({ runtime: `${precision}, hosted`, fused: far.info.fused, hash });
}
console.log(JSON.stringify(hashes satisfies Hashes));
