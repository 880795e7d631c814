// Stands in the bundle where the application imports its loop: the same loop, and the world may look at its state.

import { createLoop as create, type Loop, type LoopOptions } from '../../src/loop.ts';

export * from '../../src/loop.ts';

export const tap: { made: (loop: Loop, options: LoopOptions) => void } = { made: () => {} };

export function createLoop(options: LoopOptions): Loop {
  const loop = create(options);
  tap.made(loop, options);
  return loop;
}
