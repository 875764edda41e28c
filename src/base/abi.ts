// The binary contract between src/ and assembly/: op codes, record layout, flags, hyper region, tile.
// asc reads this very file, so it holds nothing but un-annotated integer constants.

// --- A record: 32 words of 4 bytes. Offsets are in bytes. ---
export const RECORD_BYTES = 128;
/** op code */
export const RECORD_OP = 0;
/** FLAG_* bits */
export const RECORD_FLAGS = 4;
/** p0…p7: operand addresses in bytes */
export const RECORD_P = 8;
/** d0…d5: dimensions in elements */
export const RECORD_D = 40;
/** s0…s7: strides in elements */
export const RECORD_S = 64;
/** f0…f7: f32 scalars */
export const RECORD_F = 96;

// --- Flags ---
/** every thread meets at a barrier after this record */
export const FLAG_BARRIER = 1;
/** dimension d0 (d1, d2) is the number of rows of the current batch, read from the hyper region */
export const FLAG_ROWS_D0 = 2;
export const FLAG_ROWS_D1 = 4;
export const FLAG_ROWS_D2 = 8;
/** sgemm: accumulators start from the bias row instead of +0 */
export const FLAG_BIAS = 16;
/** sgemm: max(·, 0) on the finished element */
export const FLAG_RELU = 32;
/** sgemm: threads share columns of C instead of rows */
export const FLAG_COLUMNS = 64;

// --- Ops ---
/** dst[i, :] ← src[index[first + i], :], 4-byte elements */
export const OP_GATHER = 1;
/** the same from bytes: dst ← scale·src + shift */
export const OP_GATHER_U8 = 2;
/** α·B → panels of TILE_N columns */
export const OP_PACK = 3;
/** C ← A·B (packed) + β·C, or + bias, then perhaps relu */
export const OP_SGEMM = 4;
export const OP_RELU_FORWARD = 5;
export const OP_RELU_BACKWARD = 6;
export const OP_SIGMOID_FORWARD = 7;
export const OP_SIGMOID_BACKWARD = 8;
export const OP_SOFTMAX_FORWARD = 9;
/** loss, gradient and hit of every row, from logits and class ids */
export const OP_SOFTMAX_CROSS_ENTROPY = 10;
/** row losses and hits → one sum each */
export const OP_LOSS_SUM = 11;
export const OP_COLUMN_SUMS = 12;
export const OP_SGD_STEP = 13;

// --- Hyper region: what the host writes before a run and reads after it. Offsets in bytes. ---
export const HYPER_BYTES = 64;
/** i32: rows of the current batch */
export const HYPER_ROWS = 0;
/** i32: where the batch begins in the index list, in elements */
export const HYPER_FIRST = 4;
/** f32: learning rate */
export const HYPER_LR = 8;
/** f32: what the loss gradient is multiplied by (1 / rows for a mean) */
export const HYPER_SCALE = 12;
/** f64: sum of the row losses; first word of the results */
export const HYPER_LOSS = 16;
/** i32: number of rows whose largest logit is the target's */
export const HYPER_HITS = 24;
export const RESULT_BYTES = 16;

// --- GEMM ---
/** rows and columns of C that one micro-kernel call computes */
export const TILE_M = 3;
export const TILE_N = 12;
/** depth of one pass over k: a KC × TILE_N panel of B (12 KB) stays in L1 */
export const GEMM_KC = 256;
/** rows of A that meet one panel before the next: MC × KC (120 KB) stays in L2 */
export const GEMM_MC = 120;
/** a thread's scratch for edge tiles: one tile of C and one row of bias, rounded up to a cache line */
export const SGEMM_SCRATCH_BYTES = 192;

// --- Shares: thread t of T gets units ⌊u·t/T⌋ … ⌊u·(t+1)/T⌋ of rows in grains of ROW_GRAIN, or of a flat
// array in grains of FLAT_GRAIN elements (a cache line). ---
export const ROW_GRAIN = 3;
export const FLAT_GRAIN = 16;

/** First byte of the arena: below it lie the build's constants (tools/build-wasm.ts checks that they fit). */
export const ARENA_BASE = 16384;
