// The binary contract between src/ and assembly/: op codes, record layout, flags, functions, hyper region, tile.
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
/** softCrossEntropy: the targets are class ids; otherwise rows of probabilities */
export const FLAG_IDS = 128;
/** rowHits: every output on its target's side of the cut; otherwise the first largest where the target's is */
export const FLAG_EACH = 256;
/** not worth sharing: thread 0 does it alone */
export const FLAG_ALONE = 512;
/** of the debug build with threads: the last thread waits, busily, until the word HYPER_GATE is not 0 */
export const FLAG_SPIN = 1024;
/** ops that leave a parameter's gradient: it is added to what stands there where HYPER_ADD is 1 */
export const FLAG_ADD = 2048;

// --- Ops. Codes below OP_DROPOUT have their case in `execute` of assembly/program.ts, those from it on in `layer` of the same file ---
/** dst[i, :] ← src[index[first + i], :], 4-byte elements */
export const OP_GATHER = 1;
/** the same from bytes: dst ← scale·src + shift */
export const OP_GATHER_U8 = 2;
/** α·B → panels as wide as a tile */
export const OP_PACK = 3;
/** C ← A·B (in place or packed) + β·C, or + bias, then perhaps relu */
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
export const OP_TANH_FORWARD = 14;
export const OP_TANH_BACKWARD = 15;
export const OP_LEAKY_RELU_FORWARD = 16;
export const OP_LEAKY_RELU_BACKWARD = 17;
export const OP_ELU_FORWARD = 18;
export const OP_ELU_BACKWARD = 19;
export const OP_GELU_FORWARD = 20;
export const OP_GELU_BACKWARD = 21;
export const OP_GELU_TANH_FORWARD = 22;
export const OP_GELU_TANH_BACKWARD = 23;
export const OP_SILU_FORWARD = 24;
export const OP_SILU_BACKWARD = 25;
export const OP_SOFTPLUS_FORWARD = 26;
export const OP_SOFTPLUS_BACKWARD = 27;
export const OP_SOFTMAX_BACKWARD = 28;
/** the cross entropy of a whole target distribution: probabilities, or class ids with smoothing */
export const OP_SOFT_CROSS_ENTROPY = 29;
export const OP_BCE_WITH_LOGITS = 30;
/** factor·(z − t)²: quadratic and mse */
export const OP_SQUARED_ERROR = 31;
export const OP_ABSOLUTE_ERROR = 32;
export const OP_HUBER_LOSS = 33;
/** whether a row of outputs names the class of its row of targets */
export const OP_ROW_HITS = 34;
/** SGD with momentum, Nesterov's too */
export const OP_MOMENTUM_STEP = 35;
/** Adam and AdamW */
export const OP_ADAM_STEP = 36;
export const OP_RMSPROP_STEP = 37;
export const OP_ADAGRAD_STEP = 38;
/** g ← clip·g held to ±v, + λ·p + l1·sign p */
export const OP_PREPARE_GRADIENT = 39;
/** sums of squares of blocks of SQUARES_BLOCK elements, in f64 */
export const OP_SQUARE_SUMS = 40;
/** those sums → what gradients are multiplied by to have no larger norm than is wanted, and the norm */
export const OP_CLIP_FACTOR = 41;
/** y ← x where chance keeps it, scaled, else 0; its own backward */
export const OP_DROPOUT = 50;
export const OP_BATCH_NORM_FORWARD = 51;
export const OP_BATCH_NORM_BACKWARD = 52;
/** running statistics ← a step towards those of the batch */
export const OP_BATCH_NORM_STATISTICS = 53;
/** y ← x by given statistics of columns */
export const OP_NORMALIZE = 54;
export const OP_NORMALIZE_BACKWARD = 55;
export const OP_LAYER_NORM_FORWARD = 56;
export const OP_LAYER_NORM_BACKWARD = 57;
export const OP_LAYER_NORM_PARAMETERS = 58;
export const OP_PRELU_FORWARD = 59;
export const OP_PRELU_BACKWARD = 60;
export const OP_PRELU_SLOPE = 61;
/** y ← a + b */
export const OP_ADD = 62;
/** done by the host, in JavaScript, between runs of the others: no build has a kernel for it */
export const OP_HOST = 70;

// --- Functions of vmath: y ← f(x), element by element ---
export const MATH_EXP = 0;
export const MATH_LOG = 1;
export const MATH_EXPM1 = 2;
export const MATH_LOG1P = 3;
export const MATH_TANH = 4;
export const MATH_ERF = 5;
export const MATH_SIGMOID = 6;
/** log1p for 0 ≤ x ≤ 1 only */
export const MATH_LOG1P_UNIT = 7;
/** exp for x ≤ 0 only */
export const MATH_EXP_NONPOSITIVE = 8;

