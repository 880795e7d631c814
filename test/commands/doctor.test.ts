// `keepwatch doctor` as a whole, against what is really there: units behind pseudo terminals, a port that another
// process holds, brokers with and without TLS, a running daemon, files that are full of secrets. A folder shaped like
// /sys/class/gpio stands for a chip, through the bus's own key.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { certificateMaker, freePort, installed } from '../support/broker.ts';
import {
  eventually,
  keepwatch,
  newPlace,
  type Outcome,
  type Place,
  program,
  siteOf,
} from '../support/daemon.ts';
import { haveLibmodbus, startSlave } from '../support/modbus/slave.ts';
import { haveTools } from '../support/need.ts';
import { haveSocat, serialEnd, serialPair } from '../support/serial-line.ts';
import { makeSysfs, pi4 } from '../support/sysfs.ts';

const haveLines = haveSocat() && haveLibmodbus();
const haveBroker = installed('mosquitto') && haveTools(['openssl', 'version']);

let place: Place;
// built before the first clock runs
beforeAll(() => void program(), 180_000);
beforeEach(() => {
  place = newPlace();
});
afterEach(() => place.leave());

interface Found {
  readonly look: string;
  readonly state: 'good' | 'note' | 'fault';
  readonly code: string;
  readonly what: { zh: string; en: string };
  readonly mend?: { zh: string; en: string };
}
interface Examined {
  readonly code: number | null;
  readonly all: readonly Found[];
  /** codes of one look */
  of(look: string): string[];
  one(code: string): Found;
  readonly tookMs: number;
}

function readAll({ code, stdout, stderr }: Outcome, tookMs: number): Examined {
  let parsed: { looks: { id: string; findings: Omit<Found, 'look'>[] }[] };
  try {
    parsed = JSON.parse(stdout);
  } catch {
    throw new Error(`exit ${code}, no JSON: ${stdout}\n${stderr}`);
  }
  const all = parsed.looks.flatMap(({ id, findings }) => findings.map((each) => ({ look: id, ...each })));
  return {
    code,
    all,
    tookMs,
    of: (look) => all.filter((each) => each.look === look).map((each) => `${each.state} ${each.code}`),
    one(wanted) {
      const found = all.find((each) => each.code === wanted);
      if (!found) throw new Error(`no ${wanted} in ${JSON.stringify(all, null, 1)}`);
      return found;
    },
  };
}

async function examine(...argv: string[]): Promise<Examined> {
  const startMs = performance.now();
  const outcome = await place.cli('doctor', '--json', ...argv);
  return readAll(outcome, performance.now() - startMs);
}

/** stopped when the place is left */
const mine = <T extends { stop(): unknown }>(thing: T): T => place.later(thing, () => thing.stop());

const contacts = { read: 'discrete:0' };
const rtu = (port: string, more: object = {}): object => ({
  driver: 'modbus-rtu',
  path: port,
  baudRate: 19_200,
  ...more,
});

describe('without a good site file', () => {
  test('there is none: the machine is looked at all the same', async () => {
    const empty = mkdtempSync(path.join(tmpdir(), 'keepwatch-none-'));
    try {
      const examined = readAll(await keepwatch(['doctor', '--json'], { cwd: empty }), 0);
      // this machine itself may have one in /etc
      if (!existsSync('/etc/keepwatch/keepwatch.yaml'))
        expect(examined.of('site')).toEqual(['note noSiteFile']);
      expect(examined.of('program').length).toBe(2);
      expect(examined.of('kernel').length).toBeGreaterThan(0);
    } finally {
      rmSync(empty, { recursive: true });
    }
  });

  test('it has faults: they are told, what can be asked without it is asked', async () => {
    place.write(siteOf('embedded', { buses: { line1: { driver: 'modbus-rtu', baudrate: 9600 } } }));
    const examined = await examine();
    expect(examined.code).toBe(1);
    expect(examined.of('site')).toContain('fault siteFault');
    expect(examined.all.map(({ what }) => what.en).join('\n')).toMatch(/baudrate/);
    expect(examined.of('disk').length).toBeGreaterThan(0);
    expect(examined.of('lines')).toEqual([]);
  });

  test.each([
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0, 1, 2])],
    ['no YAML', 'mqtt: { password: "hunter2-secret\nbuses: [\n'],
    ['something else', '- 1\n- 2\n'],
    ['endless', `a: ${'['.repeat(5000)}`],
  ])('a hostile file: %s', async (_, body) => {
    writeFileSync(place.file, body);
    const outcome = await place.cli('doctor');
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toMatch(/^✗ site file: /m);
    expect(outcome.stdout + outcome.stderr).not.toContain('hunter2');
  });

  test('in Chinese, a line each with its sign', async () => {
    place.write(siteOf('embedded', {}));
    const { stdout } = await place.cli('doctor', '--lang', 'zh');
    for (const line of stdout.trim().split('\n').slice(0, -2)) expect(line).toMatch(/^[✓!✗] \S+/u);
    expect(stdout).toMatch(/^! 守护进程：守护进程没有在运行 → /m);
  });
});

