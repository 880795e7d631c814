// Chance that can be repeated: the same seed gives the same numbers on every machine. Knows nothing of fuzzing.

export interface Random {
  /** a whole number from 0 up to, not including, `below` */
  below(below: number): number;
  /** one of these */
  pick<T>(of: readonly T[]): T;
  /** true once in so many times */
  once(inSoMany: number): boolean;
}

/** `seed`: any whole number; its lowest 32 bits count. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  const below = (limit: number): number => Math.floor((next() / 0x1_0000_0000) * limit);
  return { below, pick: (of) => of[below(of.length)]!, once: (inSoMany) => below(inSoMany) === 0 };
}

/** A seed that is the same for the same bytes. */
export function seedOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
