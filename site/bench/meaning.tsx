// What is measured, and how to read it: text, and the facts of this browser.

import { milliseconds } from "../shared/format.ts";
import { Facts } from "../shared/panel.tsx";
import type { Engine } from "./messages.ts";

/** What runs here, and why. */
export function Here({ engine }: { readonly engine: Engine | undefined }) {
  const { info, clockMs } = engine ?? {};
  return (
    <>
      <Facts
        small
        facts={[
          { name: "Build", value: info?.build ?? "–" },
          { name: "Tile", value: info?.tile ?? "–" },
          { name: "Threads", value: info?.threads ?? "–" },
          { name: "Vectors", value: info === undefined ? "–" : info.wide ? "256 bits" : "128 bits" },
          { name: "Cores", value: navigator.hardwareConcurrency },
          { name: "Clock's step", value: clockMs === undefined ? "–" : milliseconds(clockMs) },
        ]}
      />
      <ul class="reasons">
        {(info?.reasons ?? []).map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
    </>
  );
}

export function Meaning() {
  return (
    <div class="meaning">
      <p>
        <b>The peak</b> is what one core does when it does nothing but multiply and add: twelve chains of
        fused multiply-adds, all in registers, on vectors of 128 bits, the widest that WebAssembly has. It is
        measured again right before each turn, because clocks and neighbours change it from one second to the
        next. A share is the median of these quotients.
      </p>
      <p>
        <b>A product</b> of an{" "}
        <span class="formula">
          <var>m</var> × <var>k</var>
        </span>{" "}
        and a{" "}
        <span class="formula">
          <var>k</var> × <var>n</var>
        </span>{" "}
        matrix takes{" "}
        <span class="formula">
          2<var>mnk</var>
        </span>{" "}
        operations; GFLOP/s are billions of them a second. It is one call of <code>sgemm</code> from
        JavaScript. The second matrix is first copied into the order in which it is read, which{" "}
        <span class="formula">
          <var>m</var>
        </span>{" "}
        rows have to pay back: small products reach less.
      </p>
      <p>
        <b>A training step</b> is all that <code>fit</code> does with a batch: it gathers the rows, goes
        forward, takes the cross entropy, goes back, and changes the weights. Only its products run as fast as
        products, and the smaller a net is, the more the rest weighs.
      </p>
      <p>
        <b>Threads</b> share the rows and columns of each layer; their share is of as many cores' peaks. What
        they gain ends where the work between two meetings is no longer than the meeting itself: the smallest
        nets train on one. A page has threads when its server sends the two headers that allow shared memory.
      </p>
      <p>
        <b>Right or nothing.</b> Products are held against sums in double precision, and each net has to have
        learnt something. What is computed wrongly has no speed: an error takes the place of the figures.
      </p>
    </div>
  );
}
