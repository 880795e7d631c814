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
import { cookieOf, deviceCookieOf, deviceIn } from './cookie.ts';
import { deviceOf, rememberedOn } from './device.ts';
import { languageWanted } from './language.ts';
import type { Attempt } from './lockout.ts';
import { type Asked, type House, named, objectOf, type Route } from './route.ts';
import { Refusal, type Who, type Words } from './types.ts';

type Fields = Record<string, unknown> & { readonly verb: string };

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
    // (a panic key needs the token; and this costs no more than refusing it)
    isSpared: () => true,
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
    // an alarm is not refused because somebody else asks much
    isSpared: (house, who, body) => planRaised(house, who, body as Fields) !== undefined,
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
      const { demo, scenarios = [] } = house.host;
      if (demo === undefined)
        throw new Refusal(409, 'refused', {
          zh: '本网关运行的是站点，不是演示',
          en: 'this daemon runs a site, not the demo',
        });
      const { scenario } = body as { scenario: string };
      if (!scenarios.includes(scenario))
        throw new Refusal(404, 'notFound', {
          zh: `没有这个场景；可用的有：${scenarios.join('、')}`,
          en: `there is no such scene; there are: ${scenarios.join(', ')}`,
        });
      await demo(scenario);
      return { ok: true };
    },
  },
];

function panicPlansOf({ plans }: House, who: Who): string[] {
  return who.local ? panicPlans.filter((id) => plans().has(id)) : [];
}

/** The plan that is raised, by somebody who may; undefined: this is something else. */
function planRaised(house: House, who: Who, { verb, plan }: Fields): string | undefined {
  if (verb !== 'raise' || typeof plan !== 'string' || !house.plans().has(plan)) return undefined;
  const may = isPanic(house, who, { verb, plan }) || (who.role !== undefined && mayRun(verb, who.role));
  return may ? plan : undefined;
}

function isPanic(house: House, who: Who, { verb, plan }: Fields): boolean {
  return verb === 'raise' && typeof plan === 'string' && panicPlansOf(house, who).includes(plan);
}

export function sessionOf(house: House, who: Who): Session {
  const { host, sessions, settings } = house;
  const { user, role } = who;
  const login = who.login === undefined ? undefined : sessions.record(who.login);
  const clocks = host.clocks();
  return {
    premises: host.premises(),
    ...(clocks && { clocks }),
    // whoever has no right at all need not know which faults this version has
    version: role === undefined ? '' : house.version,
    ...(user && { user: { id: user.id, name: user.name, role: user.role } }),
    ...(role && { role }),
    canLogIn: settings().users.length > 0,
    csrf: sessions.token(who.login),
    verbs: verbs.filter((verb) => role !== undefined && mayRun(verb, role)),
    panicPlans: panicPlansOf(house, who),
    ...(who.local && settings().zone !== undefined && { zone: settings().zone }),
    ...(host.scenarios && role !== undefined && { scenarios: host.scenarios }),
    ...(login && { endsAt: new Date(sessions.endsAtMs(login)).toISOString() }),
  };
}

async function logIn({ house, who, body, reply, request }: Asked): Promise<Session> {
  const { settings, clock } = house;
  const { name, password } = body as Login;
  const given = name.trim();
  const user = settings().users.find((each) => each.id === given || each.name === given);
  const cookie = deviceIn(request.headers.cookie, settings());
  const device = deviceOf(user, cookie, clock.wallMs());
  const attempt = { name: user?.id ?? given.toLowerCase().slice(0, 64), address: who.address, device };
  const whose = device === undefined ? who.address : `device ${device}`;
  const fits = await house.waiting.hold(whose, () => check(house, attempt, password, user?.hash));
  if (user === undefined || !fits) {
    house.lockout.wrong(attempt);
    house.log.warn(
      { code: 'LOGIN_FAILED', user: attempt.name, address: who.address },
      'a login at the console failed',
    );
    throw new Refusal(401, 'wrongLogin', wrongLogin);
  }
  house.lockout.right(attempt);
  return begin(house, who, user, reply, rememberedOn(user, cookie, clock.wallMs()));
}

/** Is this the password? Rejects with a Refusal where it may not be tried now. */
async function check(
  { lockout, checks, clock }: House,
  attempt: Attempt,
  password: string,
  hash: string | undefined,
): Promise<boolean> {
  const lockedMs = lockout.waitMs(attempt);
  if (lockedMs > 0) {
    const seconds = Math.ceil(lockedMs / 1000);
    throw new Refusal(
      429,
      'locked',
      { zh: `密码错误次数太多：请等 ${seconds} 秒`, en: `too many wrong passwords: wait ${seconds} s` },
      { 'retry-after': String(seconds) },
    );
  }
  const turnMs = lockout.turnMs(attempt);
  if (turnMs === undefined) throw new Refusal(503, 'busy', muchTried, { 'retry-after': '10' });
  if (turnMs > 0) await new Promise<void>((resolve) => void clock.after(turnMs, resolve));
  return checks.run(() => isPassword(password, hash ?? nobodysHash), attempt.device !== undefined);
}

function begin(house: House, who: Who, user: ConsoleUser, reply: Asked['reply'], device: string): Session {
  const { sessions, stream } = house;
  // the old one is of no use any more, and must not be taken over by whoever knows it
  if (who.login !== undefined) sessions.end(who.login);
  const secret = sessions.begin(user);
  // (also of the oldest login, where this is one too many)
  stream.dropEnded(sessions.holds);
  const found = sessions.find(secret, true);
  // (its rights were changed while the password was checked)
  if (found === undefined) throw new Refusal(401, 'wrongLogin', wrongLogin);
  const place = house.settings();
  reply.header('set-cookie', [cookieOf(secret, place), deviceCookieOf(device, place)]);
  house.log.info({ code: 'LOGIN', user: user.id, address: who.address }, 'somebody logged in at the console');
  return sessionOf(house, { ...who, user, login: found.login.key, role: user.role });
}

const muchTried = {
  zh: '正有很多人用这个用户名尝试登录：请稍后再试，或在登录过的设备上登录',
  en: 'many try to log in by this name: try again soon, or on a device on which you have logged in before',
} as const;
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
  const fields = body as Fields;
  const { verb } = fields;
  const id = typeof fields.id === 'string' ? fields.id : randomUUID();
  const panic = isPanic(house, who, fields);
  const language = fields.language ?? languageWanted(request.headers['accept-language']);
  const answer = (code: string, said: Words) => {
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
  const raised = planRaised(house, who, fields);
  const whose = who.login ?? who.address;
  if (!(raised === undefined ? house.commands.take(whose) : house.raising.take(`${raised} ${whose}`)))
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
