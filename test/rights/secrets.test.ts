// Secrets nowhere: a daemon with a secret of its own in every place that takes one, whose broker, web server and mail
// server refuse and repeat what they were sent. Nothing that it writes, answers, publishes or keeps holds any of them.

import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callDaemon } from '../../src/control/client.ts';
import { startReceiver } from '../notify/web-receiver.ts';
import { installed } from '../support/broker.ts';
import { eventually, newPlace, type Place, siteOf } from '../support/daemon.ts';

const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

const secrets = {
  mqtt_password: 'zzmqttpasswordzz',
  hook_key: 'zzhookaddresskeyzz',
  hook_token: 'zzhooktokenzz',
  ding_key: 'zzdingaddresskeyzz',
  ding_secret: 'zzdingsigningzz',
  mail_password: 'zzmailpasswordzz',
  client_key: pem,
} as const;

/** What must not be found: each as it is, and as it travels. */
const needles: readonly string[] = [
  ...Object.values(secrets)
    .filter((secret) => secret !== pem)
    .flatMap((secret) => [
      secret,
      Buffer.from(secret).toString('base64').replace(/=+$/, ''),
      Buffer.from(`\0shop\0${secret}`).toString('base64').replace(/=+$/, ''),
      Buffer.from(secret).toString('hex'),
    ]),
  ...pem.split('\n').filter((line) => line.length > 20 && !line.startsWith('---')),
];

const secret = (name: keyof typeof secrets | 'hook_url' | 'ding_url'): string => `(secret ${name})`;

const found = (text: string): string[] => needles.filter((needle) => text.includes(needle));

