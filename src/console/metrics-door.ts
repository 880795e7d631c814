// Where the metrics are asked for: `GET /metrics`, and the token with which a program may read them and nothing else. Loads
// what makes them when somebody asks; whether somebody may, the server judges.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Metrics } from './metrics.ts';
import type { House } from './route.ts';

/** Outside of the API: this is where Prometheus looks unless it is told otherwise. */
export const metricsPath = '/metrics';

export function serveMetrics(app: FastifyInstance, house: House): void {
  let metrics: Promise<Metrics> | undefined;
  app.addHook('onClose', async () => (await metrics)?.stop());
  app.get(metricsPath, { config: { least: 'view' }, schema: { hide: true } }, async (_request, reply) => {
    metrics ??= import('./metrics.ts').then(({ createMetrics }) => createMetrics(house));
    const { contentType, text } = await metrics;
    return reply.type(contentType).send(await text());
  });
}

/** Is this `Authorization` header the token? Takes as long for a wrong one as for another. */
export function isMetricsToken(header: string | undefined, token: string | undefined): boolean {
  const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
  if (given === undefined || token === undefined) return false;
  const [one, other] = [given, token].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(one!, other!);
}
