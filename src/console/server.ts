// The console's HTTP server: what each request must pass before a route sees it (name, origin, rate, right, token), how
// answers and errors look, the page's files, and the limits that keep a client from hurting the daemon. The routes are in
// routes.ts, what they tell is the house's.

import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import swagger from '@fastify/swagger';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { ConsoleConfig } from '../config/types.ts';
import { isLoopback } from '../lib/loopback.ts';
import { roles } from '../rights/roles.ts';
import { apiBase, csrfHeader } from './api.ts';
import { secretIn } from './cookie.ts';
import { createDoor } from './door.ts';
import { speak, speakOfPath } from './errors.ts';
import { headers } from './headers.ts';
import { requests } from './limits.ts';
import { isMetricsToken, metricsPath, serveMetrics } from './metrics-door.ts';
import { documentOf, schemaOf } from './openapi.ts';
import { faultOfOrigin, type NameCheck, namesOf } from './origin.ts';
import type { Page } from './pages.ts';
import { createRate } from './rate.ts';
import type { House, Route } from './route.ts';
import { routes } from './routes.ts';
import { Refusal, type Who } from './types.ts';

export interface ConsoleServer {
  readonly url: string;
  readonly port: number;
  /** Reads certificate and key again, for connections from now on. Throws where they can't be used. */
  renew(): void;
  close(): Promise<void>;
}

/** Rejects where it can't listen, or certificate and key can't be used. */
export async function listenConsole(
  config: ConsoleConfig,
  house: House,
  pages: ReadonlyMap<string, Page>,
): Promise<ConsoleServer> {
  const tls = pemOf(config);
  const place = {
    scheme: tls === undefined ? ('http' as const) : ('https' as const),
    isOurs: namesOf(config.listen.host, tls?.cert),
  };
  const door = createDoor({ clock: house.clock, turns: house.turns, tls, isUrgent });
  const app = fastify({
    logger: false,
    serverFactory: (handle) => door.serve(handle),
    frameworkErrors: speakOfPath(house),
    bodyLimit: requests.mostBodyBytes,
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: false, caseSensitive: true },
    forceCloseConnections: true,
    return503OnClosing: false,
    exposeHeadRoutes: false,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
  });
  // the forms are for the document and for what comes in; what goes out is as it is
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  await app.register(swagger, documentOf(house.version));
  guard(app, config, house, place);
  speak(app, house);
  for (const route of routes) add(app, route, house);
  app.get(`${apiBase}/openapi.json`, { config: { least: 'view' }, schema: { hide: true } }, () =>
    app.swagger(),
  );
  serveMetrics(app, house);
  for (const [path, page] of pages) servePage(app, path, page);
  try {
    await app.listen({ host: config.listen.host, port: config.listen.port });
  } catch (error) {
    await app.close();
    throw error;
  }
  const { port } = app.server.address() as AddressInfo;
  const { host } = config.listen;
  return {
    url: `${place.scheme}://${host.includes(':') ? `[${host}]` : host}:${port}/`,
    port,
    renew() {
      const fresh = pemOf(config);
      if (fresh === undefined || !('setSecureContext' in app.server)) return;
      (app.server as unknown as { setSecureContext(given: object): void }).setSecureContext(fresh);
      place.isOurs = namesOf(config.listen.host, fresh.cert);
    },
    async close() {
      const closed = app.close();
      door.cut();
      await closed;
    },
  };
}

/** A command may be an alarm, and a page asks who it is before it can send one. (One that is spelt otherwise waits as all do.) */
const isUrgent = ({ url }: IncomingMessage): boolean =>
  url === `${apiBase}/command` || url === `${apiBase}/session`;

interface Place {
  readonly scheme: 'http' | 'https';
  isOurs: NameCheck;
}

declare module 'fastify' {
  interface FastifyRequest {
    who: Who;
    /** its address has used up what it may ask */
    overdrawn: boolean;
  }
  interface FastifyContextConfig {
    least?: Route['least'];
    isSpared?: Route['isSpared'];
    /** a file of the page, which anybody may have */
    page?: boolean;
  }
}

function pemOf({ cert, key }: ConsoleConfig): { cert: string; key: string } | undefined {
  if (cert === undefined || key === undefined) return undefined;
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}

