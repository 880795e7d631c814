// What must hold of ladders and messages after every input, said without the engine's own words where that is
// possible: it sees what was put in and what state shows, keeps its own account of activations, rungs and people,
// and throws at the first thing that can't be.

import { isPlausible, isWorkingHour, limitMs, localOf } from '../../src/core/calendar.ts';
import { wakeAt } from '../../src/core/engine.ts';
import { desiredOutputs } from '../../src/core/outputs.ts';
import { rungKey } from '../../src/core/telling-needs.ts';
import type { Incident, Rung, Told } from '../../src/core/types.ts';
import {
  broken,
  hasWays,
  isFor,
  isNeedless,
  isWanted,
  levels,
  type Moment,
  personOf,
  planOf,
} from './ladder-account.ts';
import { checkMessages, checkTimers } from './ladder-message-laws.ts';

export function checkLaws(moment: Moment): void {
  const { state, effects, input, account } = moment;
  const { incidents, leaving } = state.durable;
  const all = new Map([...Object.entries(incidents), ...Object.entries(leaving), ...effects.incidents]);
  const command = input.type === 'command' && effects.reply?.ok ? input.command : undefined;
  if (command?.verb === 'drill' && command.action === 'start')
    account.allowed.set(String(effects.reply?.incident), {
      outputs: command.outputs === true,
      channels: command.channels === true,
    });
  if (input.type === 'reloaded') noteLost(moment, all.values());
  for (const incident of all.values()) {
    noteActivation(moment, incident);
    checkTold(moment, incident);
    checkLevel(moment, incident);
    if (incident.state === 'closed') checkClosed(moment, incident);
  }
  for (const incident of Object.values(incidents)) {
    checkLadder(moment, incident);
    checkSteps(moment, incident);
    checkPeople(moment, incident);
  }
  checkHastened(moment);
  checkMessages(moment);
  checkTimers(moment);
  checkDrills(moment);
}

function noteLost({ account, site }: Moment, all: Iterable<Incident>): void {
  for (const { id, told } of all)
    for (const { number, to } of told ?? [])
      for (const person of to)
        if (personOf(site, person) === undefined) account.lost.add(`${id}:${number}:${person}`);
}

function noteActivation({ account, input, activeBefore }: Moment, incident: Incident): void {
  const known = account.activations.get(incident.id);
  const number = incident.activation ?? 0;
  if (known?.number !== number) {
    if (number !== (known?.number ?? 0) + 1 || activeBefore.has(incident.id))
      broken('an activation begins when it was at rest', incident.id, known, number);
    account.activations.set(incident.id, { number, atMs: input.at.steadyMs, wallMs: input.at.wallMs });
  }
  const key = `${incident.id}:${number}`;
  if (incident.acknowledged) account.acknowledged.add(key);
  else if (account.acknowledged.has(key)) broken('acknowledged stays so', incident.id);
  if (incident.state !== 'closed' && incident.active !== incident.signals.some(({ active }) => active))
    broken('active follows the signals alone', incident.id);
}

/** What waits for the return is told once each time that it comes, all else once an activation. */
function settledKey(incident: Incident, rung: Rung): string {
  const since = rung.unless === 'returned' ? incident.activeSinceMs : '';
  return `${incident.id}:${incident.activation}:${since}:${rungKey(rung)}`;
}

function dueOf({ account, site, input }: Moment, incident: Incident, rung: Rung): number {
  const begun =
    rung.unless === 'returned'
      ? { atMs: incident.activeSinceMs!, wallMs: Date.parse(incident.activeSinceAt!) }
      : account.activations.get(incident.id)!;
  const before = incident.told?.findLast(
    (told) =>
      told.rung === rungKey(rung) &&
      !told.skipped &&
      told.activation === incident.activation &&
      told.atMs < input.at.steadyMs,
  );
  const dueMs = begun.atMs + limitMs(rung.after, site.calendar, begun.wallMs);
  return Math.max(dueMs, before === undefined ? 0 : before.atMs + 5 * 60_000);
}

