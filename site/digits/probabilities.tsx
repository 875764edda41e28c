// The ten probabilities of the drawing, as bars; and the net asked for them again whenever drawing or weights have changed.

import { useEffect, useRef, useState } from "preact/hooks";
import type { HostedSequential } from "xent";
import { percent } from "../shared/format.ts";
import { DIGITS, largest } from "./score.ts";

/**
 * What the net says of a drawing; undefined where there is none.
 *
 * @param moment  changes when the weights may have
 */
export function useAnswer(
  model: HostedSequential | undefined,
  pixels: Uint8Array | undefined,
  moment: unknown,
): Float32Array | undefined {
  const [answer, setAnswer] = useState<Float32Array>();
  const asked = useRef(false);
  const wanted = useRef<() => Promise<Float32Array>>(undefined);
  useEffect(() => {
    wanted.current = model && pixels ? () => model.predict(pixels) : undefined;
    if (pixels === undefined) setAnswer(undefined);
    if (!asked.current) void ask();
  }, [model, pixels, moment]);
  // one question at a time: what changes meanwhile is asked next
  const ask = async (): Promise<void> => {
    asked.current = true;
    for (let next = wanted.current; next !== undefined; next = wanted.current) {
      wanted.current = undefined;
      // a net that is gone has nothing to say; the trainer tells what went wrong
      const given = await next().catch(() => undefined);
      if (given !== undefined) setAnswer(given);
    }
    asked.current = false;
  };
  return pixels && answer;
}

export function Probabilities({ answer }: { readonly answer: Float32Array | undefined }) {
  const best = answer && largest(answer);
  return (
    <table class="probabilities">
      <caption>Probability of each digit</caption>
      <tbody>
        {DIGITS.map((digit) => (
          <tr key={digit} class={digit === best ? "best" : ""}>
            <th scope="row">{digit}</th>
            <td class="bar">
              <span style={{ transform: `scaleX(${answer?.[digit] ?? 0})` }} />
            </td>
            <td>{percent(answer?.[digit] ?? null, 1)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
