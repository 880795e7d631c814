// Routes that tell of the house: its state, points, incidents, trends and the live stream. They only look.

import type { ServerResponse } from 'node:http';
import { longestPage, mostSteps, usualSteps } from '../control/types.ts';
import type { Event, Incident } from '../core/types.ts';
import { answers as limits } from './limits.ts';
import { isTrue, momentOf, numberOf } from './query.ts';
import { type Asked, type House, json, listOf, named, type Route } from './route.ts';
import { heardBefore, type Listening } from './stream.ts';
import { Refusal, type Words } from './types.ts';

const text = { type: 'string' } as const;

/** Of what is the same for all: made into text once, until something changes. */
function shared({ house, reply }: Asked, name: string, lastsMs: number, make: () => unknown): Buffer {
  reply.type(json);
  return house.shared.json(name, lastsMs, make);
}

function existing<T>(found: T | undefined, what: Words): T {
  if (found === undefined)
    throw new Refusal(404, 'notFound', { zh: `没有${what.zh}`, en: `there is no ${what.en}` });
  return found;
}

/** Ids come from outside: only their form is looked at here. */
function idOf(value: string | undefined): string {
  if (value === undefined || value === '' || value.length > 200)
    throw new Refusal(400, 'badRequest', {
      zh: '路径中的编号为空或太长',
      en: 'the id in the path is empty or too long',
    });
  return value;
}

export const houseRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/health',
    least: 'anybody',
    summary: 'Is it there? For load balancers; tells no more.',
    answer: { type: 'object', properties: { state: { const: 'online' } }, required: ['state'] },
    handle: () => ({ state: 'online' }),
  },
  {
    method: 'GET',
    path: '/status',
    least: 'view',
    summary: 'How the house is: what `keepwatch status --json` prints',
    answer: named('StatusReport'),
    handle: (asked) => shared(asked, 'status', limits.statusLastsMs, () => asked.house.host.status()),
  },
  {
    method: 'GET',
    path: '/points',
    least: 'view',
    summary: 'All points as they are',
    answer: listOf(named('PointView')),
    handle: (asked) => shared(asked, 'points', limits.pointsLastMs, () => asked.house.host.points()),
  },
  {
    method: 'GET',
    path: '/points/:id',
    least: 'view',
    summary: 'One point as it is',
    answer: named('PointView'),
    handle: ({ house, path }) =>
      existing(house.host.point(idOf(path.id)), { zh: '这个测点', en: 'such point' }),
  },
  {
    method: 'GET',
    path: '/points/:id/trend',
    least: 'view',
    summary: 'What a point that is a number did: from one moment to another, in steps of equal length',
    query: { from: text, to: text, most: text },
    answer: named('Trend'),
    handle: trend,
  },
  {
    method: 'GET',
    path: '/incidents',
    least: 'view',
    summary:
      'Open incidents, newest first; with `all=true` closed ones too, `after` the one that was the last so far',
    query: { all: text, after: text, limit: text },
    answer: {
      type: 'object',
      properties: { incidents: listOf(named('Incident')) },
      required: ['incidents'],
    },
    handle(asked) {
      const { house, query } = asked;
      if (!isTrue(query, 'all'))
        return shared(asked, 'incidents', limits.statusLastsMs, () => ({
          incidents: house.host.incidents(false),
        }));
      const limit = numberOf(query, 'limit', { least: 1, most: limits.mostIncidents, otherwise: 100 });
      return past(asked, limit, query.after === undefined ? undefined : idOf(query.after));
    },
  },
  {
    method: 'GET',
    path: '/incidents/:id',
    least: 'view',
    summary: 'An incident with its events and what comes next; the id may be shortened where that is unique',
    answer: named('IncidentView'),
    handle({ house, path }) {
      const found = house.host.explain(idOf(path.id));
      existing(found.incident, { zh: '这个事件', en: 'such incident' });
      return found;
    },
  },
  {
    method: 'GET',
    path: '/history',
    least: 'view',
    summary: 'Incidents of a time, oldest first, in pages: `after` is the `next` of the page before',
    query: { from: text, to: text, after: text },
    answer: {
      type: 'object',
      properties: { incidents: listOf(named('Incident')), next: { type: 'integer' } },
      required: ['incidents'],
    },
    handle({ house, query }) {
      const after = numberOf(query, 'after', { least: 0, most: Number.MAX_SAFE_INTEGER, otherwise: 0 });
      return house.host.history({ from: momentOf(query, 'from'), to: momentOf(query, 'to'), after });
    },
  },
  {
    method: 'GET',
    path: '/events',
    least: 'view',
    summary: `Events after the number \`after\`, in order, at most ${longestPage}`,
    query: { after: text, limit: text },
    answer: listOf(named('Event')),
    handle: (asked) =>
      events(
        asked,
        numberOf(asked.query, 'after', { least: 0, most: Number.MAX_SAFE_INTEGER, otherwise: 0 }),
        numberOf(asked.query, 'limit', { least: 1, most: longestPage, otherwise: longestPage }),
      ),
  },
  {
    method: 'GET',
    path: '/stream',
    least: 'view',
    summary: 'The live stream of server-sent events; `Last-Event-ID` or `after` goes on where it was left',
    query: { after: text },
    answer: 'text/event-stream',
    handle: stream,
  },
];

