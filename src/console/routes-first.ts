// Routes for the first second of a page: what is drawn first in one answer, instead of three behind one another, and the
// names of the site, compressed. They only look.

import { answers as limits } from './limits.ts';
import { json, named, type Route } from './route.ts';
import { sessionOf } from './routes-acting.ts';

export const firstRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/start',
    least: 'anybody',
    summary: 'What a page draws first: `/session`, and where it may be seen `/status` and the open incidents',
    answer: named('Start'),
    handle({ house, who, reply }) {
      const { host, shared, clock } = house;
      const at = JSON.stringify(new Date(clock.wallMs()).toISOString());
      const session = JSON.stringify(sessionOf(house, who));
      reply.type(json);
      if (who.role === undefined) return `{"at":${at},"session":${session}}`;
      const status = shared.json('status', limits.statusLastsMs, () => host.status());
      const incidents = shared.json('open', limits.statusLastsMs, () => host.incidents(false));
      return `{"at":${at},"session":${session},"status":${status},"incidents":${incidents}}`;
    },
  },
  {
    method: 'GET',
    path: '/site',
    least: 'view',
    summary:
      'What does not change until the site file is read again: zones, buses, devices, outputs, plans, people',
    answer: named('SiteView'),
    async handle({ house, request, reply }) {
      const text = JSON.stringify(house.host.site());
      reply.type(json).header('vary', 'accept-encoding');
      if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) return text;
      const pressed = await house.pressed('site', text);
      reply.header('content-encoding', 'gzip');
      return pressed;
    },
  },
];
