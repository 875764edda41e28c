// What libraries need that take batches as arrays of their own: rows put together, and one-hot targets. Plain
// loops, which are faster than the gather operations of those that use them.

/**
 * Rows of `source`, which are `width` wide, in that order.
 *
 * @param {Float32Array} source
 * @param {number} width
 * @param {Int32Array} order
 * @param {Float32Array} [into]   large enough; a new one otherwise
 */
export function gather(source, width, order, into = new Float32Array(order.length * width)) {
  for (let i = 0; i < order.length; i++) {
    const start = order[i] * width;
    into.set(source.subarray(start, start + width), i * width);
  }
  return into.subarray(0, order.length * width);
}

/**
 * [rows, classes], 1 for the row's class and 0 elsewhere.
 *
 * @param {Int32Array} y
 * @param {number} classes
 */
export function oneHot(y, classes) {
  const targets = new Float32Array(y.length * classes);
  for (let row = 0; row < y.length; row++) targets[row * classes + y[row]] = 1;
  return targets;
}

/**
 * The batches of a data set, one after another: rows and one-hot targets.
 *
 * @template T
 * @param {import("./system.d.ts").Net} net
 * @param {import("./system.d.ts").Rows} data
 * @param {(values: Float32Array, shape: [number, number]) => T} tensor  makes one of the library's
 * @returns {{ x: T, t: T }[]}
 */
export function batchesOf({ widths, batch }, { x, y }, tensor) {
  const [features, classes] = [widths[0], widths.at(-1)];
  const targets = oneHot(y, classes);
  return Array.from({ length: y.length / batch }, (_, i) => {
    const part = (source, width) =>
      tensor(source.slice(i * batch * width, (i + 1) * batch * width), [batch, width]);
    return { x: part(x, features), t: part(targets, classes) };
  });
}
