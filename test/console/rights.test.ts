// Every route of the API, walked: refused without the right, under another's name, from another's page and without the
// token; and what logins may and may not do.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes } from '../../src/console/routes.ts';
import { roles } from '../../src/rights/roles.ts';
import { eventually } from '../support/daemon.ts';
import { type Client, openStage, password, type Stage, siteWith, users } from './stage.ts';

const paths = routes.map((route) => ({
  name: `${route.method} ${route.path}`,
  route,
  path: route.path.replace(':month', '2026-11').replace('/points/:id', '/points/a.b').replace(':id', 'i1'),
}));

let closed: Stage;
let open: Stage;
beforeAll(async () => {
  closed = await openStage(siteWith({ withoutLogin: 'none' }), { users });
  open = await openStage(siteWith({ withoutLogin: 'configure' }));
});
afterAll(async () => {
  await closed?.stop();
  await open?.stop();
});

const judged = paths.filter(({ route }) => route.least !== 'anybody');
const changing = paths.filter(({ route }) => route.method !== 'GET');

test('routes that judge by themselves are these alone', () => {
  expect(paths.filter(({ route }) => route.least === 'anybody').map(({ name }) => name)).toEqual([
    'GET /session',
    'POST /login',
    'POST /logout',
    'POST /command',
    'GET /start',
    'GET /health',
  ]);
});

