// People with keys for tests, and a gate around them whose clock and disk the test holds. Knows no broker.

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Command, Reply } from '../../src/core/types.ts';
import { createGate, type Gate, type Verdict } from '../../src/rights/gate.ts';
import { rawOf } from '../../src/rights/public-key.ts';
import type { Role } from '../../src/rights/roles.ts';
import { signCommand } from '../../src/rights/sign.ts';
import type { CommandKey, CommandRights } from '../../src/rights/types.ts';
import { type VirtualClock, virtualClock } from '../support/clock.ts';

export const premises = 'store_0042';
export const session = 'the-present-session';

export interface Holder {
  readonly key: CommandKey;
  readonly privateKey: KeyObject;
}

export function holder(id: string, role: Role, more: Partial<CommandKey> = {}): Holder {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    key: { id, name: `${id} the person`, role, publicKey: rawOf(publicKey).toString('base64'), ...more },
    privateKey,
  };
}

export type Fields = Readonly<Record<string, unknown>>;

/** A signed command; `over` is put over the signed fields before signing, `after` when the signature is there. */
export function signedBy(
  who: Holder,
  fields: Fields,
  options: {
    nowMs?: number;
    lifeMs?: number;
    session?: string;
    premises?: string;
    nonce?: string;
    after?: Fields;
  } = {},
): Command {
  const signed = signCommand(
    { id: 'c1', verb: 'ack', ...fields },
    {
      key: who.key.id,
      privateKey: who.privateKey,
      premises: options.premises ?? premises,
      nowMs: options.nowMs ?? Date.UTC(2026, 10, 22),
      lifeMs: options.lifeMs ?? 120_000,
      ...(options.session !== undefined && { session: options.session }),
      ...(options.nonce !== undefined && { nonce: options.nonce }),
    },
  );
  // as it passes the door
  return { ...signed, ...options.after, origin: 'mqtt' } as unknown as Command;
}

export interface Door {
  readonly gate: Gate;
  readonly clock: VirtualClock;
  readonly failures: unknown[];
  /** what is written down; outlives the gate as the disk outlives the daemon */
  disk: { text?: string | undefined; broken: boolean };
  rights: CommandRights;
  ask(command: Command): Promise<Verdict>;
  /** asks, and takes what may run */
  run(command: Command): Promise<'ran' | 'again' | 'open' | Reply>;
}

export function door(
  holders: readonly Holder[],
  options: { accept?: 'open' | 'signed'; clock?: VirtualClock; disk?: Door['disk']; session?: string } = {},
): Door {
  const clock = options.clock ?? virtualClock();
  const disk = options.disk ?? { broken: false };
  const failures: unknown[] = [];
  const opened: Omit<Door, 'gate'> = {
    clock,
    failures,
    disk,
    rights: { accept: options.accept ?? 'signed', keys: holders.map(({ key }) => key) },
    async ask(command) {
      const looked = gate.look(command);
      return 'prove' in looked ? (await looked.prove())() : looked;
    },
    async run(command) {
      const verdict = await opened.ask(command);
      if ('refusal' in verdict) return verdict.refusal;
      if ('run' in verdict) verdict.take();
      return 'run' in verdict ? 'ran' : 'again' in verdict ? 'again' : 'open';
    },
  };
  const gate = createGate({
    rights: () => opened.rights,
    premises,
    language: 'en',
    session: options.session ?? session,
    clock,
    note(text) {
      if (disk.broken) throw new Error('no space left');
      if (text !== undefined) disk.text = text;
      return disk.text;
    },
    failed: (error) => failures.push(error),
  });
  return {
    ...opened,
    gate,
    set rights(next) {
      opened.rights = next;
    },
    get rights() {
      return opened.rights;
    },
  };
}
