// The safetensors format, read by its description alone: what JSON.parse makes of the header, and a number at a time. It
// takes files that are right; it refuses nothing.

/** Numbers of a tensor, as f64 or, of 64-bit integers, as bigint. */
export interface ReadTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly (number | bigint)[];
}

const READ: Readonly<Record<string, [bytes: number, get: (view: DataView, at: number) => number | bigint]>> =
  {
    BOOL: [1, (v, at) => v.getUint8(at)],
    U8: [1, (v, at) => v.getUint8(at)],
    I8: [1, (v, at) => v.getInt8(at)],
    U16: [2, (v, at) => v.getUint16(at, true)],
    F16: [2, (v, at) => v.getUint16(at, true)],
    BF16: [2, (v, at) => v.getUint16(at, true)],
    I16: [2, (v, at) => v.getInt16(at, true)],
    U32: [4, (v, at) => v.getUint32(at, true)],
    I32: [4, (v, at) => v.getInt32(at, true)],
    F32: [4, (v, at) => v.getFloat32(at, true)],
    F64: [8, (v, at) => v.getFloat64(at, true)],
    U64: [8, (v, at) => v.getBigUint64(at, true)],
    I64: [8, (v, at) => v.getBigInt64(at, true)],
  };

export function readSafetensors(bytes: Uint8Array): {
  header: string;
  tensors: Map<string, ReadTensor>;
  metadata: Map<string, string>;
} {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  const tensors = new Map<string, ReadTensor>();
  let metadata = new Map<string, string>();
  for (const [name, value] of Object.entries(JSON.parse(header)) as [string, never][]) {
    if (name === "__metadata__") {
      metadata = new Map(Object.entries(value as Record<string, string>));
      continue;
    }
    const { dtype, shape, data_offsets } = value as {
      dtype: string;
      shape: number[];
      data_offsets: [number, number];
    };
    const [size, get] = READ[dtype] as (typeof READ)[string];
    const [begin, end] = data_offsets;
    const values = Array.from({ length: (end - begin) / size }, (_, i) =>
      get(view, 8 + length + begin + i * size),
    );
    tensors.set(name, { dtype, shape, values });
  }
  return { header, tensors, metadata };
}
