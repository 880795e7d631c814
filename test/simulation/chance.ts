// Chance from a seed: the same seed gives the same numbers, and each name its own stream, so that one more draw in one
// part of the world leaves all others as they were. Knows nothing of what is drawn.

export interface Chance {
  /** 0…1, without 1 */
  next(): number;
  /** true in so many of one */
  happens(probability: number): boolean;
  /** a whole number, both ends included */
  whole(least: number, most: number): number;
  between(least: number, most: number): number;
  one<T>(of: readonly T[]): T;
  /** by weight */
  weighed<T>(of: readonly (readonly [weight: number, what: T])[]): T;
  /** a stream of its own */
  stream(name: string): Chance;
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** SplitMix32, which is good for 2^32 draws. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

export function chanceOf(seed: number, name = ''): Chance {
  const next = generator(hashOf(`${seed} ${name}`));
  const chance: Chance = {
    next,
    happens: (probability) => next() < probability,
    whole: (least, most) => least + Math.floor(next() * (most - least + 1)),
    between: (least, most) => least + next() * (most - least),
    one: (of) => of[Math.floor(next() * of.length)]!,
    weighed(of) {
      let left = next() * of.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, what] of of) {
        left -= weight;
        if (left < 0) return what;
      }
      return of[of.length - 1]![1];
    },
    stream: (sub) => chanceOf(seed, `${name}/${sub}`),
  };
  return chance;
}