describe.skipIf(!haveLines)('lines', () => {
  test('a unit that answers, one that does not, and all of it within ten seconds', async () => {
    const line = mine(await serialPair());
    const slave = mine(await startSlave('rtu', line.b, 2));
    const dead = mine(await serialPair());
    place.write(
      siteOf('embedded', {
        buses: { line1: rtu(line.a), line2: rtu(dead.a) },
        devices: {
          board: { bus: 'line1', unit: 2, points: { door: contacts } },
          gone: { bus: 'line1', unit: 7, points: { door: contacts } },
          lost: { bus: 'line2', unit: 1, points: { door: contacts } },
        },
      }),
    );
    const examined = await examine();
    expect(examined.tookMs).toBeLessThan(10_000);
    expect(examined.code).toBe(1);
    expect(examined.of('lines')).toEqual(['good answers', 'fault deviceSilent', 'fault silent']);
    expect(examined.one('answers').what.en).toMatch(/^line1 .*: board answered$/);
    expect(examined.one('deviceSilent').what.en).toContain('gone (unit 7)');
    expect(examined.one('silent').mend!.en).toMatch(/A and B swapped/);
    // nothing but a read ever went out
    expect(await slave.get('coil', 0)).toBe(0);
  });

  test('bytes that fit nothing are told from silence', async () => {
    const end = mine(await serialEnd((_, line) => line.send(Buffer.from('f8e07f1c00f8', 'hex'))));
    place.write(
      siteOf('embedded', {
        buses: { line1: rtu(end.path) },
        devices: { board: { bus: 'line1', unit: 2, points: { door: contacts } } },
      }),
    );
    const examined = await examine();
    expect(examined.of('lines')).toEqual(['fault garbled']);
    expect(examined.one('garbled').mend!.en).toMatch(/baud rate and parity/);
  });

  test('a port that another program holds: by whom, and it is left alone', async () => {
    const heard: Buffer[] = [];
    const end = mine(await serialEnd((bytes) => heard.push(bytes)));
    const holder = spawn('sh', ['-c', `exec 3<>"${end.path}"; echo held; exec sleep 60`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    place.later(holder, () => holder.kill('SIGKILL'));
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    place.write(
      siteOf('embedded', {
        buses: { line1: rtu(end.path) },
        devices: { board: { bus: 'line1', unit: 2, points: { door: contacts } } },
      }),
    );
    const examined = await examine();
    expect(examined.of('serial')).toContain('fault portBusy');
    expect(examined.one('portBusy').what.en).toContain(`sleep (${holder.pid})`);
    expect(examined.of('lines')).toEqual(['note lineNotAsked']);
    expect(heard).toEqual([]);
  });

  test.skipIf(!haveTools(['python3', '-c', 'import termios']))(
    'with --deep the settings are found at which it answers',
    async () => {
      const link = path.join(place.folder, 'tty');
      const unit = spawn('python3', [path.join(import.meta.dirname, 'strict-unit.py'), link, '9600', 'odd'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      place.later(unit, () => unit.kill('SIGKILL'));
      await new Promise((resolve) => unit.stdout.once('data', resolve));
      place.write(
        siteOf('embedded', {
          buses: { line1: rtu(link, { parity: 'none' }) },
          devices: { board: { bus: 'line1', unit: 2, timeout: '200ms', points: { door: contacts } } },
        }),
      );
      const examined = await examine('--deep');
      expect(examined.of('lines')).toEqual(['fault garbled', 'fault otherSetting']);
      expect(examined.one('otherSetting').mend!.en).toBe('write baudRate: 9600, parity: odd');
    },
    60_000,
  );

  test('a running daemon is asked, and its port is not opened', async () => {
    const line = mine(await serialPair());
    mine(await startSlave('rtu', line.b, 2));
    place.write(
      siteOf('embedded', {
        mqtt: { listen: '127.0.0.1:0' },
        buses: { line1: rtu(line.a) },
        devices: {
          board: { bus: 'line1', unit: 2, points: { door: contacts } },
          gone: { bus: 'line1', unit: 7, timeout: '100ms', points: { door: contacts } },
        },
      }),
    );
    await place.start();
    await eventually(
      'the silent device is known',
      async () => (await place.json('status')).buses[0].devices as { id: string; up: boolean }[],
      (devices) => devices.some(({ id, up }) => id === 'gone' && !up),
    );
    const examined = await examine();
    expect(examined.code).toBe(1);
    expect(examined.of('daemon')).toEqual(expect.arrayContaining(['good daemon', 'fault deviceDown']));
    expect(examined.one('deviceDown').what.en).toContain('the device gone on line1');
    expect(examined.of('lines')).toEqual(['note linesTaken']);
    expect(examined.of('serial')).not.toContain('fault portBusy');
    expect(examined.of('state')).toEqual(['good state']);
    // and it goes on as before
    expect((await place.json('status')).buses[0].up).toBe(true);
  }, 40_000);
});

describe('ports and lines that are not there', () => {
  test('a port', async () => {
    place.write(
      siteOf('embedded', {
        buses: { line1: rtu('/dev/serial/by-id/usb-nobody') },
        devices: { board: { bus: 'line1', unit: 2, points: { door: contacts } } },
      }),
    );
    const examined = await examine();
    expect(examined.of('serial')).toContain('fault portMissing');
    expect(examined.of('lines')).toEqual(['note lineNotAsked']);
  });

  test('a machine without GPIO', async () => {
    place.write(
      siteOf('embedded', {
        buses: { header: { driver: 'gpio', sysfs: path.join(place.folder, 'nothing') } },
        devices: { inputs: { bus: 'header', points: { smoke: { line: 'GPIO17' } } } },
      }),
    );
    expect((await examine()).of('gpio')).toEqual(['fault gpioMissing']);
  });

  test('a name that no line has, with those near to it; nothing is exported', async () => {
    const chip = makeSysfs(pi4);
    place.later(chip, () => chip.close());
    const sysfs = chip.folder;
    const site = (line: string) =>
      siteOf('embedded', {
        buses: { header: { driver: 'gpio', sysfs } },
        devices: { inputs: { bus: 'header', points: { smoke: { line }, panic: { line: 'GPIO27' } } } },
      });
    place.write(site('BCM17'));
    const wrong = await examine();
    expect(wrong.of('gpio')).toEqual(['fault gpioNotFound']);
    expect(wrong.one('gpioNotFound').mend!.en).toBe('names near to it: GPIO17');
    place.write(site('GPIO17'));
    expect((await examine()).of('gpio')).toEqual(['good gpio']);
    expect(chip.exists(512 + 17) || chip.exists(512 + 27)).toBe(false);
  });
});

describe.skipIf(!haveBroker)('the broker', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-doctor-tls-'));
  beforeAll(() => {
    const { authority, certificate } = certificateMaker(folder);
    authority('authority');
    authority('stranger');
    certificate('good', 'server', 'authority', 'subjectAltName=IP:127.0.0.1,DNS:localhost', 90);
    certificate('soon', 'server', 'authority', 'subjectAltName=IP:127.0.0.1,DNS:localhost', 5);
    certificate('expired', 'server', 'authority', 'subjectAltName=IP:127.0.0.1,DNS:localhost', -1);
    certificate('elsewhere', 'server', 'authority', 'subjectAltName=DNS:elsewhere.example', 90);
    certificate('client', 'gateway', 'authority', 'extendedKeyUsage=clientAuth', 90);
    certificate('oldclient', 'gateway', 'authority', 'extendedKeyUsage=clientAuth', -1);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const pem = (name: string): string => path.join(folder, name);

  const siteAt = (url: string, more: object = {}): void =>
    place.write(siteOf('embedded', { mqtt: { url, ...more } }));
  const tls = (name: string): string[] => [
    `cafile ${pem('authority.pem')}`,
    `certfile ${pem(`${name}.pem`)}`,
    `keyfile ${pem(`${name}.key`)}`,
  ];

  test('none listens, no such name, no MQTT', async () => {
    siteAt(`mqtt://127.0.0.1:${await freePort()}`);
    const closed = await examine();
    expect(closed.of('broker')).toEqual(['fault brokerUnreachable']);
    expect(closed.one('brokerUnreachable').what.en).toContain('ECONNREFUSED');
    siteAt('mqtt://no-such-broker.invalid:1883');
    expect((await examine()).of('broker')).toEqual(['fault brokerName']);
  });

  test('logged in, and refused', async () => {
    const passwords = path.join(place.folder, 'passwords');
    execFileSync('mosquitto_passwd', ['-b', '-c', passwords, 'gw42', 'open-sesame']);
    const broker = await place.broker(['allow_anonymous false', `password_file ${passwords}`]);
    const url = `mqtt://127.0.0.1:${broker.port}`;
    siteAt(url, { username: 'gw42', password: 'open-sesame' });
    expect((await examine()).of('broker')).toEqual(['good brokerReached', 'good brokerLogin']);
    siteAt(url, { username: 'gw42', password: 'wrong-word' });
    const refused = await place.cli('doctor', '--json');
    expect(readAll(refused, 0).of('broker')).toEqual(['good brokerReached', 'fault brokerLogin']);
    expect(refused.stdout + refused.stderr).not.toContain('wrong-word');
  });

  test.each([
    ['good', 'authority.pem', ['good serverCert', 'good brokerLogin']],
    ['soon', 'authority.pem', ['note serverCertSoon', 'good brokerLogin']],
    ['expired', 'authority.pem', ['fault serverCertExpired']],
    ['good', 'stranger.pem', ['good serverCert', 'fault tls']],
    ['elsewhere', 'authority.pem', ['good serverCert', 'fault tls']],
  ])('TLS with the certificate %s, judged by %s', async (name, ca, expected) => {
    const broker = await place.broker(tls(name));
    siteAt(`mqtts://127.0.0.1:${broker.port}`, { ca: pem(ca) });
    const examined = await examine();
    expect(examined.of('broker').filter((each) => !/ (ca|caSoon|brokerReached)$/.test(each))).toEqual(
      expected,
    );
  });

  test('a client certificate that has expired', async () => {
    const broker = await place.broker([...tls('good'), 'require_certificate true']);
    siteAt(`mqtts://127.0.0.1:${broker.port}`, {
      ca: pem('authority.pem'),
      cert: pem('oldclient.pem'),
      key: pem('oldclient.key'),
    });
    const examined = await examine();
    expect(examined.of('broker')).toContain('fault clientCertExpired');
    expect(examined.code).toBe(1);
  });

  test('TLS is asked of a port without', async () => {
    const broker = await place.broker();
    siteAt(`mqtts://127.0.0.1:${broker.port}`);
    const examined = await examine();
    expect(examined.of('broker')).toContain('fault tls');
  });

  test('looking publishes nothing and pushes nobody off', async () => {
    const broker = await place.broker();
    const watching = await place.witness(broker.port, '#');
    siteAt(`mqtt://127.0.0.1:${broker.port}`);
    expect((await examine()).of('broker')).toEqual(['good brokerReached', 'good brokerLogin']);
    expect(watching.seen).toEqual([]);
  });
});

describe('rights', () => {
  test('a secrets file that everybody may read', async () => {
    writeFileSync(path.join(place.folder, 'secrets.yaml'), 'mqtt_password: "top-secret-word"\n', {
      mode: 0o644,
    });
    place.write(siteOf('embedded', {}));
    const examined = await examine();
    expect(examined.of('rights')).toContain('fault secretOpen');
    expect(examined.one('secretOpen').mend!.en).toContain(`chmod 600 ${place.folder}/secrets.yaml`);
  });

  test('a data folder that everybody may write', async () => {
    mkdirSync(place.data, { mode: 0o777 });
    execFileSync('chmod', ['777', place.data]);
    place.write(siteOf('embedded', {}));
    expect((await examine()).of('rights')).toContain('fault dataOpen');
  });
});

describe('--bundle', () => {
  /** every place where a secret can stand, each with a word of its own */
  const secrets = {
    inSite: 'S1-mqtt-in-the-site',
    inFile: 'S2-from-secrets-file',
    url: 'https://hooks.example/S3-key-in-path',
    header: 'S4-in-a-header',
    smtp: 'S5-of-the-mail',
    sign: 'S6-signs-requests',
    body: 'S7-token-in-a-body',
    upsd: 'S8-of-upsd',
    environment: 'S9-from-the-environment',
    comment: 'S10-password-in-a-comment',
    credential: 'S11-a-credential-of-systemd',
  };
  const phone = '+86 138 0000 7777';

  function fullSite(): void {
    const site = siteOf('mqtt://127.0.0.1:1', {
      mqtt: { username: 'gw42', password: secrets.inSite },
      contacts: 'contacts.yaml',
      buses: { ups: { driver: 'nut', host: '127.0.0.1', port: 1, username: 'u', password: secrets.upsd } },
      devices: {},
      channels: {
        robot: { type: 'webhook', template: 'wecom', url: secrets.url, headers: { 'X-Key': secrets.header } },
        signed: {
          type: 'webhook',
          template: 'dingtalk',
          url: 'https://other.example/robot?access_token=S12-in-a-query',
          secret: secrets.sign,
        },
        own: {
          type: 'webhook',
          template: 'generic',
          url: 'https://third.example/x',
          body: { text: '{{text}}', token: secrets.body },
        },
        mail: {
          type: 'email',
          host: '127.0.0.1',
          port: 25,
          tls: 'none',
          from: 'a@example.com',
          username: 'u',
          password: secrets.smtp,
        },
      },
    });
    const marked = JSON.stringify(site, null, 2).replace('"gw42"', '!secret user_name');
    writeFileSync(place.file, `# password: ${secrets.comment}\n${marked}\n`);
    writeFileSync(
      path.join(place.folder, 'secrets.yaml'),
      `user_name: "gateway-42"\nother: ${secrets.inFile}\n`,
      { mode: 0o600 },
    );
    writeFileSync(
      path.join(place.folder, 'contacts.yaml'),
      JSON.stringify({ people: { wang: { name: 'Wang', phone, roles: ['control_room'] } } }),
    );
    mkdirSync(path.join(place.folder, 'credentials'));
    writeFileSync(path.join(place.folder, 'credentials', 'token'), `${secrets.credential}\n`);
  }

  function unpack(file: string): Map<string, string> {
    const names = execFileSync('tar', ['-tzf', file], { encoding: 'utf8' }).trim().split('\n');
    return new Map(
      names.map((name) => [
        name.replace('keepwatch-doctor/', ''),
        execFileSync('tar', ['-xzOf', file, name], { encoding: 'utf8' }),
      ]),
    );
  }

  const bundle = async (target: string): Promise<Outcome> =>
    keepwatch(['doctor', '-c', place.file, '--bundle', target], {
      cwd: place.folder,
      env: {
        KEEPWATCH_SECRET_WHATEVER: secrets.environment,
        CREDENTIALS_DIRECTORY: path.join(place.folder, 'credentials'),
      },
    });

  test('holds what support wants, and no secret', async () => {
    fullSite();
    const target = path.join(place.folder, 'support.tgz');
    const outcome = await bundle(target);
    expect(outcome.stderr).toMatch(/support\.tgz: \d+ KB/);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    const files = unpack(target);
    expect([...files.keys()]).toEqual(
      expect.arrayContaining([
        'doctor.txt',
        'doctor.json',
        'status.json',
        'versions.json',
        'figures.json',
        'journal.txt',
        'config/keepwatch.yaml',
        'config/contacts.yaml',
        'proc/meminfo.txt',
      ]),
    );
    expect(files.get('doctor.txt')).toContain('site file');
    expect(JSON.parse(files.get('versions.json')!)).toMatchObject({ node: process.version });
    const site = files.get('config/keepwatch.yaml')!;
    expect(site).toContain('"robot"');
    expect(site).toContain('store_0042');
    const whole = [...files.values()].join('\n');
    for (const word of [...Object.values(secrets), 'S3-key', 'S12-in-a-query', 'gateway-42', phone])
      expect(whole).not.toContain(word);
    expect([...files.keys()].filter((name) => /secret/i.test(name))).toEqual([]);
  });

  test('also of a file that is no YAML, which is left out', async () => {
    fullSite();
    writeFileSync(place.file, `${readFileSync(place.file, 'utf8')}\n}}}: [\n`);
    const target = path.join(place.folder, 'support.tgz');
    expect((await bundle(target)).code).toBe(1);
    const files = unpack(target);
    const whole = [...files.values()].join('\n');
    for (const word of [...Object.values(secrets), phone]) expect(whole).not.toContain(word);
    expect(files.has('config/keepwatch.yaml')).toBe(false);
  });

  test('never over a file that is there, and nothing is left where it can’t be written', async () => {
    place.write(siteOf('embedded', {}));
    const target = path.join(place.folder, 'support.tgz');
    writeFileSync(target, 'mine');
    const outcome = await place.cli('doctor', '--bundle', target);
    expect(outcome).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('is there already'),
    });
    expect(readFileSync(target, 'utf8')).toBe('mine');
    expect((await place.cli('doctor', '--bundle', path.join(place.folder, 'no', 'x.tgz'))).code).toBe(2);
  });
});
