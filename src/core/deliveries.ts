// What becomes of a message on its way: delivered, refused or late, handed over to the person's next channel, tried
// again when all have failed, or gone with its channel or person. Knows nothing of ladders: it says which incidents
// have a telling that reached nobody.

import { isoOf, type Turn, touch } from './incidents.ts';
import { addMessage, gather, mostShownAtOnce, personOf, prune, tellToo } from './telling.ts';
import { incidentOf, isWanted, toldOf } from './telling-needs.ts';
import { clearTimer, setTimer } from './timers.ts';
import type { Delivery, Incident, Input, Message, MessageAbout, Told } from './types.ts';

/** After all channels of a person have failed, all are tried again: first after this, then later and later. */
const againAfterMs = 60_000;
const againAtLeastEveryMs = 30 * 60_000;

/** What the shell says became of a message. Returns incidents of which a telling has now reached nobody. */
export function deliverySeen(turn: Turn, input: Extract<Input, { type: 'delivery' }>): Incident[] {
  const { messages } = turn.state.durable;
  const message = Object.hasOwn(messages, input.message) ? messages[input.message] : undefined;
  if (input.outcome === 'delivered') recallTooLate(turn, input.message);
  if (message === undefined) return [];
  switch (input.outcome) {
    case 'delivered':
      removeMessage(turn, message, 'delivered', input.because);
      prune(turn, message.about);
      return [];
    case 'refused':
      return handOver(turn, message, input.because ?? 'refused');
    case 'failed':
      eachDelivery(turn, message, (delivery) => {
        if (delivery.because === input.because || input.because === undefined) return false;
        delivery.because = input.because;
        return true;
      });
      return [];
  }
}

/** What was withdrawn had gone out all the same: whoever has it is one of those who know. */
function recallTooLate(turn: Turn, id: string): void {
  const { durable } = turn.state;
  const late = durable.recalled.filter((one) => one.id === id);
  if (late.length === 0) return;
  turn.state.dirty = true;
  durable.recalled = durable.recalled.filter((one) => one.id !== id);
  for (const { about } of late)
    for (const one of about) {
      const incident = incidentOf(durable, one.incident);
      const delivery = toldOf(incident, one.told)?.deliveries.find(({ message }) => message === id);
      if (incident === undefined || delivery?.state !== 'withdrawn') continue;
      delivery.state = 'delivered';
      delivery.because = 'was going out when it was withdrawn';
      touch(turn, incident);
    }
}

/** After a start nobody was there to carry what was on its way: its channel has its whole time again. */
export function carryAnew(turn: Turn): void {
  const { durable, timers } = turn.state;
  for (const { id, channel } of Object.values(durable.messages)) {
    const withinMs = turn.model.site.telling?.channels.find((one) => one.id === channel)?.withinMs;
    if (withinMs === undefined) continue;
    turn.state.dirty = true;
    setTimer(timers, `hand:${id}`, turn.at.steadyMs + withinMs);
  }
}

/** A message was not delivered in its channel's time. */
export function messageLate(turn: Turn, id: string): Incident[] {
  const message = turn.state.durable.messages[id];
  return message === undefined ? [] : handOver(turn, message, undefined);
}

/** Goes on to the person's next channel; after the last one, begins anew later, for as long as it is wanted. */
function handOver(turn: Turn, message: Message, because: string | undefined): Incident[] {
  removeMessage(turn, message, 'failed', because);
  const incidents = tryNext(turn, message);
  prune(turn, message.about);
  return incidents;
}

function tryNext(turn: Turn, message: Message): Incident[] {
  const { durable } = turn.state;
  if (message.person === undefined) return [];
  const wanted = message.about.filter((about) => isWanted(durable, about));
  const person = personOf(turn, message.person);
  if (person === undefined) return unreached(turn, wanted);
  const open = wanted.filter((about) => !isOnItsWay(turn, about, person.id));
  const at = person.channels.indexOf(message.channel);
  const has = (channel: string, waiting: boolean): boolean =>
    open.some((about) =>
      toldOf(incidentOf(durable, about.incident), about.told)?.deliveries.some(
        (one) => one.person === person.id && one.channel === channel && (!waiting || one.state === 'waiting'),
      ),
    );
  const next =
    person.channels.slice(at + 1).find((channel) => !has(channel, true)) ??
    // (one that a reload has put before it)
    person.channels.find((channel) => !has(channel, false));
  if (next !== undefined) {
    if (open.length > 0) addMessage(turn, { ...message, channel: next, about: open });
    return [];
  }
  for (const about of open) {
    const incident = incidentOf(durable, about.incident)!;
    const told = toldOf(incident, about.told)!;
    told.rounds ??= {};
    const rounds = (told.rounds[person.id] ?? 0) + 1;
    told.rounds[person.id] = rounds;
    const waitMs = Math.min(againAtLeastEveryMs, againAfterMs * 2 ** Math.min(10, rounds - 1));
    if (told.kind !== 'closed') gather(turn, person.id, incident, about, turn.at.steadyMs + waitMs);
  }
  return unreached(turn, open);
}