/** Newest first. */
async function past(asked: Asked, limit: number, after: string | undefined): Promise<string> {
  const pieces = await inPieces<Incident>(asked, limit, limits.incidentsInOneTurn, (count, last) => {
    const before = last?.id ?? after;
    return asked.house.host.past({ limit: count, ...(before !== undefined && { before }) });
  });
  return `{"incidents":[${pieces}]}`;
}

async function events(asked: Asked, after: number, limit: number): Promise<string> {
  const pieces = await inPieces<Event>(asked, limit, limits.eventsInOneTurn, (count, last) =>
    asked.house.host.eventsAfter(last?.seq ?? after, count),
  );
  return `[${pieces}]`;
}

/** JSON of a list, without its brackets, a few entries in a turn of the loop: all at once would hold up an alarm. */
async function inPieces<T>(
  { house, reply }: Asked,
  limit: number,
  inOneTurn: number,
  take: (count: number, last: T | undefined) => readonly T[],
): Promise<string> {
  const pieces: string[] = [];
  let last: T | undefined;
  for (let left = limit; left > 0; ) {
    const count = Math.min(left, inOneTurn);
    const found = await house.turns.run(() => {
      const some = take(count, last);
      if (some.length > 0) pieces.push(JSON.stringify(some).slice(1, -1));
      return some;
    });
    left -= count;
    if (found.length < count) break;
    last = found.at(-1);
  }
  reply.type(json);
  return pieces.join(',');
}

async function trend({ house, path, query }: Asked): Promise<unknown> {
  const [fromMs, toMs] = [Date.parse(momentOf(query, 'from')), Date.parse(momentOf(query, 'to'))];
  if (fromMs >= toMs)
    throw new Refusal(400, 'badRequest', {
      zh: 'from 应早于 to',
      en: '`from` must be before `to`',
    });
  const most = numberOf(query, 'most', { least: 1, most: mostSteps, otherwise: usualSteps });
  const id = idOf(path.id);
  try {
    return await house.host.trend(id, { fromMs, toMs, most });
  } catch (error) {
    throw noTrend(house, id, error);
  }
}

function noTrend({ host }: House, id: string, error: unknown): unknown {
  const { code } = error as { code?: string };
  if (code === 'refused')
    return new Refusal(409, code, {
      zh: '此处不记录数值：telemetry.keep 为 0s',
      en: 'nothing is recorded here: `telemetry.keep` is 0s',
    });
  if (code !== 'notFound') return error;
  if (host.point(id) === undefined)
    return new Refusal(404, code, { zh: '没有这个测点', en: 'there is no such point' });
  return new Refusal(404, code, {
    zh: `${id} 不是数值：只记录数值`,
    en: `${id} is no number: only numbers are recorded`,
  });
}

function stream({ house, who, request, reply, query }: Asked): unknown {
  const given = request.headers['last-event-id'] ?? query.after;
  const after = heardBefore(typeof given === 'string' ? given : undefined, house.host.epoch());
  const { raw } = reply;
  const headers = reply.getHeaders() as Record<string, string>;
  const to = listeningOf(raw);
  // a place is taken before the head is written, so that a refusal can still have its status
  const held: string[] = [];
  let open = false;
  const leave = house.stream.join(
    { ...to, write: (said) => void (open ? to.write(said) : held.push(said)) },
    { owner: who.user === undefined ? who.address : `user ${who.user.id}`, login: who.login },
    after,
  );
  if (leave === undefined)
    throw new Refusal(
      503,
      'busy',
      { zh: '打开的页面太多', en: 'too many pages listen already' },
      { 'retry-after': '10' },
    );
  reply.hijack();
  raw.on('close', leave);
  raw.on('error', leave);
  raw.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    // a proxy between must not keep back what is live
    'x-accel-buffering': 'no',
  });
  raw.write('retry: 1000\n\n');
  open = true;
  for (const said of held.splice(0)) to.write(said);
  return undefined;
}

function listeningOf(raw: ServerResponse): Listening {
  return {
    write: (said) => void raw.write(said),
    unread: () => raw.writableLength,
    drained: () =>
      new Promise((resolve) => {
        if (raw.destroyed || !raw.writableNeedDrain) return resolve();
        raw.once('drain', resolve);
        raw.once('close', resolve);
      }),
    close: () => raw.destroy(),
  };
}
