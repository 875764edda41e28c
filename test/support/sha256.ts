// SHA-256 on every host: the same file runs in Node, in other engines and on pages.

/** As hex, of all parts one behind the other. */
export async function sha256(
  ...parts: readonly (Uint8Array | Float32Array | Float64Array)[]
): Promise<string> {
  const bytes = await new Blob([...parts] as BlobPart[]).arrayBuffer();
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
