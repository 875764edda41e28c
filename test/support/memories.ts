// Watches which WebAssembly memories are made, or refuses them as a host does that has no more.

/** Runs `work` and returns the size in bytes of every memory that was made meanwhile. */
export async function memoriesMade(work: () => unknown): Promise<number[]> {
  const sizes: number[] = [];
  const { Memory } = WebAssembly;
  await inItsPlace(work, (descriptor) => {
    const memory = new Memory(descriptor);
    sizes.push(memory.buffer.byteLength);
    return memory;
  });
  return sizes;
}

/** Runs `work` on a host that has no memory of more than `most` pages, and returns how many it refused. */
export async function memoriesRefused(work: () => unknown, most = 0): Promise<number> {
  let refused = 0;
  const { Memory } = WebAssembly;
  await inItsPlace(work, (descriptor) => {
    if (descriptor.initial <= most) return new Memory(descriptor);
    refused++;
    throw new RangeError("out of memory");
  });
  return refused;
}

async function inItsPlace(
  work: () => unknown,
  make: (descriptor: WebAssembly.MemoryDescriptor) => WebAssembly.Memory,
): Promise<void> {
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      // biome-ignore lint/correctness/noConstructorReturn: what is made stands for the real one
      return make(descriptor);
    }
  } as typeof Memory;
  try {
    await work();
  } finally {
    WebAssembly.Memory = Memory;
  }
}
