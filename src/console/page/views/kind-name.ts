// What a kind of point is called; one that nobody knows stands for itself.

import { site } from '../state.ts';
import { nameOf } from '../words/index.ts';

export function kindName(id: string): string {
  const named = site.value?.kinds[id];
  return named === undefined ? id : nameOf(named);
}
