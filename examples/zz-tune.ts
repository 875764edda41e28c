import { crossEntropy, dataset, dense, init, relu, sgd } from "xent";
import { loadDigits } from "./02-digits/load.ts";
const raw = await loadDigits(); const xent = await init();
const cfg: [boolean, number, number][] = [[false,32,0.1],[false,32,0.2],[false,32,0.3],[false,32,0.4],[false,16,0.1],[false,64,0.4],[false,64,0.3],[true,32,0.1],[true,64,0.1],[true,32,0.05]];
for (const [norm, batchSize, lr] of cfg) {
  const mk = (d: typeof raw.train) => norm ? dataset({ x: d.x, y: d.y, features: 784, scale: 1/(255*0.3081), shift: -0.1307/0.3081 }) : d;
  const train = mk(raw.train), test = mk(raw.test);
  const out: string[] = [];
  for (const seed of [1,2,3]) {
    const model = xent.sequential({ input: 784, seed }, [dense(128), relu(), dense(10)]);
    const t = performance.now();
    const h = await model.fit(train, { loss: crossEntropy(), optimizer: sgd({ lr }), epochs: 5, batchSize, validation: test, metrics: ["accuracy"] });
    out.push((h.validation?.accuracy ?? []).map((a) => a.toFixed(4)).join(" ") + ` ${((performance.now()-t)/1000).toFixed(1)}s`);
    model.dispose();
  }
  console.log(norm ? "norm" : "raw ", batchSize, lr, "|", out.join(" | "));
}
