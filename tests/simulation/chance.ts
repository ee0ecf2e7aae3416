/** Numbers that follow from a seed. */

export interface Chance {
  /** At least 0, below 1. */
  next(): number;
  /** A whole number, at least 0, below `n`. */
  below(n: number): number;
  pick<T>(list: readonly T[]): T;
  /** True in so many of all cases. */
  happens(probability: number): boolean;
}

/** The generator sfc32 of PractRand: 128 bits of state, begun with the seed and the number of the stream. */
export function chance(seed: number, stream: number): Chance {
  let [a, b, c, d] = [seed | 0, Math.floor(seed / 2 ** 32) | 0, stream | 0, 1];
  const whole = () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return sum >>> 0;
  };
  for (let turn = 0; turn < 15; turn++) whole(); // until the seed has reached all bits
  const next = () => whole() / 2 ** 32;
  const below = (n: number) => Math.floor(next() * n);
  return { next, below, pick: (list) => list[below(list.length)]!, happens: (probability) => next() < probability };
}
