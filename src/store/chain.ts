// The chain of the journal: each fact and each event carries a hash over its own content and the hash before it, so
// that whoever holds a later hash can tell whether anything before it was changed. Knows rows and hashes, no meaning;
// keeps no secret: who can write the file can also build the chain anew, and only a hash noted elsewhere shows it.

import { hash } from 'node:crypto';
import type { FactRow } from './journal.ts';

/** What comes before the first link. */
export const genesis = '0'.repeat(64);

/** sha256 in hex. The body is last and all before it are numbers, so that no two rows read alike. */
export function linkOfFact(before: string, id: number, row: FactRow): string {
  const [steadyMs, wallMs, synced, body] = row;
  return hash('sha256', `${before}\nfact\n${id}\n${steadyMs}\n${wallMs}\n${synced}\n${body}`);
}

export function linkOfEvent(before: string, seq: number, incident: string | null, body: string): string {
  return hash('sha256', `${before}\nevent\n${seq}\n${incident ?? ''}\n${body}`);
}

/** The ends of both chains at one moment. */
export interface Ends {
  readonly fact: number;
  readonly factHash: string;
  readonly seq: number;
  readonly eventHash: string;
}

/**
 * What stands for everything up to one moment, such as `128-64-9f86…`: the number of the last fact, that of the last
 * event, and the hash over both ends. To be noted where whoever writes the file can't reach.
 */
export function headOf({ fact, factHash, seq, eventHash }: Ends): string {
  return `${fact}-${seq}-${hash('sha256', `${factHash}\n${eventHash}`)}`;
}

/** The parts of a head; undefined: it is none. */
export function parseHead(text: string): { fact: number; seq: number } | undefined {
  const match = /^(\d{1,15})-(\d{1,15})-[0-9a-f]{64}$/.exec(text);
  return match ? { fact: Number(match[1]), seq: Number(match[2]) } : undefined;
}

/** Of a text that stands alone, such as the snapshot. */
export const hashOf = (text: string): string => hash('sha256', text);

export const toBlob = (hex: string): Buffer => Buffer.from(hex, 'hex');
export const toHex = (blob: Uint8Array): string => Buffer.from(blob).toString('hex');
