// Carries the engine's steady time across restarts: within one boot by the machine's uptime, across boots by
// the wall clock where it went forward. Deadlines that passed while the daemon was down are then overdue.

import type { Durable } from './core/state.ts';
import type { Boot } from './lib/boot.ts';

/** What the last process of this data folder left: engine time minus uptime is constant within a boot. */
interface Note {
  readonly boot: string;
  readonly offsetMs: number;
}

/**
 * The engine's time at this moment.
 *
 * @param durable the remembered state; its last stamp is the least that the time can be
 * @param wallMs the wall clock now; used only after a reboot, and only if it is later than the last stamp
 */
export function engineTimeNow(
  durable: Durable,
  note: string | undefined,
  boot: Boot,
  wallMs: number,
): number {
  const left = note === undefined ? undefined : (JSON.parse(note) as Note);
  if (left?.boot === boot.id) return Math.max(durable.steadyMs, left.offsetMs + boot.uptimeMs);
  const away = durable.wallMs === 0 ? 0 : wallMs - durable.wallMs;
  return durable.steadyMs + Math.max(0, away);
}

export function engineTimeNote(engineMs: number, boot: Boot): string {
  return JSON.stringify({ boot: boot.id, offsetMs: engineMs - boot.uptimeMs } satisfies Note);
}
