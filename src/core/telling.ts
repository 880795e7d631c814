// From "these roles are told" to messages: who answers for a role, what goes into one message, when it goes out, and
// what takes it back. Each attempt is recorded in the incident. What becomes of a message on its way is told in
// deliveries.ts; what a channel is, and what the words are, is the shell's business.

import { isoOf, type Turn, touch } from './incidents.ts';
import { answering } from './people.ts';
import { incidentOf, isWanted, toldOf } from './telling-needs.ts';
import { clearTimer, setTimer } from './timers.ts';
import type { Incident, Message, MessageAbout, Person, Told } from './types.ts';

/** What comes within this is one message. */
const gatherMs = 1000;
/** Between two messages to one person, unless something urgent is in it. */
const spacingMs = 15_000;
/** What is withdrawn may have been going out already; so long, and for so many, a late word is still taken in. */
const mostRecalled = 200;
/** A message about more incidents than this is noted in each, and shown with the next change of each. */
export const mostShownAtOnce = 20;
const mostTold = 200;
const mostDeliveries = 60;

export type Telling = Pick<Told, 'kind' | 'rung' | 'roles' | 'because' | 'afterMs' | 'unless' | 'early'>;

/** Tells these roles of an incident: at once over MQTT, and each person who answers for them by a message. */
export function tell(turn: Turn, incident: Incident, what: Telling): Told {
  const { site } = turn.model;
  const people = new Map<string, Person>();
  const nobody: string[] = [];
  for (const role of what.roles) {
    const found = answering(site, role, turn.at.wallMs);
    if (found.length === 0) nobody.push(role);
    for (const person of found) people.set(person.id, person);
  }
  const told = addTold(turn, incident, {
    ...what,
    to: [...people.keys()],
    ...(nobody.length > 0 && { nobody }),
  });
  if (site.telling?.mqtt) for (const role of what.roles) publish(turn, incident, told, role);
  for (const person of people.values()) reach(turn, incident, told, person);
  return told;
}

/**
 * Tells those who answer for a telling's roles now, where nobody of those whom it was for is there any more.
 *
 * @param isLost says of a person whether a reload took them away before anything was delivered
 */
export function tellToo(
  turn: Turn,
  incident: Incident,
  told: Told,
  isLost: (turn: Turn, told: Told, person: string) => boolean,
): void {
  const { durable } = turn.state;
  if (told.kind === 'closed' || !isWanted(durable, { incident: incident.id, told: told.number })) return;
  if (!told.to.every((id) => isLost(turn, told, id))) return;
  const found = told.roles.flatMap((role) => answering(turn.model.site, role, turn.at.wallMs));
  for (const person of new Set(found)) {
    if (told.to.includes(person.id)) continue;
    turn.state.dirty = true;
    told.to.push(person.id);
    reach(turn, incident, told, person);
    touch(turn, incident);
  }
}

/** Keeps in the incident that somebody is told, or that a rung was left out. */
export function addTold(
  turn: Turn,
  incident: Incident,
  what: Telling & Pick<Told, 'to'> & Partial<Pick<Told, 'nobody' | 'skipped'>>,
): Told {
  incident.told ??= [];
  const told: Told = {
    number: (incident.told.at(-1)?.number ?? 0) + 1,
    activation: incident.activation ?? 1,
    at: isoOf(turn.at),
    atMs: turn.at.steadyMs,
    skipped: false,
    deliveries: [],
    ...what,
  };
  turn.state.dirty = true;
  incident.told.push(told);
  if (incident.told.length > mostTold) forgetOldest(incident);
  touch(turn, incident);
  return told;
}

/** Of earlier activations only, and first what was left out; what is under way stays. */
function forgetOldest({ told, activation }: Incident): void {
  const isOver = (one: Told): boolean =>
    one.activation !== activation && one.deliveries.every(({ state }) => state !== 'waiting');
  const leftOut = told!.findIndex((one) => one.skipped && isOver(one));
  const oldest = leftOut >= 0 ? leftOut : told!.findIndex(isOver);
  if (oldest >= 0) told!.splice(oldest, 1);
}