// --- Hyper region: what the host writes before a run and reads after it, and where threads meet. Offsets in bytes. ---
/** i32: rows of the current batch */
export const HYPER_ROWS = 0;
/** i32: where the batch begins in the index list, in elements */
export const HYPER_FIRST = 4;
/** f32: learning rate */
export const HYPER_LR = 8;
/** f32: what the loss gradient is multiplied by (1 / rows for a plain mean) */
export const HYPER_SCALE = 12;
/** f64: sum of the row losses; first word of the results */
export const HYPER_LOSS = 16;
/** i32: number of rows whose largest logit is the target's */
export const HYPER_HITS = 24;
export const RESULT_BYTES = 16;
/** i32: see FLAG_SPIN */
export const HYPER_GATE = 32;
/**
 * f32, of the optimisers that know the step. Momentum: 0 in the first step and 1 later, of the buffer; 1 in the first step and
 * 1 − dampening later, of the gradient. Adam: lr·√(1 − β₂ᵗ) / (1 − β₁ᵗ), and √(1 − β₂ᵗ).
 */
export const HYPER_CORRECTION1 = 36;
export const HYPER_CORRECTION2 = 40;
/** i32: 1 when gradients are added to those of the batches before, 0 when they take their place */
export const HYPER_ADD = 44;
/** u32: batches that the model was trained on before this one; chance that differs from batch to batch is drawn by it */
export const HYPER_BATCH = 48;
/** f32: what the gradients are multiplied by to have no larger norm than is wanted; written by a record */
export const HYPER_CLIP = 52;
/** f64: the norm of the gradients before that; written by the same record */
export const HYPER_NORM = 56;
export const CLIP_BYTES = 12;
/** bytes of the words above */
export const HYPER_WORDS_BYTES = 64;
/** i32: threads that have come to the barrier; on a cache line of its own, as what follows is */
export const CREW_ARRIVED = 64;
/** i32: barriers passed; what the waiting look at */
export const CREW_GENERATION = 128;
/** i32: not 0 once a thread is lost: whoever comes to a barrier, or waits at one, leaves */
export const CREW_POISONED = 132;
/** i32: threads that sleep at the barrier */
export const CREW_SLEEPERS = 136;
/** i32: the generation that thread 0 waited for when it gave up */
export const CREW_AWAITED = 140;
/** u32 of each thread, on a cache line each: tiles of products that it was given in runs with others */
export const CREW_TILES = 192;
export const MOST_THREADS = 64;
export const HYPER_BYTES = 192 + 64 * 64;

// --- What `run` returns beside the next record ---
/** another thread is lost, or this one was told to stop. Any other number below 0: thread 0 waited too long for the
 * others in front of record ~number, and goes on waiting when it is called with that number as its first. */
export const RUN_LOST = -2147483648;

// --- Sums over rows ---
/** Rows of a block: what layers sum over a batch is summed in blocks, and then over those. */
export const SUM_BLOCK = 64;

// --- GEMM ---
/** Tiles: how many rows × columns of C one micro-kernel call computes, as rows · 256 + columns. */
export const TILE_4X8 = 4 * 256 + 8;
export const TILE_5X8 = 5 * 256 + 8;
export const TILE_6X8 = 6 * 256 + 8;
/** for V8 that widens 128-bit code to 256 bits */
export const TILE_5X16 = 5 * 256 + 16;
export const TILE_6X16 = 6 * 256 + 16;
/** depth of one pass over k: KC rows of a panel of B (8 KB, 16 KB where it is 16 wide) stay in L1 */
export const GEMM_KC = 256;
/** rows of A that meet one panel before the next: MC × KC (128 KB) stays in L2 */
export const GEMM_MC = 128;
/** a thread's scratch: a block of rows (MC and a tile at most) of a panel that sticks out of C, and a row of bias */
export const SGEMM_SCRATCH_BYTES = (GEMM_MC + 6) * 64 + 64;

// --- Shares: thread t of T gets units ⌊u·t/T⌋ … ⌊u·(t+1)/T⌋ of rows in grains of ROW_GRAIN, or of a flat
// array in grains of FLAT_GRAIN elements (a cache line). ---
export const ROW_GRAIN = 3;
export const FLAT_GRAIN = 16;
/** elements whose squares are one sum of f64: a unit that threads share, so that the order of no sum depends on them */
export const SQUARES_BLOCK = 4096;

/** First byte of the arena: below it lie the build's constants (tools/build-wasm.ts checks that they fit). */
export const ARENA_BASE = 16384;
