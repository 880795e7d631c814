// Who was told of an incident and what became of it, as far as a line on the wall has room. Pure; knows no words and no
// signal. That a message has left is never called a success: only somebody who acknowledged has certainly heard of it.

import type { Delivery, Told } from '../../core/types.ts';
import type { Incident } from '../api.ts';

export interface ToldSummary {
  /**
   * `heard`: acknowledged; `sending`: none has left yet; `sent`: messages have left, whether anybody heard is not known; `failed`: none has; `held`: a
   * drill tells nobody; `nobody`: there was nothing to send
   */
  readonly state: 'heard' | 'sending' | 'sent' | 'failed' | 'held' | 'nobody';
  /** whose messages these were, each once, the latest first */
  readonly to: readonly Pick<Delivery, 'person' | 'role'>[];
}

export function toldSummary({
  told = [],
  acknowledged,
}: Pick<Incident, 'told' | 'acknowledged'>): ToldSummary {
  const meant = told.filter(({ kind, skipped }) => kind !== 'closed' && !skipped).reverse();
  const all = meant.flatMap(({ deliveries }: Told) => deliveries);
  const left = all.filter(({ state }) => state === 'waiting' || state === 'delivered');
  const failed = all.filter(({ state }) => state === 'failed');
  const held = all.filter(({ state }) => state === 'held');
  const gone = left.filter(({ state }) => state === 'delivered');
  if (gone.length > 0) return { state: acknowledged ? 'heard' : 'sent', to: eachOnce(gone) };
  if (left.length > 0) return { state: 'sending', to: eachOnce(left) };
  if (failed.length > 0) return { state: 'failed', to: eachOnce(failed) };
  return held.length > 0 ? { state: 'held', to: eachOnce(held) } : { state: 'nobody', to: [] };
}

function eachOnce(deliveries: readonly Delivery[]): readonly Pick<Delivery, 'person' | 'role'>[] {
  const seen = new Map(
    deliveries.map(({ person, role }) => [
      `${person} ${role}`,
      { ...(person !== undefined && { person }), ...(role !== undefined && { role }) },
    ]),
  );
  return [...seen.values()];
}

/** The first that nobody has done, and which it is of how many; undefined: none is left. */
export function nextStep({ steps }: Pick<Incident, 'steps'>) {
  const index = steps.findIndex(({ doneAt }) => doneAt === undefined);
  const step = steps[index];
  return step && { step, number: index + 1, all: steps.length };
}

/**
 * What happened and where, out of a title that says both (`Fire · Atrium`); `zone` is what the zone is called, as far as
 * that is known already.
 */
export function titleParts(
  title: string,
  zone: string | undefined,
): { readonly what: string; readonly where?: string } {
  if (zone === undefined) return { what: title };
  const end = title.endsWith(` · ${zone}`) ? title.length - zone.length - 3 : title.lastIndexOf(' · ');
  return end <= 0 ? { what: title } : { what: title.slice(0, end), where: title.slice(end + 3) };
}
