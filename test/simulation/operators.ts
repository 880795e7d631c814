// The people of the simulation: they look at what is open and send a command through the broker, sometimes a second
// time, sometimes a foolish one. Keeps who was answered what; judges nothing.

import type { Incident, Reply } from '../../src/core/types.ts';
import type { Loop } from '../../src/loop.ts';
import type { Chance } from './chance.ts';

export interface Sent {
  readonly id: string;
  readonly command: Readonly<Record<string, unknown>>;
  readonly payload: string;
  /** when it was handed to a daemon that was connected, world ms */
  readonly deliveredMs: number[];
  readonly replies: { readonly reply: Reply; readonly atMs: number }[];
}

export interface Operators {
  readonly sent: ReadonlyMap<string, Sent>;
  /** A person does something; undefined where there is nothing to do. */
  next(loop: Loop): Sent;
  /** The same command once more. */
  again(): Sent | undefined;
  answered(reply: Reply, atMs: number): void;
}

const people = ['ann', 'bob', 'chen'] as const;
const mostRemembered = 200;

export function createOperators(chance: Chance): Operators {
  const sent = new Map<string, Sent>();
  let count = 0;

  const make = (fields: Readonly<Record<string, unknown>>): Sent => {
    count += 1;
    const command = { id: `c${count}`, by: chance.one(people), ...fields };
    const made: Sent = {
      id: command.id,
      command,
      payload: JSON.stringify(command),
      deliveredMs: [],
      replies: [],
    };
    sent.set(made.id, made);
    if (sent.size > mostRemembered) sent.delete(sent.keys().next().value as string);
    return made;
  };

  const aboutOne = (incident: Incident): Readonly<Record<string, unknown>> => {
    const about = { incident: incident.id };
    const closing = {
      verb: 'close',
      ...about,
      verdict: chance.one(['real', 'false', 'test', 'maintenance']),
    };
    const records = { cause: 'found', remedy: 'mended', losses: 'none' };
    if (!incident.acknowledged && chance.happens(0.5)) return { verb: 'ack', ...about };
    if (incident.acknowledged && !incident.active && chance.happens(0.8)) {
      const step = incident.steps.find(({ required, doneAt }) => required && doneAt === undefined);
      return step && chance.happens(0.7)
        ? { verb: 'step', ...about, step: step.id }
        : { ...closing, ...records };
    }
    if (
      incident.signals.some(({ active, latched, rule }) => active && (latched || rule === 'by_hand')) &&
      chance.happens(0.5)
    )
      return { verb: 'reset', ...about };
    return chance.weighed<() => Record<string, unknown>>([
      [8, () => ({ verb: 'ack', ...about })],
      [2, () => ({ verb: 'silence', ...about })],
      [2, () => ({ verb: 'reset', ...about })],
      [2, () => ({ ...closing, ...(chance.happens(0.7) && records) })],
      [2, () => ({ verb: 'note', ...about, text: `seen ${count}` })],
      [1, () => ({ verb: 'step', ...about, step: chance.one(incident.steps)?.id ?? 'none' })],
      [1, () => ({ verb: 'level', ...about, level: chance.one(['general', 'major', 'urgent']) })],
      [2, () => ({ verb: 'shelve', ...about, for: chance.one(['2m', '20m', '2h']), reason: 'works' })],
      [1, () => ({ verb: 'unshelve', ...about })],
      [1, () => ({ verb: 'evidence', ...about, text: 'a photograph' })],
    ])();
  };

  return {
    sent,
    next(loop) {
      const { durable } = loop.state;
      const open = Object.values(durable.incidents);
      const disabled = Object.values(durable.disabled);
      if (open.length > 0 && chance.happens(0.8)) return make(aboutOne(chance.one(open)));
      if (disabled.length > 0 && chance.happens(0.4)) {
        const one = chance.one(disabled);
        return make({ verb: 'enable', [one.of]: one.id, reason: 'done' });
      }
      const { site } = loop.model;
      return make(
        chance.weighed<() => Record<string, unknown>>([
          [
            2,
            () => ({
              verb: 'raise',
              plan: chance.one(['fire', 'water-leak', 'customer-injury']),
              zone: chance.one(site.zones).id,
            }),
          ],
          [
            2,
            () => ({
              verb: 'disable',
              point: chance.one(site.points).id,
              for: chance.one(['5m', '1h']),
              reason: 'works',
            }),
          ],
          [1, () => ({ verb: 'disable', device: chance.one(site.devices).id, for: '20m', reason: 'works' })],
          [1, () => ({ verb: 'disable', zone: chance.one(site.zones).id, for: '10m', reason: 'works' })],
          [
            2,
            () => ({
              verb: 'output',
              output: chance.one(site.outputs).id,
              value: chance.happens(0.5),
              for: chance.one(['30s', '5m']),
            }),
          ],
          [1, () => ({ verb: 'output', output: chance.one(site.outputs).id, value: 'auto' })],
          [1, () => ({ verb: 'drill', action: 'start', plan: 'fire' })],
          [2, () => ({ verb: 'drill', action: 'stop' })],
          [1, () => ({ verb: 'walktest', action: 'start', zone: chance.one(site.zones).id })],
          [2, () => ({ verb: 'walktest', action: 'stop' })],
          [1, () => ({ verb: 'silence' })],
          [1, () => ({ verb: chance.one(['dance', 'ack', 'close']), incident: 'i999' })],
        ])(),
      );
    },
    again() {
      const all = [...sent.values()];
      return all.length === 0 ? undefined : chance.one(all.slice(-30));
    },
    answered(reply, atMs) {
      sent.get(reply.id)?.replies.push({ reply, atMs });
    },
  };
}
