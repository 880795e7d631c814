// Where the console listens: nothing without `console:`, TLS and logins beyond this machine, a port that is taken, a
// certificate that is renewed or gone, and reloads that change it or fail to.

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { drivers } from '../../drivers/index.ts';
import { formatFault, loadConfig } from '../../src/config/load.ts';
import { certificateMaker } from '../support/broker.ts';
import { eventually, type SiteFile } from '../support/daemon.ts';
import { openStage, password, type Stage, siteWith, users } from './stage.ts';

let stage: Stage | undefined;
const undo: (() => void)[] = [];
afterEach(async () => {
  await stage?.stop();
  stage = undefined;
  for (const each of undo.splice(0).reverse()) each();
});

const troubles = () =>
  stage!
    .client()
    .get('/incidents')
    .then(({ json }) => json.incidents.map((one: { cause: { rule: string } }) => one.cause.rule));

function taken(): Promise<{ port: number; free(): Promise<void> }> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      resolve({
        port: (server.address() as net.AddressInfo).port,
        free: () => new Promise((done) => server.close(() => done())),
      });
    });
  });
}

describe('what check says', () => {
  let folder: string;
  const faults = (console: object, more: { users?: object | string; mode?: number } = {}): string[] => {
    folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-console-'));
    const made = folder;
    undo.push(() => rmSync(made, { recursive: true, force: true }));
    const file = path.join(folder, 'keepwatch.yaml');
    writeFileSync(file, JSON.stringify(siteWith(console, { mqtt: undefined })));
    if (more.users !== undefined) {
      const text = typeof more.users === 'string' ? more.users : JSON.stringify(more.users);
      writeFileSync(path.join(folder, 'users.yaml'), text);
      // (past the umask)
      chmodSync(path.join(folder, 'users.yaml'), more.mode ?? 0o640);
    }
    for (const name of ['c.pem', 'k.pem']) writeFileSync(path.join(folder, name), 'x');
    return loadConfig(file, { drivers })
      .faults.filter(({ what }) => !/no devices/.test(what))
      .map((fault) => `${fault.severity} ${formatFault(fault).replaceAll(`${folder}/`, '')}`);
  };

  test('on loopback nothing is needed', () => {
    expect(faults({})).toEqual([]);
    expect(faults({ listen: '127.0.0.2:8080' })).toEqual([]);
    expect(faults({ listen: '[::1]:8080', withoutLogin: 'operate' })).toEqual([]);
  });

  test.each(['0.0.0.0:8443', '[::]:8443', '192.168.1.5:8443', 'gateway.local:8443'])(
    '%s needs TLS and users',
    (listen) => {
      const said = faults({ listen }).join('\n');
      expect(said).toMatch(
        /^fault keepwatch.yaml:1:\d+: the console listens beyond this machine, and `cert` is missing/m,
      );
      expect(said).toMatch(/and `key` is missing/);
      const noUsers = faults({ listen, cert: 'c.pem', key: 'k.pem' }).join('\n');
      expect(noUsers).toMatch(/users\.yaml/);
      expect(faults({ listen, cert: 'c.pem', key: 'k.pem' }, { users })).toEqual([]);
      expect(faults({ listen, cert: 'c.pem', key: 'k.pem', withoutLogin: 'none' }, { users })).toEqual([]);
      expect(faults({ listen, cert: 'c.pem', key: 'k.pem', withoutLogin: 'view' }, { users }).join()).toMatch(
        /where everything asks for a login; remove `withoutLogin`/,
      );
    },
  );

  test('a certificate that can’t be read is a warning: it is no reason not to guard', () => {
    const said = faults({ cert: 'none.pem', key: 'k.pem' });
    expect(said).toEqual([expect.stringMatching(/^warning .*there is no file/)]);
    expect(faults({ cert: 'c.pem' }).join()).toMatch(/`cert` without `key`/);
    expect(faults({ cert: '-----BEGIN CERTIFICATE-----', key: 'k.pem' }).join()).toMatch(
      /is PEM text, not a file/,
    );
  });

  test('nobody could use it', () => {
    expect(faults({ withoutLogin: 'none' })).toEqual([
      expect.stringMatching(/^warning .*nobody can use the console/),
    ]);
  });

  test('faults of users.yaml with their place, and nothing of it repeated', () => {
    const hash = users.wu.hash;
    const text = `wu: { name: Wu, role: view, hash: "${hash}" }
Bad Id: { name: X, role: view, hash: "${hash}" }
li: { name: Wu, role: operate, hash: "${hash}" }
an: { name: An, role: chief, hash: "${hash}" }
zhao: { name: Zhao, role: view, hash: hunter2hunter2 }
qian: { name: Qian, role: view }
sun: hunter2hunter2
zhou: { name: Zhou, role: view, hash: "${hash}", password: hunter2hunter2 }
huge: { name: Huge, role: view, hash: "$scrypt$ln=30,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$${'A'.repeat(43)}" }
`;
    const said = faults({}, { users: text });
    const places = said.map((line) => /^fault users\.yaml:(\d+):(\d+): /.exec(line)?.[1]);
    expect(places).toEqual(['2', '3', '4', '5', '6', '7', '8', '9']);
    expect(said.join('\n')).not.toContain('hunter2hunter2');
    expect(faults({}, { users: 'wu: [' }).join()).toMatch(/^fault users\.yaml:1:\d+/);
  });

  test('a file that others can change, or read, is told', () => {
    expect(faults({}, { users, mode: 0o664 }).join()).toMatch(
      /others on this machine can change who may log in/,
    );
    expect(faults({}, { users, mode: 0o644 }).join()).toMatch(/can read the hashes/);
  });
});