/** Tellings that are new: each rung once, in its time, and not in vain. */
function checkTold(moment: Moment, incident: Incident): void {
  const { account, site, input } = moment;
  for (const told of incident.told ?? []) {
    if (told.number <= (account.numbers.get(incident.id) ?? 0)) continue;
    account.numbers.set(incident.id, told.number);
    // (whom no channel reaches is told by way of the role alone)
    noteLost(moment, [{ ...incident, told: [told] }]);
    if (told.kind !== 'rung') continue;
    if (told.activation !== incident.activation) broken('told in the present activation', incident.id, told);
    const rung = planOf(site, incident)?.notify?.find((one) => rungKey(one) === told.rung);
    if (rung === undefined) broken('only rungs of the plan are told', incident.id, told.rung);
    const key = settledKey(incident, rung);
    if (account.settled.has(key)) broken('a rung is told once an activation', incident.id, told.rung);
    account.settled.add(key);
    if (told.skipped) continue;
    if (rung.unless === 'acknowledged' && account.acknowledged.has(`${incident.id}:${told.activation}`))
      broken('nobody is called after the acknowledgement', incident.id, told);
    if (isNeedless(incident, rung.unless)) broken('no needless telling', incident.id, told);
    if (incident.state === 'shelved') broken('no rung from the shelf', incident.id, told);
    if (!isFor(incident, rung)) broken('no rung of a higher level', incident.id, told);
    if (input.at.steadyMs < dueOf(moment, incident, rung)) {
      const excuse = incident.told!.some(
        (one) => one.number < told.number && hasReachedNobody(moment, incident, one, true),
      );
      if (rung.unless !== 'acknowledged' || !excuse) broken('no rung before its time', incident.id, told);
    }
    account.toldMs.set(`${incident.id}:${told.rung}`, input.at.steadyMs);
  }
}

/**
 * Did this rung reach none of its people, for good or for now? `again`: what goes out at this very moment does not
 * count, because a message to one whom all channels failed may take the telling along at once.
 */
function hasReachedNobody({ site, input }: Moment, incident: Incident, told: Told, again = false): boolean {
  if (told.kind === 'closed' || told.skipped || !isWanted(incident, told)) return false;
  if (told.to.length === 0) return (site.telling?.people.length ?? 0) > 0;
  if (!hasWays(site)) return false;
  return told.to.every((id) => {
    const channels = personOf(site, id)?.channels;
    const mine = told.deliveries.filter(({ person }) => person === id);
    const failed = mine.filter(({ state }) => state === 'failed');
    if (failed.length === mine.length) return channels === undefined || mine.length > 0;
    return (
      again &&
      channels?.every((channel) => failed.some((one) => one.channel === channel)) &&
      mine.every(
        ({ state, at }) => state === 'failed' || (state === 'waiting' && Date.parse(at) === input.at.wallMs),
      )
    );
  });
}

/** Another rung, climbed at the same time, that has somebody. */
function isBeside(one: Told, told: Told): boolean {
  return one.kind === 'rung' && !one.skipped && one.atMs === told.atMs && one.to.length > 0;
}

/** Whoever was called and could not be reached brings the next rung forward. */
function checkHastened(moment: Moment): void {
  const { account, state, effects, site, input } = moment;
  for (const incident of Object.values(state.durable.incidents)) {
    for (const told of incident.told ?? []) {
      const key = `${incident.id}:${told.number}`;
      // (where a reload took everybody away nobody is missed)
      if (!hasWays(site)) account.unreached.add(key);
      if (account.unreached.has(key) || !hasReachedNobody(moment, incident, told)) continue;
      account.unreached.add(key);
      // (somebody else was told in the same moment)
      if (told.to.length === 0 && incident.told!.some((one) => isBeside(one, told))) continue;
      if (told.activation !== incident.activation || incident.acknowledged || incident.state === 'shelved')
        continue;
      // (it may have left the shelf in this very tick; the rungs then come in their time)
      if (effects.events.some((one) => one.type === 'incident.unshelved' && one.incident?.id === incident.id))
        continue;
      const climbed = incident.told!.some(
        (one) =>
          one.kind === 'rung' &&
          !one.skipped &&
          one.unless === 'acknowledged' &&
          one.atMs === input.at.steadyMs &&
          effects.incidents.has(incident.id),
      );
      const left = (planOf(site, incident)?.notify ?? []).filter(
        (rung) =>
          rung.unless === 'acknowledged' &&
          isFor(incident, rung) &&
          isInHours(moment, rung) &&
          !account.settled.has(settledKey(incident, rung)),
      );
      if (!climbed && left.length > 0)
        broken('nobody reached brings the next rung forward', incident.id, told);
    }
  }
}

function isInHours({ site, input }: Moment, { hours }: Rung): boolean {
  const { calendar } = site;
  if (hours === undefined || !calendar || calendar.working.length === 0) return true;
  if (!isPlausible(input.at.wallMs)) return true;
  return isWorkingHour(calendar, localOf(calendar, input.at.wallMs)) === (hours === 'working');
}

/** Was this told of another incident of the same thing a short while ago, and has it its time still to come? */
function isOfLate({ site, state, input }: Moment, incident: Incident, rung: Rung): boolean {
  if (planOf(site, incident)?.closing !== 'itself') return false;
  return (state.durable.timers[`rung:${incident.id}:${rungKey(rung)}`] ?? 0) > input.at.steadyMs;
}