describe('each route', () => {
  test.each(judged)('$name asks for a login where nothing is open', async ({ route, path }) => {
    const answer = await closed.client().ask(route.method, path, { body: undefined });
    expect([answer.status, answer.json.code]).toEqual([401, 'loginNeeded']);
  });

  test.each(judged)('$name is the same route however it is written', async ({ route, path }) => {
    const spelt = [
      `//%61pi/v1${path}`,
      `//api%2fv1${path}`,
      `//ap%69/v1${path}`,
      `//api/v%31${path}`,
      `//api/v1${path.replace(/^\/(.)/, (_, letter: string) => `/%${letter.charCodeAt(0).toString(16)}`)}`,
      `http://127.0.0.1:${closed.port()}/api/v1${path}`,
      `http://elsewhere.test/api/v1${path}`,
    ];
    for (const url of spelt) {
      const answer = await closed.client().ask(route.method, url, { token: false });
      expect([401, 404], url).toContain(answer.status);
    }
  });

  test('the document too', async () => {
    expect((await closed.client().get('/openapi.json')).status).toBe(401);
    expect((await closed.client().get('/no/such/thing')).status).toBe(401);
  });

  test.each(judged)('$name is refused to the role below its own', async ({ route, path }) => {
    const below = roles[roles.indexOf(route.least as (typeof roles)[number]) - 1];
    if (below === undefined) return;
    const client = closed.client();
    await client.logIn(Object.entries(users).find(([, { role }]) => role === below)![0]);
    const answer = await client.ask(route.method, path);
    expect([answer.status, answer.json.code]).toEqual([403, 'notAllowed']);
  });

  test.each(paths)('$name is refused under a name that is not ours', async ({ route, path }) => {
    for (const host of [
      'evil.example',
      'evil.example:80',
      '127.0.0.1.evil.example',
      '10.0.0.9',
      'a b',
      '[::2]',
    ]) {
      const answer = await open.client().ask(route.method, path, { headers: { host } });
      expect([host, answer.status]).toEqual([host, host === 'a b' ? answer.status : 403]);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      if (answer.status === 403) expect(answer.json.code).toBe('wrongHost');
    }
  });

  test.each(paths)('$name is refused to a page of another', async ({ route, path }) => {
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:${open.port() + 1}` },
      { origin: `https://127.0.0.1:${open.port()}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      const answer = await open
        .client()
        .ask(route.method, path, { headers: headers as Record<string, string> });
      expect([headers, answer.status, answer.json.code]).toEqual([headers, 403, 'wrongOrigin']);
    }
  });

  test.each(changing)('$name is refused without the token, and with another’s', async ({ route, path }) => {
    for (const headers of [{}, { 'x-keepwatch-csrf': 'x'.repeat(43) }] as Record<string, string>[]) {
      const answer = await open.client().ask(route.method, path, { token: false, headers });
      expect([answer.status, answer.json.code]).toEqual([403, 'wrongToken']);
    }
    // the token of nobody is none of somebody's
    const client = closed.client();
    const { csrf } = await client.session();
    await client.logIn('zhao');
    const answer = await client.ask(route.method, path, {
      token: false,
      headers: { 'x-keepwatch-csrf': csrf },
    });
    expect([answer.status, answer.json.code]).toEqual([403, 'wrongToken']);
  });

  test('from our own page, by the names of this machine', async () => {
    for (const host of [
      'localhost',
      `localhost:${open.port()}`,
      `127.0.0.1:${open.port()}`,
      '127.0.0.1',
      '[::1]:80',
    ]) {
      const headers = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
      expect([host, (await open.client().ask('GET', '/status', { headers })).status]).toEqual([host, 200]);
    }
  });

  test.each(paths)('$name has headers that shut the page in', async ({ route, path }) => {
    const { headers } = await closed.client().ask(route.method, path);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'/);
    expect(headers['content-security-policy']).not.toMatch(/unsafe|https?:|\*/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('roles', () => {
  const clients = new Map<string, Client>();
  beforeAll(async () => {
    for (const id of Object.keys(users)) {
      const client = closed.client();
      await client.logIn(id);
      clients.set(id, client);
    }
  });
  const codeOf = async (id: string, fields: object) => {
    const { status, json } = await clients.get(id)!.command(fields);
    return [status, json.code];
  };

  test('may run what they may, and no more', async () => {
    expect(await codeOf('wu', { verb: 'raise', plan: 'fire' })).toEqual([403, 'notAllowed']);
    const raised = await clients.get('an')!.command({ verb: 'raise', plan: 'fire', by: 'somebody else' });
    expect([raised.status, raised.json.ok]).toEqual([200, true]);
    const incident = raised.json.incident as string;
    expect(await codeOf('wu', { verb: 'ack', incident })).toEqual([403, 'notAllowed']);
    expect(await codeOf('an', { verb: 'silence', incident })).toEqual([403, 'notAllowed']);
    expect(await codeOf('an', { verb: 'ack', incident })).toEqual([200, 'ok']);
    expect(await codeOf('li', { verb: 'silence', incident })).toEqual([200, 'ok']);
    const found = await clients.get('wu')!.get(`/incidents/${incident}`);
    // who does it is who is logged in, whatever the request says
    expect(found.json.incident.acknowledgedBy).toBe('安确');
    expect(found.json.events[0].because).toContain('安确');
    expect(found.text).not.toContain('somebody else');
  });

  test('the session says which', async () => {
    const { role, verbs, user } = await clients.get('an')!.session();
    expect([role, user?.name]).toEqual(['acknowledge', '安确']);
    expect(verbs).toContain('ack');
    expect(verbs).not.toContain('silence');
    expect((await closed.client().session()).verbs).toEqual([]);
  });

  test('a verb that nobody knows is told as such', async () => {
    expect(await codeOf('zhao', { verb: 'explode' })).toEqual([400, 'unknownVerb']);
    expect(await codeOf('wu', { verb: 'explode' })).toEqual([403, 'notAllowed']);
  });
});

describe('without a login', () => {
  test('by name of whoever does it', async () => {
    const { status, json } = await open.client().command({ verb: 'raise', plan: 'fire' });
    expect([status, json.code]).toEqual([400, 'badRequest']);
    expect((await open.client().command({ verb: 'raise', plan: 'fire', by: ' ' })).status).toBe(400);
    expect((await open.client().command({ verb: 'raise', plan: 'fire', by: 'w'.repeat(65) })).status).toBe(
      400,
    );
    const raised = await open.client().command({ verb: 'raise', plan: 'fire', by: '王伟' });
    expect(raised.status).toBe(200);
  });

  test('`view` may look and not act', async () => {
    const stage = await openStage(siteWith({}));
    try {
      const client = stage.client();
      expect((await client.session()).role).toBe('view');
      expect((await client.get('/status')).status).toBe(200);
      const { status, json } = await client.command({ verb: 'raise', plan: 'fire', by: 'x' });
      expect([status, json.code]).toEqual([403, 'notAllowed']);
      expect((await client.get('/settings')).status).toBe(403);
    } finally {
      await stage.stop();
    }
  });

  test('the panic key works on loopback for whoever is there, also where nothing else is open', async () => {
    const client = closed.client();
    expect((await client.session()).panicPlans).toEqual(['personal-attack', 'robbery']);
    const { status, json } = await client.command({ verb: 'raise', plan: 'personal-attack' });
    expect([status, json.ok]).toEqual([200, true]);
    const who = closed.client();
    await who.logIn('wu');
    expect((await who.get(`/incidents/${json.incident}`)).json.events[0].because).toContain('panic key');
    for (const fields of [
      { verb: 'raise', plan: 'fire' },
      { verb: 'ack', incident: json.incident, plan: 'personal-attack' },
      { verb: 'raise', plan: ['personal-attack'] },
    ])
      expect((await client.command({ ...fields, by: 'x' })).status).toBe(401);
  });
});

describe('logins', () => {
  test('wrong ones are told alike, whether there is such a user or not', async () => {
    const client = closed.client();
    const wrong = await client.ask('POST', '/login', { body: { name: 'wu', password: 'not this one' } });
    const nobody = await client.ask('POST', '/login', { body: { name: 'nobody', password } });
    expect(wrong.json).toEqual({ code: 'wrongLogin', message: 'the name or the password is wrong' });
    expect([wrong.status, wrong.text]).toEqual([nobody.status, nobody.text]);
    expect(wrong.headers['set-cookie']).toBeUndefined();
  });

  test('by id or by name; the cookie is for browsers of this place alone', async () => {
    const client = closed.client();
    const answer = await client.ask('POST', '/login', { body: { name: '李娜', password } });
    expect(answer.json.user).toEqual({ id: 'li', name: '李娜', role: 'operate' });
    expect(answer.headers['set-cookie']![0]).toMatch(
      /^keepwatch-0=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    expect(answer.text).not.toContain(client.cookie!.split('=')[1]!);
  });

  test('a login gives a new cookie, and the old one is none any more', async () => {
    const client = closed.client();
    await client.logIn('wu');
    const first = client.cookie!;
    await client.logIn('wu');
    expect(client.cookie).not.toBe(first);
    const old = await closed.client().ask('GET', '/status', { headers: { cookie: first } });
    expect(old.status).toBe(401);
  });

  test('logging out ends it, and its stream', async () => {
    const client = closed.client();
    await client.logIn('wu');
    const cookie = client.cookie!;
    const ear = await client.listen();
    expect((await client.ask('POST', '/logout', { body: {} })).status).toBe(200);
    await ear.ended;
    expect(client.cookie).toBeUndefined();
    expect((await closed.client().ask('GET', '/status', { headers: { cookie } })).status).toBe(401);
  });

  test('a login that another takes the place of takes its stream along', async () => {
    const client = closed.client();
    await client.logIn('wu');
    const ear = await client.listen();
    await client.logIn('an');
    await ear.ended;
  });

  test('hostile cookies are none', async () => {
    for (const cookie of [
      'keepwatch-0=',
      'keepwatch-0=../../x',
      `keepwatch-0=${'a'.repeat(5000)}`,
      '=;;;=',
      'keepwatch-0=__proto__aaaaaaaaaaaaaaaaaa',
    ])
      expect((await closed.client().ask('GET', '/status', { headers: { cookie } })).status).toBe(401);
  });
});

test('too many wrong passwords lock: the name, then the address', { timeout: 120_000 }, async () => {
  const stage = await openStage(siteWith({ withoutLogin: 'none' }), { users });
  try {
    const client = stage.client();
    const tries: number[] = [];
    for (let count = 0; count < 7; count += 1)
      tries.push((await client.ask('POST', '/login', { body: { name: 'wu', password: 'wrong' } })).status);
    expect(tries).toEqual([401, 401, 401, 401, 401, 429, 429]);
    const locked = await client.ask('POST', '/login', { body: { name: 'wu', password } });
    expect([locked.status, locked.json.code]).toEqual([429, 'locked']);
    expect(Number(locked.headers['retry-after'])).toBeGreaterThan(5);
    // others may, from there too
    await client.logIn('li');
    // an address that tries many names is locked as a whole
    for (let count = 0; count < 14; count += 1)
      await client.ask('POST', '/login', { body: { name: `n${count}`, password: 'wrong' } });
    expect((await client.ask('POST', '/login', { body: { name: 'zhao', password } })).status).toBe(429);
    expect(stage.log.filter(({ code }) => code === 'LOGIN_FAILED').length).toBeGreaterThan(12);
    expect(JSON.stringify(stage.log)).not.toContain(password);
  } finally {
    await stage.stop();
  }
});

test('who has logged in on this device is not locked out by others at its address', {
  timeout: 120_000,
}, async () => {
  const stage = await openStage(siteWith({ withoutLogin: 'none' }), { users });
  try {
    const logIn = (name: string, given: string, cookie?: string) =>
      stage.client().ask('POST', '/login', {
        body: { name, password: given },
        headers: { 'x-keepwatch-csrf': token, ...(cookie && { cookie }) },
        token: false,
      });
    let token = (await stage.client().session()).csrf;
    const first = await logIn('wu', password);
    const [login, device] = first.headers['set-cookie']!;
    expect(device).toMatch(
      /^keepwatch-0-device=[\w-]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=34560000$/,
    );
    expect(device).not.toContain('wu');
    const cookie = device!.split(';')[0]!;
    // it gives no right
    expect((await stage.client().ask('GET', '/status', { headers: { cookie } })).status).toBe(401);
    // and the other one is none
    expect(login).not.toContain(cookie);
    await stage.app.stop();
    await stage.app.start();
    token = (await stage.client().session()).csrf;
    for (let count = 0; count < 6; count += 1) await logIn('wu', 'wrong');
    expect((await logIn('wu', password)).json.code).toBe('locked');
    expect((await logIn('wu', password, cookie)).status).toBe(200);
    // of wrong ones it has no more than others
    const tries: number[] = [];
    for (let count = 0; count < 6; count += 1) tries.push((await logIn('wu', 'wrong', cookie)).status);
    expect(tries).toEqual([401, 401, 401, 401, 401, 429]);
    // it is no way to another's name
    expect((await logIn('li', 'wrong', cookie)).status).toBe(401);
  } finally {
    await stage.stop();
  }
});

test('a reload ends the logins of users that are gone, or have other rights', async () => {
  const stage = await openStage(siteWith({ withoutLogin: 'none' }), { users });
  try {
    const [wu, li] = [stage.client(), stage.client()];
    await wu.logIn('wu');
    await li.logIn('li');
    const ear = await li.listen();
    const { writeFileSync } = await import('node:fs');
    const left = { wu: users.wu, li: { ...users.li, role: 'view' } };
    writeFileSync(`${stage.folder}/users.yaml`, JSON.stringify(left));
    expect(await stage.app.reload()).toEqual({ ok: true, faults: [] });
    await ear.ended;
    expect((await wu.get('/status')).status).toBe(200);
    expect((await li.get('/status')).status).toBe(401);
    const again = stage.client();
    await again.logIn('li');
    expect((await again.session()).role).toBe('view');
    await eventually(
      'zhao is gone',
      () => stage.client().ask('POST', '/login', { body: { name: 'zhao', password } }),
      ({ status }) => status === 401,
    );
  } finally {
    await stage.stop();
  }
});
