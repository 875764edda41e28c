// Choices that are measured: the tile for `tune`, and whether `wide` is at work. Loaded for these.

import { XentError } from "../base/errors.ts";
import { TILES, tileColumns, tileName } from "../base/tile.ts";
import type { Core } from "../wasm/runtime.ts";
import { byRule, isRelaxed, type Reasons, settleNarrow, tileRule } from "./choose.ts";
import { selfTest } from "./selftest.ts";
import { tileSpeeds } from "./speed.ts";

/** Work after which the optimising compiler has had the kernels of a model that trains. */
const SETTLED_MS = 200;
/** Tiles of twice the width are so much faster where they are widened; elsewhere they are slower. */
const WIDER = 1.2;

/** Takes the tile that is fastest here, measured after the optimising compiler has had each. */
export function tune(core: Core): string {
  const speeds = tileSpeeds(core, TILES);
  core.tile = TILES[speeds.indexOf(Math.max(...speeds))] as number;
  const list = TILES.map((tile, i) => `${tileName(tile)} ${(speeds[i] as number).toFixed(0)}`);
  return `${tileName(core.tile)}, measured: ${list.join(", ")} GFLOP/s`;
}

/** Once there was work for SETTLED_MS, sees whether `wide` is at work, by speed; and tries the values again. */
export function confirmLater(core: Core, state: { wide: boolean }, reasons: Reasons): void {
  core.settle = () => {
    if ((core.workedMs ?? 0) < SETTLED_MS) return;
    core.settle = undefined;
    const relaxed = isRelaxed(core);
    const [wide, narrow] = [tileRule(relaxed, true), tileRule(relaxed, false)];
    const [fast = 0, slow = 0] = tileSpeeds(core, [wide, narrow]);
    const figures = `${tileName(wide)} ${fast.toFixed(0)}, ${tileName(narrow)} ${slow.toFixed(0)} GFLOP/s`;
    state.wide = fast > WIDER * slow;
    if (state.wide) {
      reasons.wide = `on, confirmed by speed: ${figures}`;
    } else {
      const reason = `V8 does not widen the code here: ${figures}`;
      settleNarrow(reason);
      reasons.wide = `off, ${reason}`;
      if (tileColumns(core.tile) === tileColumns(wide)) {
        core.tile = narrow;
        core.pace = undefined;
        reasons.tile = byRule(core, false);
      }
    }
    const { problem } = selfTest(core);
    if (problem === undefined) return;
    reasons.wide = `${state.wide ? "on" : "off"}, but the code that V8 made of it is wrong: ${problem}`;
    core.settle = () => {
      throw new XentError(
        "UNSUPPORTED",
        `wide: the self-test failed after V8 had widened the code: ${problem}`,
        "Start a new process without wide, and please report it.",
      );
    };
    core.settle();
  };
}
