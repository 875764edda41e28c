// What a build says of itself.

/** First byte after the build's constants; the host's arena begins at or above it. */
export function heapBase(): usize {
  return __heap_base;
}

/** Whether relaxed SIMD was enabled at compile time. */
export function relaxed(): bool {
  return ASC_FEATURE_RELAXED_SIMD;
}

/** Whether it runs with other threads, on a shared memory. */
export function threads(): bool {
  return ASC_FEATURE_THREADS;
}
