// A gateway without a battery for its clock: it starts in 1970, guards, and is set right in one step. Nothing is
// raised, cleared, hurried or delayed by that. In the virtual machine, whose clock is its own.

import { execFileSync } from 'node:child_process';
import { events } from '../support/daemon.ts';
import { allTold, judge, row, setStage } from './disk-stage.ts';
import { type InsideOptions, inGuest } from './guest.ts';
import type { Figure } from './scenario.ts';

export const what = 'a start in 1970, and the clock set right in one step (virtual machine)';

export const run = (options: InsideOptions) =>
  inGuest({ kind: 'vm', scenario: 'vm-clock', timeoutS: 1200, options: ['-r', '1970-01-01'] }, options);

const sh = (...argv: string[]): string => execFileSync(argv[0]!, argv.slice(1), { encoding: 'utf8' }).trim();
const year = (at: string): number => new Date(at).getUTCFullYear();

export async function inside({ tell }: InsideOptions): Promise<Figure[]> {
  if (year(new Date().toISOString()) !== 1970) throw new Error('the clock is not in 1970');
  const stage = await setStage();
  const { seen } = stage;
  const opened = (at: number) =>
    events(seen).find(
      ({ type, incident }) => type === 'incident.opened' && incident.cause.point === `panel.c${at}`,
    );
  const heartbeats = (): number => seen.seen.filter(({ topic }) => topic.endsWith('/status')).length;
  try {
    tell('an alarm in 1970');
    const first = await stage.trip();
    await allTold(stage);
    if (year(opened(first).at) !== 1970 || opened(first).clock === 'synced')
      throw new Error(`told as ${opened(first).at}, ${opened(first).clock}`);
    const before = events(seen).length;
    tell('the clock is set right');
    sh('date', '--set', `@${sh('host-time')}`);
    const jumpedYears = new Date().getUTCFullYear() - 1970;
    const beats = heartbeats();
    await seen.until('four heartbeats', () => heartbeats() >= beats + 4, 240_000);
    const second = await stage.trip();
    await allTold(stage);
    const wrong = events(seen)
      .slice(before)
      .filter(({ type, incident, output }) => {
        if (type === 'output.changed') return output.id !== `c${second}`;
        if (type === 'incident.opened') return incident.cause.point !== `panel.c${second}`;
        return type !== 'incident.step';
      });
    if (wrong.length > 0) throw new Error(`after the step: ${JSON.stringify(wrong)}`);
    if (year(opened(second).at) < 2026) throw new Error(`told as of ${opened(second).at}`);
    tell('a kill and a start in the present');
    await stage.daemon.kill();
    await stage.start();
    await stage.trip();
    await allTold(stage);
    const later = events(seen).filter(({ type }) => /returned|closed|escalated/.test(type));
    if (later.length > 0) throw new Error(`after the restart: ${JSON.stringify(later)}`);
    await judge(stage);
    return [
      row('the clock steps forward by', 'years', jumpedYears),
      row('incidents raised, cleared or lost by it', '', 0, 0),
    ];
  } finally {
    await stage.leave();
  }
}
