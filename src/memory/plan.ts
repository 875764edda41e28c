// Lays out one linear memory before it exists: tensors are declared by region, then every address and the total
// size are known. Declares sizes; holds no data and no views.

import { ARENA_BASE } from "../base/abi.ts";
import { XentError } from "../base/errors.ts";

/**
 * Regions in address order. Those up to `grads` keep their addresses as long as the optimiser keeps its slots; the rest
 * are laid anew with every plan. What a step changes for good, params, slots and buffers, is one run of bytes.
 */
export const REGIONS = [
  "hyper",
  "params",
  "slots",
  "buffers",
  "snapshot",
  "grads",
  "program",
  "data",
  "batch",
  "activations",
  "scratch",
  "chunk",
] as const;
/** A part of a model's memory; `plan` says how large each is. */
export type Region = (typeof REGIONS)[number];

/** Size in bytes of each region, and their sum up to the end of the memory. */
export type RegionBytes = Record<Region | "total", number>;

/** A matrix in the arena: rows × cols elements, rows `ld` elements apart. Strides and sizes in elements. */
export interface Tensor {
  readonly name: string;
  readonly region: Region;
  readonly rows: number;
  readonly cols: number;
  readonly ld: number;
  /** bytes an element */
  readonly size: 1 | 4;
  /** bytes from the first element to the end of the last row, its padding included */
  readonly bytes: number;
  /** rows is a capacity: how many are in use is read from the hyper region at each run */
  readonly batch: boolean;
  /** holds something before the program runs: written by the host, or by an earlier run */
  readonly given: boolean;
  /** tensors of one group share their bytes; what one holds is lost when another is written */
  readonly group: string | undefined;
  /** first byte; known once the plan is laid out */
  address: number;
}

export interface TensorOptions {
  ld?: number;
  size?: 1 | 4;
  batch?: boolean;
  given?: boolean;
  group?: string;
}

/** Bytes are handed out in cache lines. */
const LINE = 64;
/** The largest memory WebAssembly has: 65,536 pages of 64 KiB. */
export const MOST_BYTES: number = 65536 * 65536;

const round = (n: number, unit: number): number => Math.ceil(n / unit) * unit;

/**
 * Row stride, in elements, of a matrix with `cols` columns: a multiple of 16 (a cache line), and not of 64, so
 * that the rows of a tall block do not all fall into the same few sets of the first-level cache: the GEMM reads a panel of
 * up to 256 rows in place, a line of each.
 */
export function leadingDimension(cols: number): number {
  const ld = round(cols, 16);
  return ld % 64 === 0 ? ld + 16 : ld;
}

/** A plan under construction. Declare tensors, then `layout()`, then read addresses. */
export class Plan {
  readonly tensors: Tensor[] = [];
  readonly #groups = new Map<string, Tensor[]>();
  #views: { tensor: Tensor; parent: Tensor; offset: number }[] = [];

  /** Declares a matrix of its own bytes, or of its group's. */
  tensor(region: Region, name: string, rows: number, cols: number, options: TensorOptions = {}): Tensor {
    const { ld = cols, size = 4, batch = false, given = false, group } = options;
    const bytes = cols === 0 ? 0 : rows * ld * size;
    const tensor: Tensor = { name, region, rows, cols, ld, size, bytes, batch, given, group, address: -1 };
    this.tensors.push(tensor);
    if (group !== undefined) {
      const mates = this.#groups.get(group);
      if (mates === undefined) this.#groups.set(group, [tensor]);
      else mates.push(tensor);
    }
    return tensor;
  }

  /** Declares a part of another tensor, `offset` bytes into it. */
  view(parent: Tensor, name: string, offset: number, rows: number, cols: number, ld: number): Tensor {
    const bytes = rows * ld * parent.size;
    if (offset + bytes > parent.bytes) throw new RangeError(`${name} does not lie in ${parent.name}`);
    const { region, size, given } = parent;
    const tensor: Tensor = {
      name,
      region,
      rows,
      cols,
      ld,
      size,
      bytes,
      batch: false,
      given,
      group: undefined,
      address: -1,
    };
    this.#views.push({ tensor, parent, offset });
    return tensor;
  }

  /** Gives every tensor its address and returns the size of each region in bytes. */
  layout(): RegionBytes {
    const sizes = { total: 0 } as RegionBytes;
    let end = ARENA_BASE;
    for (const region of REGIONS) {
      const start = end;
      const laid = new Set<string>();
      for (const tensor of this.tensors) {
        if (tensor.region !== region) continue;
        if (tensor.group === undefined) {
          tensor.address = end;
          end += round(tensor.bytes, LINE);
        } else if (!laid.has(tensor.group)) {
          laid.add(tensor.group);
          const mates = this.#groups.get(tensor.group) as Tensor[];
          for (const mate of mates) mate.address = end;
          end += round(Math.max(...mates.map((mate) => mate.bytes)), LINE);
        }
      }
      sizes[region] = end - start;
    }
    for (const { tensor, parent, offset } of this.#views) tensor.address = parent.address + offset;
    sizes.total = end;
    if (end > MOST_BYTES) {
      const largest = REGIONS.reduce((a, b) => (sizes[b] > sizes[a] ? b : a));
      throw new XentError(
        "TOO_LARGE",
        `plan: ${gib(end)} GiB are needed, most of it (${gib(sizes[largest])} GiB) for ${largest}; a WebAssembly memory holds 4 GiB`,
        "Use narrower layers or a smaller batchSize.",
      );
    }
    return sizes;
  }
}

/** GiB in three digits */
export const gib = (bytes: number): string => Number((bytes / 2 ** 30).toPrecision(3)).toLocaleString("en");
