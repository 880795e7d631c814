// What somebody who means harm would send to the console: names that are paths, bodies without end, half of a request, a
// flood; and that the daemon answers on.

import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pagePolicy } from '../../src/console/headers.ts';
import { raising, requests } from '../../src/console/limits.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { eventually } from '../support/daemon.ts';
import { type Answer, type Client, openStage, type Stage, siteWith, users } from './stage.ts';

let stage: Stage;
let client: Client;
beforeAll(async () => {
  stage = await openStage(siteWith({ withoutLogin: 'configure' }));
  client = stage.client();
});
afterAll(() => stage?.stop());

/** Sends bytes as they are and gives all that comes back until the other side closes. */
function raw(bytes: string | Buffer, withinMs = 20_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(stage.port(), '127.0.0.1', () => socket.write(bytes));
    let said = '';
    const timer = setTimeout(() => socket.destroy(), withinMs);
    socket.setEncoding('latin1').on('data', (piece) => {
      said += piece;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(said);
    });
  });
}

const hostileIds = [
  '..',
  '../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '%2e%2e%2f%2e%2e%2fkeepwatch',
  'a%00b',
  'keepwatch.yaml',
  '__proto__',
  'constructor',
  'CON',
  'a'.repeat(200),
  'a'.repeat(5000),
  '%F0%9F%94%A5',
  '%',
  '%c0%ae%c0%ae',
  'x%0d%0aset-cookie:%20a=b',
  '<script>alert(1)</script>',
  '$(id)',
  '--out=x',
  '-h',
];

