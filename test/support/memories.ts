// Watches which WebAssembly memories are made.

/** Runs `work` and returns the size in bytes of every memory that was made meanwhile. */
export async function memoriesMade(work: () => unknown): Promise<number[]> {
  const sizes: number[] = [];
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      sizes.push(this.buffer.byteLength);
    }
  };
  try {
    await work();
  } finally {
    WebAssembly.Memory = Memory;
  }
  return sizes;
}