/** In this order: is it for us and from us, is it not too much, who asks, may they, and did a page of ours send it. */
function guard(app: FastifyInstance, config: ConsoleConfig, house: House, place: Place): void {
  const { settings, sessions, clock } = house;
  const rate = createRate(clock, requests);
  const local = isLoopback(config.listen.host);
  app.decorateRequest('who', null as unknown as Who);
  app.decorateRequest('overdrawn', false);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers);
    if (place.scheme === 'https') reply.header('strict-transport-security', 'max-age=31536000');
    const asksMetrics = request.routeOptions.url === metricsPath;
    // by what will be run, never by how it was written: `/%61pi/…` and `GET http://host/api/…` lead to the same route
    const asksApi = request.is404
      ? request.url.startsWith(`${apiBase}/`)
      : request.routeOptions.config.page !== true;
    if (asksApi) reply.header('cache-control', 'no-store');
    // (of two names one program takes the first and another the last)
    if ((request.raw.headersDistinct.host?.length ?? 0) > 1)
      throw new Refusal(403, 'wrongHost', originWords.wrongHost);
    const fault = faultOfOrigin(
      asksApi ? request.headers : { host: request.headers.host, origin: undefined },
      place,
    );
    if (fault !== undefined) throw new Refusal(403, fault, originWords[fault]);
    if (!asksApi) return;
    const address = addressOf(request);
    request.overdrawn = !rate.take(address);
    if (request.overdrawn && !request.routeOptions.config.isSpared) throw tooMany();
    const secret = secretIn(request.headers.cookie, config);
    // an open stream and its questions are no sign that somebody is there
    const found = sessions.find(secret, request.method !== 'GET');
    const reads = asksMetrics && isMetricsToken(request.headers.authorization, settings().metricsToken);
    const role =
      found?.user.role ?? (local ? settings().withoutLogin : undefined) ?? (reads ? 'view' : undefined);
    request.who = {
      address,
      local,
      ...(found && { user: found.user, login: found.login.key }),
      ...(role && { role: higher(role, local ? settings().withoutLogin : undefined) }),
    };
    permit(request, house);
  });
  app.addHook('preHandler', async (request) => {
    const { isSpared } = request.routeOptions.config;
    if (request.overdrawn && !isSpared?.(house, request.who, request.body)) throw tooMany();
  });
}

/** Nobody loses a right by logging in. */
function higher(
  one: (typeof roles)[number],
  other: (typeof roles)[number] | undefined,
): (typeof roles)[number] {
  return other !== undefined && roles.indexOf(other) > roles.indexOf(one) ? other : one;
}

const originWords = {
  wrongHost: {
    zh: '这不是本网关的名称：请使用它的地址，或证书中的名称',
    en: 'this is not a name of this gateway: use its address, or a name that its certificate has',
  },
  wrongOrigin: { zh: '该请求来自其他网站的页面', en: 'this was sent by a page of somebody else' },
} as const;
const tooMany = (): Refusal =>
  new Refusal(
    429,
    'tooMany',
    { zh: '请求太多：请等一秒', en: 'too many requests: wait a second' },
    { 'retry-after': '1' },
  );
const asksLogin = { zh: '需要登录', en: 'this asks for a login' } as const;

function permit(request: FastifyRequest, { sessions, settings }: House): void {
  const { who } = request;
  const least = request.routeOptions.config?.least;
  if (least !== undefined && least !== 'anybody') {
    if (who.role === undefined || roles.indexOf(who.role) < roles.indexOf(least)) {
      if (who.user === undefined && (settings().users.length > 0 || !who.local))
        throw new Refusal(401, 'loginNeeded', asksLogin);
      throw new Refusal(403, 'notAllowed', {
        zh: `需要角色 ${least}`,
        en: `this asks for the role ${least}`,
      });
    }
  } else if (least === undefined && who.role === undefined) {
    throw new Refusal(401, 'loginNeeded', asksLogin);
  }
  if (request.method === 'GET' || request.method === 'HEAD') return;
  if (!sessions.fits(request.headers[csrfHeader], who.login))
    throw new Refusal(403, 'wrongToken', {
      zh: `请把 ${apiBase}/session 的 csrf 放在请求头 ${csrfHeader} 中`,
      en: `send the \`csrf\` of ${apiBase}/session as the header ${csrfHeader}`,
    });
}

/** A network of IPv6 is one neighbour, who has more addresses than anybody could count. */
function addressOf(request: FastifyRequest): string {
  const address = request.socket.remoteAddress ?? '';
  if (!address.includes(':') || address.startsWith('::ffff:')) return address.replace('::ffff:', '');
  return `${address.split(':').slice(0, 4).join(':')}::/64`;
}

function add(app: FastifyInstance, route: Route, house: House): void {
  app.register(async (scope) => {
    if (route.bodyTypes) {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser([...route.bodyTypes], { parseAs: 'buffer' }, (_request, body, done) =>
        done(null, body),
      );
    } else if (route.method !== 'GET') {
      // a form of another page can send text, and never JSON
      scope.removeContentTypeParser('text/plain');
    }
    scope.route({
      method: route.method,
      url: `${apiBase}${route.path}`,
      config: { least: route.least, ...(route.isSpared && { isSpared: route.isSpared }) },
      schema: schemaOf(route),
      bodyLimit: route.mostBytes ?? requests.mostBodyBytes,
      async handler(request, reply) {
        const answer = await route.handle({
          who: request.who,
          request,
          reply,
          house,
          path: request.params as Record<string, string>,
          query: request.query as Record<string, string>,
          body: request.body,
        });
        return reply.sent ? reply : answer;
      },
    });
  });
}

function servePage(app: FastifyInstance, path: string, page: Page): void {
  app.get(path, { config: { page: true }, schema: { hide: true } }, (request, reply: FastifyReply) => {
    reply
      .type(page.type)
      .header('etag', page.etag)
      .header('vary', 'accept-encoding')
      .header('cache-control', page.lasting ? 'public, max-age=31536000, immutable' : 'no-cache');
    if (request.headers['if-none-match'] === page.etag) return reply.code(304).send();
    const accepts = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    if (!page.gzip || !accepts) return reply.send(page.bytes);
    return reply.header('content-encoding', 'gzip').send(page.gzip);
  });
}