describe('ids', () => {
  test.each(hostileIds)('%s opens nothing', async (id) => {
    const answers = await Promise.all([
      client.get(`/points/${id}`),
      client.get(`/points/${id}/trend?from=0&to=1`),
      client.get(`/incidents/${id}`),
      client.get(`/incidents/${id}/report`),
      client.get(`/reports/${id}`),
      client.get(`/floors/${id}`),
      client.get(`/floors/${id}/image`),
      client.ask('PUT', `/floors/${id}/image`, {
        body: Buffer.from('<svg/>'),
        headers: { 'content-type': 'image/svg+xml' },
      }),
      client.ask('DELETE', `/floors/${id}`),
    ]);
    for (const { status, json, headers } of answers) {
      expect([400, 404, 414]).toContain(status);
      expect(typeof json.code).toBe('string');
      expect(headers['set-cookie']).toBeUndefined();
    }
  });

  test.each(hostileIds)('%s is no file of the page', async (id) => {
    for (const path of [`//${id}`, `//assets/${id}`, `//assets/../${id}`]) {
      const { status, text } = await client.get(path);
      expect([400, 404]).toContain(status);
      expect(text).not.toContain('premises');
    }
  });

  test('commands with hostile fields are answered and open nothing', async () => {
    for (const fields of [
      { verb: 'ack', incident: '../../x' },
      { verb: 'ack', incident: { toString: 1 } },
      { verb: 'raise', plan: '__proto__' },
      { verb: 'raise', plan: 'constructor' },
      { verb: 'note', incident: [], text: 7 },
      { verb: 'disable', point: '<b>', reason: null },
      { verb: 'output', output: 'x', value: 'on', for: '9999999d' },
      { verb: 'toString' },
      { verb: 'hasOwnProperty' },
    ]) {
      const { status, json } = await client.command({ by: 'x', ...fields });
      expect([fields, [400, 404, 409].includes(status), json.ok]).toEqual([fields, true, false]);
    }
    expect((await client.get('/incidents')).json.incidents).toEqual([]);
  });

  test('keys that turn into prototypes, depth and length are refused', async () => {
    const deep = JSON.parse(`${'{"a":'.repeat(12)}1${'}'.repeat(12)}`);
    for (const body of [
      '{"verb":"raise","plan":"fire","by":"x","__proto__":{"a":1}}',
      '{"verb":"raise","plan":"fire","by":"x","b":{"constructor":{"prototype":1}}}',
      JSON.stringify({ verb: 'raise', plan: 'fire', by: 'x', deep }),
      JSON.stringify({ verb: 'raise', plan: 'fire', by: 'x', id: 'i'.repeat(129) }),
      JSON.stringify({ verb: 'raise', plan: 'fire', by: 7 }),
      JSON.stringify([1]),
      '"x"',
      'null',
      '{',
      '',
    ]) {
      const { status, json } = await client.ask('POST', '/command', {
        body,
        headers: { 'content-type': 'application/json' },
      });
      expect([body, status, json.code]).toEqual([body, 400, 'badRequest']);
    }
    expect((await client.get('/incidents')).json.incidents).toEqual([]);
  });

  test('names that are markup come back as text in JSON alone', async () => {
    const by = '<img src=x onerror=alert(1)>‮';
    const { json } = await client.command({ verb: 'raise', plan: 'fire', by });
    const found = await client.get(`/incidents/${json.incident}`);
    expect(found.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(found.json.events[0].because).toContain(by);
    await client.command({ verb: 'ack', incident: json.incident, by: 'x' });
    await client.command({
      verb: 'close',
      incident: json.incident,
      by: 'x',
      verdict: 'test',
      cause: 'x',
      remedy: 'x',
      losses: 'x',
    });
  });

  test('the same id of a command again gets the same answer and does nothing twice', async () => {
    const fields = { id: 'once', verb: 'raise', plan: 'water-leak', by: 'x' };
    const one = await client.command(fields);
    const other = await client.command(fields);
    expect(one.status).toBe(200);
    expect(other.text).toBe(one.text);
  });
});

describe('queries', () => {
  test.each([
    '/incidents?all=yes',
    '/incidents?all=true&limit=0',
    '/incidents?all=true&limit=1e2',
    '/incidents?all=true&limit=-1',
    '/incidents?all=true&limit=99999',
    '/incidents?unknown=1',
    '/incidents?all=true&all=true',
    '/history',
    '/history?from=x&to=y',
    '/history?from=0&to=999999999999999',
    '/history?from=0&to=1&after=-1',
    '/history?from=-1&to=1',
    '/events?limit=501',
    '/points/a.b/trend?from=2&to=1',
    '/points/a.b/trend?from=1&to=2&most=5001',
    '/reports/2026-13',
    '/reports/2026-11?format=exe',
    '/reports/2026-11?lang=fr',
  ])('%s is refused with a sentence', async (path) => {
    const { status, json } = await client.get(path);
    expect(status).toBe(400);
    expect(json.code).toBe('badRequest');
    expect(json.message.length).toBeGreaterThan(10);
  });
});

describe('bodies and connections', () => {
  test('a body that is too large is cut off', async () => {
    const large = Buffer.alloc(70 * 1024, 32);
    const headers = { 'content-type': 'application/json' };
    for (const path of ['/login', '/command', '/demo']) {
      const { status, json } = await client.ask('POST', path, { body: large, headers });
      expect([path, status, json.code]).toEqual([path, 413, 'tooLarge']);
    }
    await client.ask('PUT', '/floors/g', { body: { name: 'g' } });
    const picture = await client
      .ask('PUT', '/floors/g/image', {
        body: Buffer.alloc(6 * 1024 * 1024, 32),
        headers: { 'content-type': 'image/png' },
      })
      .catch((error: NodeJS.ErrnoException) => ({ status: error.code }));
    expect([413, 'EPIPE', 'ECONNRESET']).toContain(picture.status);
    expect((await client.get('/health')).status).toBe(200);
  });

  test('a body of another kind is refused', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/xml',
    ])
      expect(
        (await client.ask('POST', '/command', { body: 'a=b', headers: { 'content-type': type } })).status,
      ).toBe(415);
  });

  test('headers without end, and requests that are none', async () => {
    expect(await raw(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431/,
    );
    expect(await raw('GET / HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
    expect(await raw('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
    expect(await raw('\x16\x03\x01\x02\x00\x01')).toMatch(/^HTTP\/1.1 400/);
    expect(await raw('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 403/,
    );
    const smuggled =
      'POST /api/v1/command HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    expect(await raw(smuggled)).toMatch(/^HTTP\/1.1 400/);
  });

  test('half of a request is not waited for', { timeout: 30_000 }, async () => {
    const beganMs = performance.now();
    expect(await raw('GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\nX-')).toMatch(/^HTTP\/1.1 408|^$/);
    expect(performance.now() - beganMs).toBeLessThan(15_000);
  });

  test('one address has its share of connections, and no more than that', async () => {
    const sockets: net.Socket[] = [];
    let ended = 0;
    for (let count = 0; count < 260; count += 1) {
      const socket = net.connect(stage.port(), '127.0.0.1');
      socket.on('error', () => {});
      socket.on('close', () => {
        ended += 1;
      });
      sockets.push(socket);
    }
    await eventually(
      'some are refused',
      () => ended,
      (count) => count >= 55,
    );
    for (const socket of sockets) socket.destroy();
    await eventually(
      'it answers again',
      () =>
        client.get('/health').then(
          ({ status }) => status,
          () => 0,
        ),
      (status) => status === 200,
    );
  });

  test('a thousand questions in one breath are cut off', async () => {
    const ask = 'GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
    const said = await raw(ask.repeat(1000), 10_000);
    expect(said.split('HTTP/1.1 ').length - 1).toBeLessThan(10);
  });

  test('a flood of questions is slowed down', async () => {
    const answers: Answer[] = [];
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        for (let count = 0; count < 30; count += 1) answers.push(await client.get('/health'));
      }),
    );
    const count = (wanted: number): number => answers.filter(({ status }) => status === wanted).length;
    expect(count(200)).toBeGreaterThanOrEqual(400);
    expect(count(429)).toBeGreaterThan(100);
    expect(answers.find(({ status }) => status === 429)?.headers['retry-after']).toBe('1');
    await eventually(
      'again',
      () => client.get('/health'),
      ({ status }) => status === 200,
    );
  });

  test('commands too', async () => {
    const answers = await Promise.all(
      Array.from({ length: 80 }, () => client.command({ verb: 'ack', incident: 'none', by: 'x' })),
    );
    expect(answers.some(({ json }) => json.code === 'tooMany')).toBe(true);
    // (whoever is in danger does not wait for others' presses)
    const spent = { verb: 'ack', incident: 'none', by: 'x' };
    await eventually(
      'only commands are used up, not all questions',
      () => Promise.all([client.command({ verb: 'raise', plan: 'personal-attack' }), client.command(spent)]),
      ([panic, other]) => panic.status === 200 && other.status === 429,
      3000,
    );
  });
});

describe('an alarm is never refused', () => {
  /** Time as it goes, until it stands still: then nothing that was used up comes back. */
  const stopped = (): Clock & { stop(): void } => {
    const real = systemClock();
    let atMs: number | undefined;
    return {
      ...real,
      steadyMs: () => atMs ?? real.steadyMs(),
      stop() {
        atMs = real.steadyMs();
      },
    };
  };

  test('by what else its address asks, nor by others that are raised', { timeout: 120_000 }, async () => {
    const clock = stopped();
    const other = await openStage(siteWith({ withoutLogin: 'acknowledge' }), { users, clock });
    const [noise, guard] = [other.client(), other.client()];
    try {
      await guard.logIn('an');
      await noise.session();
      clock.stop();
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          for (let each = 0; each < requests.atOnce / 20; each += 1) await noise.get('/health');
        }),
      );
      expect((await noise.get('/health')).status).toBe(429);
      expect((await noise.command({ verb: 'ack', incident: 'none', by: 'x' })).status).toBe(429);
      expect((await noise.command({ verb: 'raise', plan: 'no-such-plan', by: 'x' })).status).toBe(429);
      expect((await noise.command({ verb: 'raise' })).status).toBe(429);
      // one plan has its measure, and is open then
      const fires: number[] = [];
      for (let each = 0; each <= raising.atOnce; each += 1)
        fires.push((await noise.command({ verb: 'raise', plan: 'fire', by: 'x' })).status);
      expect(fires).toEqual([...Array(raising.atOnce).fill(200), 429]);
      // (with the token that has to be asked for first)
      const panic = other.client();
      expect((await panic.command({ verb: 'raise', plan: 'personal-attack' })).status).toBe(200);
      expect((await panic.command({ verb: 'raise', plan: 'water-leak', by: 'x' })).status).toBe(200);
      // somebody who is logged in has an own one
      expect((await guard.command({ verb: 'raise', plan: 'fire' })).status).toBe(200);
    } finally {
      await other.stop();
    }
  });
});

test('many who log in at once are not all hashed at once', async () => {
  const other = await openStage(siteWith({ withoutLogin: 'none' }), { users });
  try {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, at) => {
        const asking = other.client();
        return asking.ask('POST', '/login', { body: { name: `nobody${at}`, password: 'x'.repeat(200) } });
      }),
    );
    const statuses = new Set(answers.map(({ status }) => status));
    expect(statuses.has(503) || statuses.has(429)).toBe(true);
    expect(statuses.has(500)).toBe(false);
  } finally {
    await other.stop();
  }
});

test('the policy of the page is the one that was decided', () => {
  expect(pagePolicy).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  );
});
