// The only place where threads meet. All of them are in the same run of the same program; the words they meet at stand in
// its hyper region. Compiled in builds with threads alone.

import { CREW_ARRIVED, CREW_AWAITED, CREW_GENERATION, CREW_POISONED, CREW_SLEEPERS } from "../src/base/abi";

/** The others are there. */
export const MET: i32 = 0;
/** Some are not, and the time is over. */
export const STALLED: i32 = 1;
/** They will not come any more. */
export const POISONED: i32 = 2;

/**
 * Looks at the generation before a thread sleeps: some 0.3 ms. Threads that share a program have nearly equal shares, and
 * waking one that sleeps takes 50 µs.
 */
const LOOKS: i32 = 400_000;
/** Nanoseconds that thread 0 sleeps before it lets its host look around. */
const LIMIT: i64 = 100_000_000;

/** Counts a thread in; the last one opens the barrier. A thread that only has to be counted need not wait. */
export function arrive(hyper: usize, threads: i32): bool {
  if (atomic.add<i32>(hyper, 1, CREW_ARRIVED) != threads - 1) return false;
  atomic.store<i32>(hyper, 0, CREW_ARRIVED);
  atomic.add<i32>(hyper, 1, CREW_GENERATION);
  // one that is about to sleep has counted itself before it looks at the generation for the last time
  if (atomic.load<i32>(hyper, CREW_SLEEPERS) != 0) atomic.notify(hyper + CREW_GENERATION, -1);
  return true;
}

/** Waits for all threads. Thread 0 gives up after LIMIT, and may go on with `wait`. */
export function meet(hyper: usize, thread: i32, threads: i32): i32 {
  const generation = atomic.load<i32>(hyper, CREW_GENERATION);
  if (thread == 0) store<i32>(hyper, generation, CREW_AWAITED);
  if (arrive(hyper, threads)) return outcome(hyper);
  return wait(hyper, generation, thread);
}

/** Waits until `generation` is over. */
export function wait(hyper: usize, generation: i32, thread: i32): i32 {
  // told before the generation was raised, and so before this thread read it, perhaps
  if (atomic.load<i32>(hyper, CREW_POISONED) != 0) return POISONED;
  for (let i = 0; i < LOOKS; i++) {
    if (atomic.load<i32>(hyper, CREW_GENERATION) != generation) return outcome(hyper);
  }
  const limit: i64 = thread == 0 ? LIMIT : -1;
  let late = false;
  atomic.add<i32>(hyper, 1, CREW_SLEEPERS);
  // the last to arrive at the barrier before may wake those at this one: it read that somebody sleeps only now
  while (!late && atomic.load<i32>(hyper, CREW_GENERATION) == generation) {
    // 2: the time is over
    late = atomic.wait<i32>(hyper + CREW_GENERATION, generation, limit) == 2;
  }
  atomic.sub<i32>(hyper, 1, CREW_SLEEPERS);
  return atomic.load<i32>(hyper, CREW_GENERATION) == generation ? STALLED : outcome(hyper);
}

function outcome(hyper: usize): i32 {
  return atomic.load<i32>(hyper, CREW_POISONED) != 0 ? POISONED : MET;
}