test('without `console:` nothing listens', async () => {
  stage = await openStage(siteWith(undefined));
  expect(stage.app.reach().console).toBeUndefined();
});

test('a port that is taken is a trouble, tried again, and the house guards on', {
  timeout: 40_000,
}, async () => {
  const other = await taken();
  stage = await openStage(siteWith({ listen: `127.0.0.1:${other.port}`, withoutLogin: 'view' }));
  expect(stage.app.reach().console).toBeUndefined();
  const line = stage.log.find(({ code }) => code === 'CONSOLE');
  expect(line?.because).toBe(`127.0.0.1:${other.port} is taken by another program`);
  await other.free();
  await eventually(
    'it listens',
    () => stage!.app.reach().console,
    (url) => url !== undefined,
    20_000,
  );
  const { json } = await stage.client().get('/incidents?all=true');
  expect(
    json.incidents.map((one: { cause: { rule: string }; state: string }) => [one.cause.rule, one.state]),
  ).toEqual([['health_console', 'closed']]);
});

test('a reload moves it, puts it back where it can’t, and takes it away', async () => {
  stage = await openStage(siteWith({ withoutLogin: 'view' }));
  const first = stage.port();
  const other = await taken();
  stage.write(siteWith({ withoutLogin: 'view', listen: `127.0.0.1:${other.port}` }));
  const { ok, faults } = await stage.app.reload();
  expect(ok).toBe(false);
  expect(faults[0]!.what).toBe(
    `the console can't be opened: 127.0.0.1:${other.port} is taken by another program`,
  );
  // (port 0 of before is another free one now)
  expect((await stage.client().get('/status')).status).toBe(200);
  await other.free();
  expect((await stage.app.reload()).ok).toBe(true);
  expect(stage.port()).toBe(other.port);
  expect((await stage.client().get('/status')).status).toBe(200);
  await expect(
    new Promise((resolve, reject) =>
      net.connect(first, '127.0.0.1').on('connect', resolve).on('error', reject),
    ),
  ).rejects.toThrow();
  stage.write(siteWith(undefined));
  expect((await stage.app.reload()).ok).toBe(true);
  expect(stage.app.reach().console).toBeUndefined();
  stage.write(siteWith({ withoutLogin: 'operate' }));
  expect((await stage.app.reload()).ok).toBe(true);
  expect((await stage.client().session()).role).toBe('operate');
});

test('what is open without a login changes with a reload, and open streams with it', async () => {
  stage = await openStage(siteWith({ withoutLogin: 'operate' }));
  const ear = await stage.client().listen();
  stage.write(siteWith({ withoutLogin: 'none' }));
  expect((await stage.app.reload()).ok).toBe(true);
  await ear.ended;
  expect((await stage.client().get('/status')).status).toBe(403);
});

