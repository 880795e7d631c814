// Routes that act: logging in and out, commands, and the demo's scenes. Commands are judged here by the right of whoever
// asks, and by the house for all else.

import { randomUUID } from 'node:crypto';
import type { ConsoleUser } from '../config/types.ts';
import type { Command } from '../core/types.ts';
import { isLanguage } from '../core/vocabulary.ts';
import { isPassword, nobodysHash } from '../rights/passwords.ts';
import { leastRole, leastRoles, mayRun } from '../rights/roles.ts';
import type { Login, Session } from './api.ts';
import { faultOfCommand, largestCommandBytes, longestBy } from './command-form.ts';
import { cookieOf } from './cookie.ts';
import { languageWanted } from './language.ts';
import { type Asked, type House, named, objectOf, type Route } from './route.ts';
import { Refusal, type Said, type Who } from './types.ts';

const text = { type: 'string' } as const;
/** (`replay` sends events again over MQTT; here there is `GET /events`) */
const verbs: readonly string[] = Object.keys(leastRoles).filter((verb) => verb !== 'replay');
/** Plans that somebody in danger may raise at the gateway itself, whoever it is. */
const panicPlans = ['personal-attack', 'robbery'] as const;

export const actingRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/session',
    least: 'anybody',
    summary: 'Who asks, what may be done, and the token that goes with everything that changes something',
    answer: named('Session'),
    handle: ({ house, who }) => sessionOf(house, who),
  },
  {
    method: 'POST',
    path: '/login',
    least: 'anybody',
    summary: 'Logs in; the answer sets the cookie and tells the new token',
    body: objectOf(
      { name: { type: 'string', minLength: 1, maxLength: 64 }, password: { type: 'string', maxLength: 400 } },
      ['name', 'password'],
    ),
    answer: named('Session'),
    handle: logIn,
  },
  {
    method: 'POST',
    path: '/logout',
    least: 'anybody',
    summary: 'Ends the login',
    answer: named('Session'),
    handle({ house, who, reply }) {
      if (who.login !== undefined) {
        house.sessions.end(who.login);
        house.stream.dropEnded(house.sessions.holds);
      }
      reply.header('set-cookie', cookieOf(undefined, house.settings()));
      const { user: _, login: __, role: ___, ...rest } = who;
      const role = house.settings().withoutLogin;
      return sessionOf(house, { ...rest, ...(role && { role }) });
    },
  },
  {
    method: 'POST',
    path: '/command',
    least: 'anybody',
    summary:
      'Runs a verb: the same fields as over MQTT. 200 done, 403 notAllowed, 404 notFound, 409 refused, 400 else',
    body: {
      type: 'object',
      properties: {
        id: {
          type: 'string',
          minLength: 1,
          maxLength: 128,
          description: 'the same id again gets the same answer',
        },
        verb: { type: 'string', minLength: 1, maxLength: 64, description: verbs.join(', ') },
        by: { type: 'string', maxLength: longestBy, description: 'who does it; of no effect when logged in' },
        language: {
          description:
            'zh or en: of the answer’s message; default: as `accept-language` asks, else that of the premises',
        },
      },
      required: ['verb'],
      additionalProperties: true,
    },
    mostBytes: largestCommandBytes,
    answer: named('Reply'),
    handle: command,
  },
  {
    method: 'POST',
    path: '/demo',
    least: 'operate',
    summary: 'Plays a scene; only a demo has some',
    body: objectOf({ scenario: text }, ['scenario']),
    answer: { type: 'object', properties: { ok: { const: true } } },
    async handle({ house, body }) {
      if (house.host.demo === undefined)
        throw new Refusal(409, 'refused', {
          zh: '本网关运行的是站点，不是演示',
          en: 'this daemon runs a site, not the demo',
        });
      await house.host.demo((body as { scenario: string }).scenario);
      return { ok: true };
    },
  },
];

export function panicPlansOf({ host }: House, who: Who): string[] {
  if (!who.local) return [];
  const plans = new Set(host.site().plans.map(({ id }) => id));
  return panicPlans.filter((id) => plans.has(id));
}

function sessionOf(house: House, who: Who): Session {
  const { host, sessions, settings } = house;
  const { user, role } = who;
  const login = who.login === undefined ? undefined : sessions.record(who.login);
  return {
    premises: host.premises(),
    // whoever has no right at all need not know which faults this version has
    version: role === undefined ? '' : house.version,
    ...(user && { user: { id: user.id, name: user.name, role: user.role } }),
    ...(role && { role }),
    canLogIn: settings().users.length > 0,
    csrf: sessions.token(who.login),
    verbs: verbs.filter((verb) => role !== undefined && mayRun(verb, role)),
    panicPlans: panicPlansOf(house, who),
    ...(host.scenarios && role !== undefined && { scenarios: host.scenarios }),
    ...(login && { endsAt: new Date(sessions.endsAtMs(login)).toISOString() }),
  };
}

