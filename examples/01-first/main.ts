// The smallest whole program: two interleaved half-moons of points, a net that learns to tell them apart, and
// a map of what it learned.

import { crossEntropy, dataset, dense, init, relu, sgd } from "xent";

const xent = await init();
const model = xent.sequential({ input: 2, seed: 1 }, [dense(32), relu(), dense(2)]);

const train = dataset(moons(400, 0));
const test = dataset(moons(200, 400));
const history = await model.fit(train, {
  loss: crossEntropy(),
  optimizer: sgd({ lr: 0.5 }),
  epochs: 100,
  batchSize: 20,
});
const { loss, accuracy } = await model.evaluate(test);

console.log(`${history.steps} steps, test loss ${loss.toFixed(4)}, test accuracy ${accuracy.toFixed(4)}`);

const [width, height] = [64, 18];
const points = Array.from({ length: width * height }, (_, i) => [
  -1.5 + (4 * (i % width)) / (width - 1),
  1.25 - (2 * Math.floor(i / width)) / (height - 1),
]);
const map = Array.from(model.predictClass(points), (id) => (id === 0 ? "░" : "█")).join("");
for (let i = 0; i < map.length; i += width) console.log(map.slice(i, i + width));

/** `count` points from number `first` on, by turns on two half circles, up to 0.25 beside their line. */
function moons(count: number, first: number): { x: number[][]; y: number[] } {
  const numbers = Array.from({ length: count }, (_, i) => first + i);
  return {
    x: numbers.map((i) => {
      const angle = Math.PI * ((i * 0.618034) % 1);
      const radius = 1 + 0.25 * Math.sin(i * i);
      const [dx, dy] = [radius * Math.cos(angle), radius * Math.sin(angle)];
      return i % 2 === 0 ? [dx, dy] : [1 - dx, 0.5 - dy];
    }),
    y: numbers.map((i) => i % 2),
  };
}