/** A mail server that takes no password, and says which one it did not take. */
async function startRudeMail(place: Place): Promise<{ port: number; asked: () => number }> {
  let asked = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('220 mail.example ESMTP\r\n');
    socket.on('data', (bytes) => {
      for (const line of bytes.toString('latin1').split('\r\n').filter(Boolean)) {
        if (/^EHLO/i.test(line)) socket.write('250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n');
        else if (/^AUTH/i.test(line)) {
          asked += 1;
          const given = Buffer.from(line.split(' ').at(-1)!, 'base64')
            .toString('latin1')
            .replaceAll('\0', ' ');
          socket.write(`535 5.7.8 not taken: ${given}; sent as ${line}\r\n`);
        } else socket.write('250 ok\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  place.later(server, () => server.close());
  return { port: (server.address() as { port: number }).port, asked: () => asked };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

test('the search itself finds what it looks for', () => {
  expect(found(`a ${secrets.ding_secret} b`)).toEqual([secrets.ding_secret]);
  expect(found(JSON.stringify({ key: pem })).length).toBeGreaterThan(0);
  expect(found(Buffer.from(`\0shop\0${secrets.mail_password}`).toString('base64')).length).toBeGreaterThan(0);
});

describe.skipIf(!installed('mosquitto', 'openssl'))('secrets', { timeout: 120_000 }, () => {
  let place: Place;
  beforeEach(() => {
    place = newPlace();
  });
  afterEach(() => place.leave());

  const prepare = async (brokerPort: number) => {
    const web = await startReceiver();
    place.later(web, () => web.close());
    // repeats all that it was sent
    web.answer = (response, posted) => {
      response.writeHead(403, { 'content-type': 'application/json' });
      const { path: where, headers, body } = posted;
      response.end(
        JSON.stringify({ errcode: 310000, errmsg: `${where} ${JSON.stringify(headers)} ${body}` }),
      );
    };
    const mail = await startRudeMail(place);
    const hook = `http://127.0.0.1:${web.port}`;
    const lines = {
      ...secrets,
      hook_url: `${hook}/robot/${secrets.hook_key}?key=${secrets.hook_key}`,
      ding_url: `${hook}/ding?access_token=${secrets.ding_key}`,
    };
    writeFileSync(path.join(place.folder, 'secrets.yaml'), JSON.stringify(lines), { mode: 0o600 });
    const made = path.join(place.folder, 'made.key');
    writeFileSync(made, pem, { mode: 0o600 });
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-new',
        '-key',
        'made.key',
        '-subj',
        '/CN=gateway',
        '-out',
        path.join(place.folder, 'client.pem'),
      ],
      { cwd: place.folder, stdio: 'pipe' },
    );
    rmSync(made);
    writeFileSync(
      path.join(place.folder, 'contacts.yaml'),
      JSON.stringify({
        people: {
          wang: {
            name: '王',
            email: 'wang@example.com',
            phone: '+86 138 0000 0001',
            roles: ['store_manager', 'guard', 'shift_leader', 'security_chief'],
            channels: ['hook', 'ding', 'mail'],
          },
        },
      }),
    );
    writeSite(brokerPort, mail.port);
    return { web, mail };
  };

  const writeSite = (brokerPort: number, mailPort: number, mqtt: object = {}): void => {
    // `!secret` is no JSON
    const site = siteOf(
      { port: brokerPort },
      {
        mqtt: { username: 'shop', password: secret('mqtt_password'), ...mqtt },
        contacts: 'contacts.yaml',
        channels: {
          hook: {
            type: 'webhook',
            url: secret('hook_url'),
            headers: { Authorization: secret('hook_token') },
          },
          ding: {
            type: 'webhook',
            template: 'dingtalk',
            url: secret('ding_url'),
            secret: secret('ding_secret'),
          },
          mail: {
            type: 'email',
            host: '127.0.0.1',
            port: mailPort,
            tls: 'none',
            username: 'shop',
            password: secret('mail_password'),
            from: 'k@shop.example',
          },
        },
        zones: { hall: { name: 'Hall' } },
      },
    );
    place.write(JSON.stringify(site, null, 2).replace(/"\(secret (\w+)\)"/g, '!secret $1'));
  };

  test('not in the log at its loudest, in answers, reports, on the broker, nor on the disk', async () => {
    const broker = await place.broker();
    const seen = await place.witness(broker.port, '#');
    const { web, mail } = await prepare(broker.port);
    const daemon = await place.start({ env: { KEEPWATCH_LOG: 'debug' } });
    await seen.until('online', (all) => all.some(({ topic }) => topic.endsWith('/status')));
    const raised = await place.json('raise', 'fire', '--zone', 'hall', '--by', 'wang');
    await eventually(
      'both robots were tried',
      () => web.posted.map((each) => each.path),
      (paths) =>
        paths.some((each) => each.startsWith('/robot')) && paths.some((each) => each.startsWith('/ding')),
    );
    await eventually('the mail server was tried', mail.asked, (asked) => asked > 0, 60_000);
    // so they did travel, and were repeated to us
    expect(JSON.stringify(web.posted)).toContain(secrets.hook_key);
    expect(JSON.stringify(web.posted)).toContain(secrets.hook_token);

    const told: Record<string, string> = {};
    const { incident } = raised;
    for (const argv of [
      ['check'],
      ['check', '--strict'],
      ['check', '--matrix', '--json'],
      ['status', '--json'],
      ['status'],
      ['incidents', '--all', '--json'],
      ['points', '--json'],
      ['explain', incident, '--json'],
      ['explain', incident],
      ['report', incident],
      ['plans'],
    ]) {
      const { stdout, stderr } = await place.cli(...argv);
      told[argv.join(' ')] = stdout + stderr;
    }
    const socket = path.join(place.data, 'keepwatch.sock');
    for (const [method, params] of [
      ['status', {}],
      ['points', {}],
      ['incidents', { all: true }],
      ['names', {}],
      ['journal', { after: 0 }],
      ['explain', { incident }],
      ['history', { from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' }],
    ] as const) {
      // biome-ignore lint/suspicious/noExplicitAny: each method has a type of its own
      told[`socket: ${method}`] = JSON.stringify(await callDaemon(socket, method as any, params as any));
    }
    told.broker = JSON.stringify(seen.seen);
    // a reload with a fault right beside a secret
    const good = readFileSync(place.file, 'utf8');
    place.write(good.replace('"username"', '"usernam"'));
    daemon.signal('SIGHUP');
    await daemon.said('the faults', ({ message }) => message.includes('usernam'));
    place.write(good);
    await daemon.stop();
    told.log = daemon.stdout() + daemon.stderr();
    expect(told.log).toContain('"level":"debug"');
    for (const file of filesIn(place.data))
      told[path.relative(place.folder, file)] = readFileSync(file).toString('latin1');
    expect(Object.keys(told).length).toBeGreaterThan(20);
    for (const [where, text] of Object.entries(told)) expect(found(text), where).toEqual([]);
  });

  test('not where the broker refuses, nor when it can’t start, nor when it ends in a crash', async () => {
    const broker = await place.broker((folder) => {
      const file = path.join(folder, 'passwd');
      writeFileSync(file, 'shop:another\n', { mode: 0o600 });
      execFileSync('mosquitto_passwd', ['-U', file], { stdio: 'pipe' });
      return [`password_file ${file}`, 'allow_anonymous false'];
    });
    const { mail } = await prepare(broker.port);
    const daemon = await place.start({ env: { KEEPWATCH_LOG: 'debug' } });
    const because = await eventually(
      'the status says why',
      async () => String((await place.json('status')).mqtt?.because ?? ''),
      (words) => words !== '',
    );
    expect(because).toMatch(/user name or password|authorise/);
    // and with a certificate, where no TLS is spoken
    writeSite(broker.port, mail.port, {
      url: `mqtts://127.0.0.1:${broker.port}`,
      cert: 'client.pem',
      key: secret('client_key'),
    });
    daemon.signal('SIGHUP');
    await daemon.said('reloaded', ({ code }) => code === 'RELOADED');
    await daemon.said('no TLS there', ({ because: why }) => /TLS|reset|closed/.test(String(why)));
    // the second finds the first in its way
    const second = place.spawn({ env: { KEEPWATCH_LOG: 'debug' } });
    await second.ended;
    // a crash with all that Node tells of it: the signal ends it as abort() would
    daemon.signal('SIGABRT');
    await daemon.ended;
    const told = [daemon, second].map((each) => each.stdout() + each.stderr()).join('\n') + because;
    expect(found(told)).toEqual([]);
    const left = filesIn(place.folder).filter(
      (file) => !/secrets\.yaml$/.test(file) && statSync(file).size < 64e6,
    );
    for (const file of left) expect(found(readFileSync(file).toString('latin1')), file).toEqual([]);
    expect(existsSync(path.join(place.data, 'keepwatch.db'))).toBe(true);
  });
});