function publish(turn: Turn, incident: Incident, told: Told, role: string): void {
  const before = incident.told!.filter((one) => one.deliveries.some((each) => each.role === role));
  const about = { incident: incident.id, told: told.number, attempt: before.length + 1 };
  addMessage(turn, { channel: 'mqtt', role, drill: incident.drill, about: [about] });
}

/** Someone whom a message can reach. */
export function personOf(turn: Turn, id: string): Person | undefined {
  return turn.model.site.telling?.people.find((one) => one.id === id && one.channels.length > 0);
}

/** Puts it into the person's next message. */
function reach(turn: Turn, incident: Incident, told: Told, person: Person): void {
  if (person.channels.length === 0) return;
  if (incident.drill && incident.allow?.channels !== true) {
    for (const channel of person.channels.slice(0, 1))
      told.deliveries.push({
        message: '',
        channel,
        person: person.id,
        state: 'held',
        at: isoOf(turn.at),
        because: 'a drill tells nobody outside',
      });
    return;
  }
  gather(
    turn,
    person.id,
    incident,
    { incident: incident.id, told: told.number },
    turn.at.steadyMs + gatherMs,
  );
}

/** The person's next message tells of this too; it goes out at `fromMs`, steady ms, at the earliest. */
export function gather(
  turn: Turn,
  person: string,
  incident: Incident,
  about: MessageAbout,
  fromMs: number,
): void {
  const { baskets, lastToldMs } = turn.state.durable;
  const key = incident.drill ? `${person}~drill` : person;
  const basket = baskets[key] ?? { person, drill: incident.drill, about: [] };
  baskets[key] = basket;
  basket.about.push(about);
  const lastMs = lastToldMs[key];
  const spacedMs = incident.level === 'urgent' || lastMs === undefined ? fromMs : lastMs + spacingMs;
  const dueMs = Math.max(fromMs, spacedMs);
  const timer = `tell:${key}`;
  const waiting = turn.state.timers.due[timer];
  if (waiting === undefined || dueMs < waiting) setTimer(turn.state.timers, timer, dueMs);
  turn.state.dirty = true;
}

/** A person's basket is due: it becomes a message, on two channels at once where something urgent is in it. */
export function basketDue(turn: Turn, key: string): void {
  const { durable } = turn.state;
  const basket = durable.baskets[key];
  delete durable.baskets[key];
  if (basket === undefined) return;
  const person = personOf(turn, basket.person);
  const wanted = basket.about.filter((one) => isWanted(durable, one));
  const shelved = wanted.filter(({ incident }) => incidentOf(durable, incident)?.state === 'shelved');
  const about = wanted.filter((one) => !shelved.includes(one));
  if (shelved.length > 0) {
    // nobody is called off the shelf: it waits until the first of them leaves it
    durable.baskets[key] = { ...basket, about: shelved };
    const ends = shelved.map(({ incident }) => incidentOf(durable, incident)!.shelvedUntilMs!);
    setTimer(turn.state.timers, `tell:${key}`, Math.min(...ends) + gatherMs);
  }
  if (person !== undefined && about.length > 0) {
    durable.lastToldMs[key] = turn.at.steadyMs;
    const urgent = about.some(({ incident }) => {
      const found = incidentOf(durable, incident);
      return found?.level === 'urgent' && found.state !== 'closed';
    });
    for (const channel of person.channels.slice(0, urgent ? 2 : 1))
      addMessage(turn, { channel, person: person.id, drill: basket.drill, about });
  }
  prune(turn, basket.about);
}

/** An incident came off the shelf: what people were to be told of it waits no longer. */
export function tellFromShelf(turn: Turn, incident: string): void {
  for (const [key, { about }] of Object.entries(turn.state.durable.baskets)) {
    const timer = `tell:${key}`;
    const dueMs = turn.at.steadyMs + gatherMs;
    if (!about.some((one) => one.incident === incident) || turn.state.timers.due[timer]! <= dueMs) continue;
    setTimer(turn.state.timers, timer, dueMs);
    turn.state.dirty = true;
  }
}

