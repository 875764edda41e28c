// Activations and the SGD step, element by element in f64. Imports nothing from src/.

export const relu = (x: number): number => (x < 0 ? 0 : x);
/** dx from dy and the output y */
export const reluBackward = (dy: number, y: number): number => (y <= 0 ? 0 : dy);

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
export const sigmoidBackward = (dy: number, y: number): number => dy * y * (1 - y);

/** p − lr·g */
export const sgd = (p: number, g: number, lr: number): number => p - lr * g;
