// Optimisers in f64, from the formulas of their papers and of PyTorch's documentation: a step of one element, given what it
// kept, and whole optimisers over named parameters. Imports nothing from src/.

/** A group of parameters: what is left out is the optimiser's. */
export interface GroupSpec {
  readonly roles?: readonly string[];
  readonly layers?: readonly string[];
  readonly lrScale?: number;
  readonly weightDecay?: number;
  readonly l1?: number;
}

export interface OptimizerSpec {
  readonly kind: "sgd" | "adam" | "adamw" | "rmsprop" | "adagrad";
  readonly lr: number;
  readonly momentum?: number;
  readonly dampening?: number;
  readonly nesterov?: boolean;
  readonly betas?: readonly [number, number];
  readonly alpha?: number;
  readonly centered?: boolean;
  readonly lrDecay?: number;
  readonly initialAccumulator?: number;
  readonly eps?: number;
  readonly weightDecay?: number;
  readonly l1?: number;
  readonly clipNorm?: number;
  readonly clipValue?: number;
  readonly groups?: readonly GroupSpec[];
}

/** A parameter: `3.weight` is layer 3's, of role `weight`. */
export interface Parameter {
  readonly name: string;
  readonly role: string;
  readonly values: Float64Array;
}

/** μ·b + (1 − τ)·g; of the first step g */
export const momentumBuffer = (b: number, g: number, mu: number, tau: number, first: boolean): number =>
  first ? g : mu * b + (1 - tau) * g;

/** β·a + (1 − β)·x, given 1 − β */
export const average = (a: number, x: number, rest: number): number => (1 - rest) * a + rest * x;

/** m / (√v + ε) */
export const ratio = (m: number, v: number, eps: number): number => m / (Math.sqrt(v) + eps);

/** min(1, most / (norm + 10⁻⁶)), as torch.nn.utils.clip_grad_norm_ has it; NaN where the norm is not finite */
export const clipFactor = (norm: number, most: number): number =>
  Number.isFinite(norm) ? Math.min(1, most / (norm + 1e-6)) : Number.NaN;

/** factor·g held to ±most, + λ·p + l1·sign p */
export const prepared = (
  p: number,
  g: number,
  { factor = 1, most = Number.POSITIVE_INFINITY, decay = 0, l1 = 0 },
): number => factor * Math.max(-most, Math.min(most, g)) + decay * p + l1 * Math.sign(p);

export const norm = (values: Iterable<ArrayLike<number>>): number => {
  let sum = 0;
  for (const each of values) for (let i = 0; i < each.length; i++) sum += (each[i] as number) ** 2;
  return Math.sqrt(sum);
};

/** Updates parameters in place, step after step. */
export class Optimizer {
  readonly #spec: OptimizerSpec;
  readonly #kept = new Map<string, Float64Array>();
  #steps = 0;

  constructor(spec: OptimizerSpec) {
    this.#spec = spec;
  }

  /** @param gradients  by the parameters' names */
  step(parameters: readonly Parameter[], gradients: Readonly<Record<string, Float64Array>>): void {
    const spec = this.#spec;
    this.#steps++;
    const of = ({ name }: Parameter): Float64Array => gradients[name] as Float64Array;
    const factor = spec.clipNorm === undefined ? 1 : clipFactor(norm(parameters.map(of)), spec.clipNorm);
    for (const parameter of parameters) {
      const { name, role, values } = parameter;
      const group = (spec.groups ?? []).find(
        ({ roles, layers }) =>
          (roles === undefined || roles.includes(role)) &&
          (layers === undefined || layers.some((layer) => name === `${layer}.${name.split(".").at(-1)}`)),
      );
      const decay = group?.weightDecay ?? spec.weightDecay ?? 0;
      const lr = spec.lr * (group?.lrScale ?? 1);
      const options = {
        factor,
        decay: spec.kind === "adamw" ? 0 : decay,
        l1: group?.l1 ?? spec.l1 ?? 0,
        ...(spec.clipValue === undefined ? {} : { most: spec.clipValue }),
      };
      for (let i = 0; i < values.length; i++) {
        const p = values[i] as number;
        const g = prepared(p, of(parameter)[i] as number, options);
        values[i] = this.#update(name, i, values.length, p, g, lr, decay);
      }
    }
  }

  #update(name: string, i: number, n: number, p: number, g: number, lr: number, decay: number): number {
    const { kind, momentum = 0, dampening = 0, nesterov, betas = [0, 0], alpha = 0, eps = 0 } = this.#spec;
    const { centered, lrDecay = 0, initialAccumulator = 0 } = this.#spec;
    const t = this.#steps;
    const keep = (what: string, initial: number, next: (before: number) => number): number => {
      const key = `${name} ${what}`;
      const kept = this.#kept.get(key) ?? new Float64Array(n).fill(initial);
      this.#kept.set(key, kept);
      kept[i] = next(kept[i] as number);
      return kept[i] as number;
    };
    switch (kind) {
      case "sgd": {
        if (momentum === 0) return p - lr * g;
        const b = keep("b", 0, (before) => momentumBuffer(before, g, momentum, dampening, t === 1));
        return p - lr * (nesterov ? g + momentum * b : b);
      }
      case "adam":
      case "adamw": {
        const m = keep("m", 0, (before) => average(before, g, 1 - betas[0])) / (1 - betas[0] ** t);
        const v = keep("v", 0, (before) => average(before, g * g, 1 - betas[1])) / (1 - betas[1] ** t);
        return p * (kind === "adamw" ? 1 - lr * decay : 1) - lr * ratio(m, v, eps);
      }
      case "rmsprop": {
        const v = keep("v", 0, (before) => average(before, g * g, 1 - alpha));
        const mean = centered ? keep("a", 0, (before) => average(before, g, 1 - alpha)) : 0;
        const q = ratio(g, v - mean * mean, eps);
        return p - lr * (momentum > 0 ? keep("b", 0, (before) => momentum * before + q) : q);
      }
      case "adagrad": {
        const s = keep("s", initialAccumulator, (before) => before + g * g);
        return p - (lr / (1 + (t - 1) * lrDecay)) * ratio(g, s, eps);
      }
    }
  }
}
