// Safetensors files by hand: a header as it stands; and the names that none may have.

/** A file with this header, as it stands, and `data` bytes behind it. */
export function file(header: string | Uint8Array, data = 0): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

export const tensor = (dtype: string, shape: string, offsets: string): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

/** By hand: what every object has, and what every class has. */
export const DANGEROUS = [
  ...["__proto__", "constructor", "prototype", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable"],
  ...["toLocaleString", "toString", "valueOf", "__defineGetter__", "__defineSetter__"],
  ...["__lookupGetter__", "__lookupSetter__"],
];