async function logIn({ house, who, body, reply }: Asked): Promise<Session> {
  const { lockout, settings } = house;
  const { name, password } = body as Login;
  const given = name.trim();
  const user = settings().users.find((each) => each.id === given || each.name === given);
  const known = user?.id ?? given.toLowerCase().slice(0, 64);
  const waitMs = lockout.waitMs(known, who.address);
  if (waitMs > 0) {
    const seconds = Math.ceil(waitMs / 1000);
    throw new Refusal(
      429,
      'locked',
      { zh: `密码错误次数太多：请等 ${seconds} 秒`, en: `too many wrong passwords: wait ${seconds} s` },
      { 'retry-after': String(seconds) },
    );
  }
  const fits = await house.checks.run(() => isPassword(password, user?.hash ?? nobodysHash));
  if (user === undefined || !fits) {
    lockout.wrong(known, who.address);
    house.log.warn(
      { code: 'LOGIN_FAILED', user: known, address: who.address },
      'a login at the console failed',
    );
    throw new Refusal(401, 'wrongLogin', wrongLogin);
  }
  lockout.right(known, who.address);
  return begin(house, who, user, reply);
}

function begin(house: House, who: Who, user: ConsoleUser, reply: Asked['reply']): Session {
  const { sessions, stream } = house;
  // the old one is of no use any more, and must not be taken over by whoever knows it
  if (who.login !== undefined) sessions.end(who.login);
  const secret = sessions.begin(user);
  // (also of the oldest login, where this is one too many)
  stream.dropEnded(sessions.holds);
  const found = sessions.find(secret, true);
  // (its rights were changed while the password was checked)
  if (found === undefined) throw new Refusal(401, 'wrongLogin', wrongLogin);
  reply.header('set-cookie', cookieOf(secret, house.settings()));
  house.log.info({ code: 'LOGIN', user: user.id, address: who.address }, 'somebody logged in at the console');
  return sessionOf(house, { ...who, user, login: found.login.key, role: user.role });
}

const wrongLogin = { zh: '用户名或密码不对', en: 'the name or the password is wrong' } as const;
const panicKey = { zh: '控制台紧急键', en: 'panic key' } as const;

const tooManyCommands = { zh: '命令太多：请等一秒', en: 'too many commands: wait a second' } as const;
const noName = { zh: '缺少 by：请写明由谁操作', en: '`by` is missing: say who does this' } as const;

const statuses: Readonly<Record<string, number>> = {
  ok: 200,
  badRequest: 400,
  unknownVerb: 400,
  notAllowed: 403,
  notFound: 404,
  refused: 409,
};

async function command({ house, who, body, reply, request }: Asked): Promise<unknown> {
  const fields = body as Record<string, unknown> & { verb: string };
  const { verb } = fields;
  const id = typeof fields.id === 'string' ? fields.id : randomUUID();
  const panic =
    verb === 'raise' && typeof fields.plan === 'string' && panicPlansOf(house, who).includes(fields.plan);
  const language = fields.language ?? languageWanted(request.headers['accept-language']);
  const answer = (code: string, said: Exclude<Said, string>) => {
    reply.code(statuses[code] ?? 409);
    const message = said[isLanguage(language) ? language : house.host.premises().language];
    return { id, ok: false, code, message };
  };
  if (!panic && (who.role === undefined || !mayRun(verb, who.role))) {
    if (who.user === undefined && house.settings().users.length > 0)
      throw new Refusal(401, 'loginNeeded', {
        zh: `${verb} 需要登录`,
        en: `\`${verb}\` asks for a login`,
      });
    return answer('notAllowed', {
      zh: `${verb} 需要角色 ${leastRole(verb)}`,
      en: `\`${verb}\` asks for the role ${leastRole(verb)}`,
    });
  }
  const fault = faultOfCommand(fields);
  if (fault !== undefined) return answer('badRequest', fault);
  if (!house.commands.take(panic ? `panic ${who.address}` : (who.login ?? who.address)))
    throw new Refusal(429, 'tooMany', tooManyCommands, { 'retry-after': '1' });
  const by = who.user?.name ?? (typeof fields.by === 'string' ? fields.by.trim() : '');
  if (by === '' && !panic) return answer('badRequest', noName);
  const asked: Command = {
    ...fields,
    ...(language !== undefined && { language }),
    id,
    verb,
    by: by || panicKey[house.host.premises().language],
    origin: 'http',
  };
  const result = await house.host.command(asked);
  reply.code(result.ok ? 200 : (statuses[result.code] ?? 409));
  return result;
}