/** Nothing that is due is left lying. */
function checkLadder(moment: Moment, incident: Incident): void {
  const { account, site, state, input } = moment;
  const left = (planOf(site, incident)?.notify ?? []).filter(
    (rung) =>
      isFor(incident, rung) &&
      // (what has returned may come back, and counts from then)
      !(rung.unless === 'returned' && !incident.active) &&
      // (a trouble that comes again and again is told once in half an hour)
      !isOfLate(moment, incident, rung) &&
      !account.settled.has(settledKey(incident, rung)),
  );
  if (incident.state === 'shelved') return;
  for (const rung of left) {
    if (isNeedless(incident, rung.unless)) broken('what is needless is noted as left out', incident.id, rung);
    if (dueOf(moment, incident, rung) <= input.at.steadyMs) broken('a rung is due', incident.id, rung);
  }
  if (incident.category !== 'alarm' || incident.acknowledged) return;
  if (left.length > 0 && wakeAt(state) === undefined) broken('no sleep under an open alarm', incident.id);
}

function checkSteps({ account, site, input }: Moment, incident: Incident): void {
  for (const { id, within } of planOf(site, incident)?.steps ?? []) {
    const step = incident.steps.find((one) => one.id === id);
    if (within === undefined || step?.dueMs === undefined || step.doneBy !== undefined) continue;
    // (nobody is called off the shelf)
    if (step.dueMs <= input.at.steadyMs && step.overdueAt === undefined && incident.state !== 'shelved')
      broken('a step past its limit is overdue', incident.id, id);
    if (step.overdueAt === undefined || account.overdue.has(`${incident.id}:${id}`)) continue;
    account.overdue.add(`${incident.id}:${id}`);
    if (step.dueMs > input.at.steadyMs) broken('a step in its time is not overdue', incident.id, id);
  }
}

/** Each of those who are told has it, has it on the way, or has it in the next message. */
function checkPeople({ account, site, state }: Moment, incident: Incident): void {
  if (incident.drill && account.allowed.get(incident.id)?.channels !== true) return;
  for (const told of incident.told ?? []) {
    if (told.kind !== 'rung' || told.activation !== incident.activation || !isWanted(incident, told))
      continue;
    for (const id of told.to) {
      if (personOf(site, id) === undefined || account.lost.has(`${incident.id}:${told.number}:${id}`))
        continue;
      const carried = told.deliveries.some(
        (one) => one.person === id && (one.state === 'waiting' || one.state === 'delivered'),
      );
      const waits = Object.values(state.durable.baskets).some(
        ({ person, about }) =>
          person === id && about.some((one) => one.incident === incident.id && one.told === told.number),
      );
      if (!carried && !waits) broken('nobody who is to be told is forgotten', incident.id, told, id);
    }
  }
}

function checkLevel({ account }: Moment, { id, level }: Incident): void {
  if (levels.indexOf(level) < levels.indexOf(account.levels.get(id) ?? 'general'))
    broken('a level never falls', id, level);
  account.levels.set(id, level);
}

/** Who knows of it learns that it is over, and nobody else. */
function checkClosed({ account, site }: Moment, incident: Incident): void {
  if (account.closed.has(incident.id)) return;
  account.closed.add(incident.id);
  const reached = new Set(
    incident.told?.flatMap(({ deliveries }) =>
      deliveries.flatMap(({ state, person }) =>
        state === 'delivered' && person !== undefined ? [person] : [],
      ),
    ),
  );
  const wanted = (site.telling?.people ?? []).flatMap(({ id, channels }) =>
    reached.has(id) && channels.length > 0 ? [id] : [],
  );
  const told = incident.told?.find(({ kind }) => kind === 'closed')?.to ?? [];
  if (wanted.join() !== told.join())
    broken('the all-clear goes to those who know', incident.id, wanted, told);
}

function checkDrills({ account, state, model, effects }: Moment): void {
  const open = Object.values(state.durable.incidents);
  const drills = open.filter(({ drill }) => drill);
  // (a thing of no great weight that somebody wrote down is no alarm)
  const isReal = open.some(
    ({ drill, category, signals, level, cause }) =>
      !drill &&
      category === 'alarm' &&
      signals.some(({ active }) => active) &&
      (level !== 'general' || cause.rule !== 'by_hand'),
  );
  if (drills.length > 0 && isReal) broken('a real alarm ends drills', drills[0]!.id);
  for (const { id } of drills) {
    if (account.allowed.get(id)?.outputs === true) continue;
    for (const { because } of desiredOutputs(state, model).values())
      if (because.endsWith(`incident ${id}`)) broken('a drill moves no outputs', id, because);
  }
  for (const { type, incident, drill } of effects.events)
    if (incident !== undefined && incident.drill !== drill)
      broken('a drill is marked everywhere', type, incident.id);
}
