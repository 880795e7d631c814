// Laws of what is on its way: messages and their deliveries, baskets, closed incidents that people are still told of,
// and the deadlines of all of them.

import { wakeAt } from '../../src/core/engine.ts';
import type { Incident } from '../../src/core/types.ts';
import { broken, isWanted, type Moment, personOf } from './ladder-account.ts';

export function checkMessages({ account, site, state, input }: Moment): void {
  const { messages, incidents, leaving, baskets, timers } = state.durable;
  if (input.type === 'delivery' && input.outcome !== 'failed' && messages[input.message] !== undefined)
    broken('what was delivered or refused is no longer on its way', input);
  const of = (id: string): Incident | undefined => incidents[id] ?? leaving[id];
  for (const message of Object.values(messages)) {
    if (message.about.length === 0) broken('a message is about something', message);
    const known =
      message.person === undefined
        ? site.telling?.mqtt === true
        : personOf(site, message.person)?.channels.includes(message.channel);
    if (!known) broken('a message goes a way that there is', message);
    if (message.person !== undefined && timers[`hand:${message.id}`] === undefined)
      broken('a message to a person has its time', message);
    for (const { incident: id, told: number } of message.about) {
      const incident = of(id);
      const told = incident?.told?.find((one) => one.number === number);
      const delivery = told?.deliveries.find((one) => one.message === message.id);
      if (incident === undefined || told === undefined || !isWanted(incident, told))
        broken('every message is about something wanted', message, incident?.state, told);
      if (delivery?.state !== 'waiting') broken('a message has its delivery', message, delivery);
      if (incident.drill !== message.drill) broken('a drill and what is real share no message', message);
      if (message.drill && message.person !== undefined && account.allowed.get(id)?.channels !== true)
        broken('a drill tells nobody outside', message);
    }
  }
  for (const incident of [...Object.values(incidents), ...Object.values(leaving)])
    for (const { number, deliveries } of incident.told ?? [])
      for (const { message, state: standing } of deliveries)
        if (
          standing === 'waiting' &&
          !messages[message]?.about.some((one) => one.incident === incident.id && one.told === number)
        )
          broken('a waiting delivery has its message', incident.id, number, message);
  const named = [...Object.values(messages), ...Object.values(baskets)].flatMap(({ about }) => about);
  for (const id of Object.keys(leaving))
    if (!named.some(({ incident }) => incident === id)) broken('who is told of nothing leaves', id);
  for (const [key, { person, about }] of Object.entries(baskets)) {
    if (about.length === 0 || personOf(site, person) === undefined) broken('a basket is for somebody', key);
    if (timers[`tell:${key}`] === undefined) broken('a basket has its time', key);
  }
}

export function checkTimers({ state, input }: Moment): void {
  const { durable } = state;
  const { incidents, messages, baskets } = durable;
  for (const name of Object.keys(durable.timers)) {
    const [kind, id] = name.split(':') as [string, string];
    const isThere =
      kind === 'rung' || kind === 'rise' || kind === 'step' || kind === 'shelve'
        ? incidents[id] !== undefined
        : kind === 'hand'
          ? messages[id] !== undefined
          : kind !== 'tell' || baskets[id] !== undefined;
    if (!isThere) broken('a deadline is of something', name);
  }
  const wakeMs = wakeAt(state) ?? Number.POSITIVE_INFINITY;
  if (input.type === 'tick' && wakeMs <= input.at.steadyMs) broken('a tick does what is due', wakeMs);
  for (const [name, due] of Object.entries(durable.timers))
    if (wakeMs > due) broken('the next deadline is known', name);
}