/** A message goes on its way, and is recorded with every telling that it is about. */
export function addMessage(turn: Turn, what: Omit<Message, 'id' | 'sinceMs'>): void {
  const { durable, timers } = turn.state;
  durable.messageCount += 1;
  // (what is handed over brings the number of the message before along)
  const message: Message = { ...what, id: `m${durable.messageCount}`, sinceMs: turn.at.steadyMs };
  durable.messages[message.id] = message;
  turn.state.dirty = true;
  turn.effects.messages = true;
  for (const about of what.about) {
    const incident = incidentOf(durable, about.incident);
    const told = toldOf(incident, about.told);
    if (incident === undefined || told === undefined) continue;
    told.deliveries.push({
      message: message.id,
      channel: what.channel,
      ...(what.person !== undefined && { person: what.person }),
      ...(what.role !== undefined && { role: what.role }),
      state: 'waiting',
      at: isoOf(turn.at),
    });
    if (told.deliveries.length > mostDeliveries) {
      const oldest = told.deliveries.findIndex(({ state }) => state === 'failed');
      if (oldest >= 0) told.deliveries.splice(oldest, 1);
    }
    touch(turn, incident);
  }
  const withinMs = turn.model.site.telling?.channels.find(({ id }) => id === what.channel)?.withinMs;
  if (withinMs !== undefined) setTimer(timers, `hand:${message.id}`, turn.at.steadyMs + withinMs);
}

/** Takes out of the messages on their way what an incident no longer needs said. */
export function withdrawNeedless(turn: Turn, incident: Incident): void {
  const { durable, timers } = turn.state;
  for (const told of incident.told ?? []) {
    const waiting = told.deliveries.filter(({ state }) => state === 'waiting');
    if (waiting.length === 0 || isWanted(durable, { incident: incident.id, told: told.number })) continue;
    for (const delivery of waiting) {
      turn.state.dirty = true;
      turn.effects.messages = true;
      delivery.state = 'withdrawn';
      delivery.endedAt = isoOf(turn.at);
      const message = durable.messages[delivery.message];
      if (message === undefined) continue;
      const about = message.about.filter((one) => one.incident !== incident.id || one.told !== told.number);
      if (about.length > 0) durable.messages[message.id] = { ...message, about };
      else {
        delete durable.messages[message.id];
        clearTimer(timers, `hand:${message.id}`);
        durable.recalled.push({ id: message.id, about: [{ incident: incident.id, told: told.number }] });
        if (durable.recalled.length > mostRecalled) durable.recalled.shift();
      }
    }
    touch(turn, incident);
  }
}

/** An incident is closed: what was to be told of it is withdrawn, and those who know of it learn that it is over. */
export function leave(turn: Turn, incident: Incident): void {
  const { durable } = turn.state;
  if (durable.leaving[incident.id] !== undefined || incident.told?.some(({ kind }) => kind === 'closed'))
    return;
  const people = turn.model.site.telling?.people ?? [];
  withdrawNeedless(turn, incident);
  const reached = new Set(
    (incident.told ?? []).flatMap(({ deliveries }) =>
      deliveries.flatMap((one) =>
        one.state === 'delivered' && one.person !== undefined ? [one.person] : [],
      ),
    ),
  );
  const to = people.filter(({ id, channels }) => reached.has(id) && channels.length > 0);
  if (to.length === 0) return;
  durable.leaving[incident.id] = incident;
  const told = addTold(turn, incident, {
    kind: 'closed',
    rung: '',
    roles: [],
    because:
      incident.closedBy !== undefined
        ? `closed by ${incident.closedBy}`
        : incident.drill && incident.closingCause !== undefined
          ? incident.closingCause
          : 'closed',
    to: to.map(({ id }) => id),
  });
  for (const person of to) reach(turn, incident, told, person);
}

/** Lets go of closed incidents of which nobody is told any more. */
export function prune(turn: Turn, abouts: readonly MessageAbout[]): void {
  const { leaving, messages, baskets } = turn.state.durable;
  for (const { incident } of abouts) {
    if (leaving[incident] === undefined) continue;
    const names = (one: MessageAbout): boolean => one.incident === incident;
    const still =
      Object.values(messages).some(({ about }) => about.some(names)) ||
      Object.values(baskets).some(({ about }) => about.some(names));
    if (!still) delete leaving[incident];
  }
}
