// Who may command over the network, as the site says it. Types only.

import type { Role } from './roles.ts';

export interface CommandKey {
  /** id in keys.yaml; what the journal keeps */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** its 32 bytes, base64 */
  readonly publicKey: string;
  /** from this moment it is no longer good, ms since 1970 */
  readonly untilMs?: number;
}

export interface CommandRights {
  /** `open`: whoever may publish may command; a signature is checked all the same */
  readonly accept: 'open' | 'signed';
  readonly keys: readonly CommandKey[];
}