describe('with TLS', () => {
  let folder: string;
  const made = () => {
    const maker = certificateMaker(folder);
    maker.authority('ca');
    return maker;
  };
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-console-tls-'));
    const maker = made();
    maker.certificate('one', 'gateway', 'ca', 'subjectAltName=DNS:gateway.store.example,IP:127.0.0.1');
    maker.certificate('two', 'gateway', 'ca', 'subjectAltName=DNS:other.store.example');
    return () => rmSync(folder, { recursive: true, force: true });
  });
  const serialOf = (port: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      });
      socket.on('error', reject);
    });

  test('beyond this machine everything but the page asks for a login, over TLS alone', async () => {
    const site: SiteFile = siteWith({
      listen: '0.0.0.0:0',
      cert: path.join(folder, 'one.pem'),
      key: path.join(folder, 'one.key'),
    });
    stage = await openStage(site, { users, tls: true });
    const client = stage.client();
    const session = await client.session();
    expect([session.role, session.version, session.panicPlans, session.canLogIn]).toEqual([
      undefined,
      '',
      [],
      true,
    ]);
    expect((await client.get('/status')).status).toBe(401);
    expect((await client.command({ verb: 'raise', plan: 'personal-attack', by: 'x' })).status).toBe(401);
    const login = await client.ask('POST', '/login', { body: { name: 'li', password } });
    expect(login.headers['set-cookie']![0]).toMatch(
      /^__Host-keepwatch=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(login.headers['strict-transport-security']).toBe('max-age=31536000');
    expect((await client.get('/status')).status).toBe(200);
    // names that the certificate has, and addresses; no others
    for (const [host, status] of [
      ['gateway.store.example', 200],
      ['10.1.2.3:8443', 200],
      ['evil.example', 403],
      ['other.store.example', 403],
    ] as const)
      expect([host, (await client.ask('GET', '/status', { headers: { host } })).status]).toEqual([
        host,
        status,
      ]);
    const plain = net.connect(stage.port(), '127.0.0.1');
    plain.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    const said = await new Promise<string>((resolve) => {
      let text = '';
      plain.on('data', (piece) => {
        text += piece.toString('latin1');
      });
      plain.on('error', () => {});
      plain.on('close', () => resolve(text));
    });
    expect(said).not.toMatch(/^HTTP\/1.1 200/);
    await expect(
      new Promise((resolve, reject) => {
        tls
          .connect(
            {
              port: stage!.port(),
              host: '127.0.0.1',
              rejectUnauthorized: false,
              maxVersion: 'TLSv1.1',
              minVersion: 'TLSv1',
            },
            resolve as () => void,
          )
          .on('error', reject);
      }),
    ).rejects.toThrow();
  });

  test('a new certificate is taken up by a reload; one that is spoilt is a trouble, and the old one serves on', async () => {
    const place = path.join(folder, 'live');
    mkdirSync(place, { recursive: true });
    const put = (name: string): void => {
      for (const ending of ['pem', 'key']) {
        const fresh = path.join(place, `fresh.${ending}`);
        certificateCopy(path.join(folder, `${name}.${ending}`), fresh);
        renameSync(fresh, path.join(place, `live.${ending}`));
      }
    };
    put('one');
    const site = siteWith({
      withoutLogin: 'view',
      cert: path.join(place, 'live.pem'),
      key: path.join(place, 'live.key'),
    });
    stage = await openStage(site, { tls: true });
    const first = await serialOf(stage.port());
    put('two');
    expect((await stage.app.reload()).ok).toBe(true);
    const second = await serialOf(stage.port());
    expect(second).not.toBe(first);
    writeFileSync(path.join(place, 'live.pem'), 'no certificate\n');
    expect((await stage.app.reload()).ok).toBe(true);
    await eventually('a trouble', troubles, (rules) => rules.includes('health_console'));
    expect(await serialOf(stage.port())).toBe(second);
    put('one');
    expect((await stage.app.reload()).ok).toBe(true);
    await eventually('no trouble', troubles, (rules) => !rules.includes('health_console'));
    expect(await serialOf(stage.port())).toBe(first);
  });

  test('without its certificate at the start the house guards, and says so', async () => {
    const site = siteWith({ cert: path.join(folder, 'none.pem'), key: path.join(folder, 'none.key') });
    stage = await openStage(site, { tls: true });
    expect(stage.app.reach().console).toBeUndefined();
    expect(
      stage.log.some(({ code, because }) => code === 'CONSOLE' && /none\.pem/.test(String(because))),
    ).toBe(true);
  });
});

function certificateCopy(from: string, to: string): void {
  writeFileSync(to, readFileSync(from));
}
