// Who is here and what they may do, as the daemon says it. A signal and questions about it; asks nobody itself.

import { signal } from '@preact/signals';
import type { Session } from '../api.ts';

export const session = signal<Session | undefined>(undefined);

/** May this verb be run now? Only for what is shown: the daemon judges each request again. */
export function may(verb: string): boolean {
  return session.value?.verbs.includes(verb) ?? false;
}