/** The incidents of these tellings whose rung has now reached none of its people. */
function unreached(turn: Turn, abouts: readonly MessageAbout[]): Incident[] {
  // (a site without ways to people tells roles alone)
  const { people = [], channels = [] } = turn.model.site.telling ?? {};
  if (people.length === 0 || channels.length === 0) return [];
  return abouts.flatMap((about) => {
    const incident = incidentOf(turn.state.durable, about.incident);
    const told = toldOf(incident, about.told);
    if (incident === undefined || told === undefined || told.kind === 'closed') return [];
    return told.to.every((id) => hasFailed(told, id) || isLost(turn, told, id)) ? [incident] : [];
  });
}

/** A reload took this person away before anything was delivered. */
function isLost(turn: Turn, { deliveries }: Told, person: string): boolean {
  const wasReached = deliveries.some((one) => one.person === person && one.state === 'delivered');
  return !wasReached && personOf(turn, person) === undefined;
}

/** Is this person reached by another message of the same telling, or may still be? */
function isOnItsWay(turn: Turn, about: MessageAbout, person: string): boolean {
  const told = toldOf(incidentOf(turn.state.durable, about.incident), about.told);
  return (
    told?.deliveries.some(
      (one) => one.person === person && (one.state === 'waiting' || one.state === 'delivered'),
    ) ?? false
  );
}

function hasFailed({ deliveries, rounds }: Told, person: string): boolean {
  const mine = deliveries.filter((one) => one.person === person);
  // (of many people the oldest failures are not kept)
  return (mine.length > 0 || rounds?.[person] !== undefined) && mine.every(({ state }) => state === 'failed');
}

function removeMessage(
  turn: Turn,
  message: Message,
  state: 'delivered' | 'failed',
  because: string | undefined,
): void {
  const { durable, timers } = turn.state;
  turn.state.dirty = true;
  turn.effects.messages = true;
  delete durable.messages[message.id];
  clearTimer(timers, `hand:${message.id}`);
  eachDelivery(turn, message, (delivery) => {
    delivery.state = state;
    delivery.endedAt = isoOf(turn.at);
    if (because !== undefined) delivery.because = because;
    else if (state === 'failed') delivery.because ??= 'not delivered in time';
    return true;
  });
}

/**
 * After a reload: what was on its way by a channel or to a person that is gone goes another way, or is let go.
 * Returns incidents of which a telling has now reached nobody.
 */
export function tellAnew(turn: Turn): Incident[] {
  const { telling } = turn.model.site;
  const { durable, timers } = turn.state;
  const incidents = new Set<Incident>();
  // First: whoever answers for a role now is told of what reached nobody who is still there.
  for (const incident of Object.values(durable.incidents))
    for (const told of incident.told ?? [])
      if (!told.skipped && told.activation === incident.activation) tellToo(turn, incident, told, isLost);
  for (const [key, { person, about }] of Object.entries(durable.baskets)) {
    if (personOf(turn, person) !== undefined) continue;
    turn.state.dirty = true;
    delete durable.baskets[key];
    clearTimer(timers, `tell:${key}`);
    const wanted = about.filter((one) => isWanted(durable, one));
    for (const incident of unreached(turn, wanted)) incidents.add(incident);
    prune(turn, about);
  }
  for (const message of Object.values(turn.state.durable.messages)) {
    const known =
      message.channel === 'mqtt'
        ? telling?.mqtt
        : telling?.people.some(
            ({ id, channels }) => id === message.person && channels.includes(message.channel),
          );
    if (known) continue;
    for (const incident of handOver(turn, message, 'removed from the configuration')) incidents.add(incident);
  }
  return [...incidents];
}

function eachDelivery(turn: Turn, message: Message, how: (delivery: Delivery) => boolean): void {
  for (const about of message.about) {
    const incident = incidentOf(turn.state.durable, about.incident);
    const delivery = toldOf(incident, about.told)?.deliveries.find((one) => one.message === message.id);
    if (incident === undefined || delivery === undefined || !how(delivery)) continue;
    turn.state.dirty = true;
    // A flood's receipts would write a thousand incidents each; they are remembered, and shown with what comes next.
    if (message.about.length <= mostShownAtOnce) touch(turn, incident);
  }
}
