// The door for commands from afar: proves who signed, whether it is fresh, and whether that person has the right.
// Judges only; it runs nothing, answers nobody, and knows no topic and no disk.

import { type KeyObject, verify } from 'node:crypto';
import type { Command, Language, Reply } from '../core/types.ts';
import { isLanguage } from '../core/vocabulary.ts';
import type { Clock } from '../lib/clock.ts';
import { claimsKey, type Envelope, envelopeOf, signedBytes, withoutEnvelope } from './envelope.ts';
import { createNonces, type Note, type Taken } from './nonces.ts';
import { publicKeyOf } from './public-key.ts';
import { leastRole, mayRun } from './roles.ts';
import type { CommandKey, CommandRights } from './types.ts';
import { longestLifeMs, type Reason, refusals, toleranceMs } from './words.ts';

export type Verdict =
  /** not to be kept as the answer of its id: anybody could have sent it */
  | { readonly refusal: Reply }
  /** from a gateway that takes commands as they come */
  | { readonly open: Command }
  /** proven, fresh and within its rights; `take` before it is run, `release` where it could not be run after all */
  | { readonly run: Command; take(): void; release(): void }
  /** this very command was taken before: it may be answered again, never run */
  | { readonly again: Command };

export interface Gate {
  /**
   * What can be said at once and for little, or the rest of the way: a signature to be checked. What comes of that is
   * called one command after the other, so that none is taken twice.
   */
  look(command: Command): Verdict | { prove(): Promise<() => Verdict> };
  /** for an `again` whose answer is no longer known */
  forgotten(command: Command): Reply;
}

export interface GateOptions {
  /** as they are in force now */
  rights(): CommandRights;
  readonly premises: string;
  /** of refusals, where the command asks for none */
  readonly language: Language;
  /** of this run of the daemon, as in `status` */
  readonly session: string;
  readonly clock: Clock;
  /** where the wall clock is known to be wrong: the least that now can truly be, wall ms */
  readonly clockFloorMs?: () => number | undefined;
  /** where it is written down which commands were taken */
  readonly note: Note;
  failed(error: unknown): void;
}

export function createGate(options: GateOptions): Gate {
  const { clock } = options;
  const nonces = createNonces(options.note, options.session, options.failed);

  const trustedMs = (): number | undefined => (clock.synced() ? clock.wallMs() : undefined);

  const refuse = (command: Command, reason: Reason, detail = ''): { readonly refusal: Reply } => {
    const words = refusals[reason][isLanguage(command.language) ? command.language : options.language];
    return {
      refusal: {
        id: command.id,
        ok: false,
        code: reason === 'malformed' ? 'badRequest' : 'notAllowed',
        reason,
        message: detail === '' ? words : `${words}: ${detail}`,
      },
    };
  };

  /** What is wrong with a command whose signature fits. */
  const faultOf = (command: Command, envelope: Envelope, key: CommandKey): Reason | undefined => {
    const nowMs = clock.wallMs();
    if (envelope.premises !== options.premises) return 'otherPremises';
    if (command.by !== key.id && command.by !== key.name) return 'otherName';
    // a clock in 1970 must not make an old key good again; one that runs ahead ends it too soon, the safe side
    const leastMs = Math.max(nowMs, options.clockFloorMs?.() ?? nowMs);
    if (key.untilMs !== undefined && leastMs >= key.untilMs) return 'keyEnded';
    if (envelope.session !== undefined && envelope.session !== options.session) return 'otherSession';
    if (clock.synced()) {
      if (nowMs > envelope.untilMs + toleranceMs) return 'expired';
      if (nowMs < envelope.atMs - toleranceMs) return 'notYetValid';
    } else if (envelope.session === undefined) return 'sessionMissing';
    if (envelope.untilMs - envelope.atMs > longestLifeMs) return 'livesTooLong';
    return undefined;
  };

  const judge = (command: Command, envelope: Envelope, key: CommandKey, bytes: Buffer): Verdict => {
    const taken: Taken = { key: key.id, nonce: envelope.nonce, bytes, untilMs: envelope.untilMs };
    const bare = withoutEnvelope(command);
    const found = nonces.find(taken, trustedMs());
    // also when it has run out since: whoever missed the answer may still have it
    if (found === 'same') return { again: bare };
    const fault = faultOf(command, envelope, key);
    if (fault !== undefined) return refuse(command, fault);
    if (found !== 'new') return refuse(command, 'nonceSeen');
    if (!mayRun(command.verb, key.role)) {
      const { verb } = command;
      return refuse(command, 'rightMissing', `${verb} (${leastRole(verb)}), ${key.id} (${key.role})`);
    }
    return {
      run: bare,
      take: () => nonces.add(taken, trustedMs()),
      release: () => nonces.remove(taken),
    };
  };

  const prove = async (command: Command, envelope: Envelope, key: CommandKey): Promise<() => Verdict> => {
    // `origin` was put in at the door
    const { origin: _origin, ...fields } = command;
    const bytes = signedBytes(fields);
    const fitting = await fits(bytes, envelope.signature, objectOf(key));
    return () => {
      if (!fitting) return refuse(command, 'badSignature');
      // the keys may have changed while it waited
      if (!isInForce(key, options.rights())) return refuse(command, 'unknownKey');
      return judge(command, envelope, key, bytes);
    };
  };

  return {
    look(command) {
      const { accept, keys } = options.rights();
      if (!claimsKey(command)) return accept === 'open' ? { open: command } : refuse(command, 'unsigned');
      const envelope = envelopeOf(command);
      if (typeof envelope === 'string') return refuse(command, 'malformed', envelope);
      const key = keys.find(({ id }) => id === envelope.key);
      if (key === undefined) return refuse(command, 'unknownKey');
      return { prove: () => prove(command, envelope, key) };
    },
    forgotten: (command) => refuse(command, 'nonceSeen').refusal,
  };
}

function isInForce(key: CommandKey, { keys }: CommandRights): boolean {
  return keys.some(
    (each) => each.id === key.id && each.publicKey === key.publicKey && each.role === key.role,
  );
}

/** In a thread of the pool: a flood of forgeries must not hold up the house. */
function fits(bytes: Buffer, signature: Buffer, key: KeyObject): Promise<boolean> {
  return new Promise((resolve) => {
    verify(null, bytes, key, signature, (error, fitting) => resolve(error === null && fitting));
  });
}

const objects = new WeakMap<CommandKey, KeyObject>();

function objectOf(key: CommandKey): KeyObject {
  let object = objects.get(key);
  if (object === undefined) {
    object = publicKeyOf(key.publicKey);
    objects.set(key, object);
  }
  return object;
}
