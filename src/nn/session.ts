// What a program in memory looks like to those who run it: the program, and views of what they write before and read after.

import type { Arena } from "../memory/arena.ts";
import type { Tensor } from "../memory/plan.ts";
import { Program } from "../program/program.ts";
import type { ChunkLayout, ChunkParts, TrainLayout } from "./layout.ts";

/** The memory of a training program that the host writes: data, the order of its rows, and the step's inputs. */
export interface TrainSession {
  readonly program: Program;
  /** records before it compute the loss and change no parameter */
  readonly lossEnd: number;
  /** records from `lossEnd` up to it move running statistics towards those of the batch, and do nothing else */
  readonly statsEnd: number;
  /** records before it change no parameter either, and leave all gradients */
  readonly backwardEnd: number;
  /** [windowRows, features], unpadded */
  readonly x: Float32Array | Uint8Array;
  /** [windowRows] class ids, or [windowRows, outputs] targets */
  readonly targets: Int32Array | Float32Array;
  /** [windowRows] what each row's loss is multiplied by, in programs for data with weights */
  readonly weights: Float32Array | undefined;
  /** [windowRows] the order in which rows are taken */
  readonly order: Uint32Array;
  /** what the last step made of its rows, before its update */
  readonly logits: Strided;
}

/** The memory and program of a forward pass over up to CHUNK_ROWS rows, with its parts as record numbers. */
export interface ChunkSession {
  readonly program: Program;
  readonly xF32: Float32Array;
  readonly xU8: Uint8Array;
  /** [CHUNK_ROWS] class ids; empty where the loss takes none, as the next three are without a loss */
  readonly ids: Int32Array;
  /** [CHUNK_ROWS, outputs] targets */
  readonly rows: Float32Array;
  readonly weights: Float32Array;
  readonly rowLoss: Float32Array;
  /** the output of each stage */
  readonly outputs: readonly Strided[];
  readonly logits: Strided;
  /** what `predict` gives: softmax or sigmoid of the logits, or the logits; they too without a loss */
  readonly probabilities: Strided;
  readonly parts: ChunkParts;
}

/** Rows in memory, `stride` elements apart. */
export interface Strided {
  readonly data: Float32Array;
  readonly width: number;
  readonly stride: number;
}

export function trainSession(arena: Arena, layout: TrainLayout, hyper: Tensor): TrainSession {
  const { builder, room, lossEnd, statsEnd, backwardEnd, x, targets, weights, order, logits } = layout;
  return {
    program: new Program(arena, builder, room, hyper),
    lossEnd,
    statsEnd,
    backwardEnd,
    x: x.size === 1 ? arena.u8(x) : arena.f32(x),
    targets: layout.ids ? arena.i32(targets) : arena.f32(targets),
    weights: weights && arena.f32(weights),
    order: arena.u32(order),
    logits: block(arena, logits),
  };
}

function block(arena: Arena, tensor: Tensor): Strided {
  return { data: arena.f32(tensor), width: tensor.cols, stride: tensor.ld };
}

export function chunkSession(arena: Arena, layout: ChunkLayout, hyper: Tensor): ChunkSession {
  const { builder, room, ids, rows, weights, rowLoss, outputs, logits, probabilities, parts } = layout;
  const order = arena.u32(layout.order);
  for (let i = 0; i < order.length; i++) order[i] = i;
  const f32 = (tensor: Tensor | undefined): Float32Array =>
    tensor === undefined ? new Float32Array(0) : arena.f32(tensor);
  return {
    program: new Program(arena, builder, room, hyper),
    xF32: arena.f32(layout.xF32),
    xU8: arena.u8(layout.xU8),
    ids: ids === undefined ? new Int32Array(0) : arena.i32(ids),
    rows: f32(rows),
    weights: f32(weights),
    rowLoss: f32(rowLoss),
    outputs: outputs.map((tensor) => block(arena, tensor)),
    logits: block(arena, logits),
    probabilities: block(arena, probabilities ?? logits),
    parts,
  };
}
