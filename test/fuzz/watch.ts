// What a reader does to the thread that it runs in: bytes of arrays that it allocates, counted by proxies of their constructors,
// and prototypes that it changes. Strings and plain arrays are not counted; the heap's limit ends those.

const ARRAYS = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];
const BUFFERS = [ArrayBuffer, SharedArrayBuffer];

/** Bytes allocated since `reset`; an allocation that would go beyond `most` is not made. */
export const allocated = {
  bytes: 0,
  most: Number.POSITIVE_INFINITY,
  reset(most: number): void {
    this.bytes = 0;
    this.most = most;
  },
};

/** Puts the proxies in place of the constructors; what is imported later gets them. */
export function watchAllocations(): void {
  for (const Type of BUFFERS) replace(Type, (length) => Number(length ?? 0));
  for (const Type of ARRAYS) {
    replace(Type, (from) => {
      if (from instanceof ArrayBuffer || from instanceof SharedArrayBuffer) return 0;
      const list = typeof from === "object" && from !== null;
      return Type.BYTES_PER_ELEMENT * (list ? lengthOf(from) : Number(from ?? 0));
    });
  }
}

type Constructor = (typeof ARRAYS)[number] | (typeof BUFFERS)[number];

function replace(Type: Constructor, cost: (first: unknown) => number): void {
  const proxy = new Proxy<Constructor>(Type, {
    construct(target, args, newTarget) {
      const bytes = cost(args[0]);
      // NaN and negative lengths are for the constructor to refuse
      if (bytes > 0) allocated.bytes += bytes;
      if (allocated.bytes > allocated.most) throw new RangeError("more than this input may allocate");
      return Reflect.construct(target, args, newTarget);
    },
  });
  Object.defineProperty(globalThis, Type.name, { value: proxy, writable: true, configurable: true });
  // so that slice, map and filter find it
  Object.defineProperty(Type.prototype, "constructor", { value: proxy, writable: true, configurable: true });
}

/** Of an iterable its length is not known before it is walked: Sets and generators count 0. */
function lengthOf(list: object): number {
  return "length" in list ? Number(list.length) : 0;
}

const SHARED_BY_ALL: readonly (readonly [name: string, object: object])[] = [
  Object,
  Array,
  Function,
  String,
  Number,
  Boolean,
  Symbol,
  BigInt,
  Map,
  Set,
  WeakMap,
  Promise,
  RegExp,
  Date,
  Error,
  TypeError,
  RangeError,
  DataView,
  ArrayBuffer,
  Uint8Array,
  Float32Array,
  Float64Array,
  Object.getPrototypeOf(Uint8Array) as { readonly name: string; readonly prototype: object },
].map((owner) => [`${owner.name}.prototype`, owner.prototype as object]);

/** A function that names the prototypes that have changed since it was made, and `globalThis` if it has other names. */
export function watchPrototypes(): () => string[] {
  const look = (): [name: string, found: unknown[]][] => [
    ...SHARED_BY_ALL.map(([name, object]): [string, unknown[]] => [name, properties(object)]),
    // not the values: Node puts those of some in place when they are first asked for
    ["globalThis", Reflect.ownKeys(globalThis)],
  ];
  const before = look().map(([, found]) => found);
  return () =>
    look().flatMap(([name, now], i) => {
      const then = before[i] as unknown[];
      return now.length === then.length && now.every((each, k) => Object.is(each, then[k])) ? [] : [name];
    });
}

/** Names and values, or getters, of what an object has itself, and what it inherits from. */
function properties(object: object): unknown[] {
  const found: unknown[] = [Object.getPrototypeOf(object)];
  for (const key of Reflect.ownKeys(object)) {
    const { value, get, set } = Object.getOwnPropertyDescriptor(object, key) as PropertyDescriptor;
    found.push(key, value, get, set);
  }
  return found;
}
