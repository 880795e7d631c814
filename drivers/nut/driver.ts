// The `nut` driver: reads UPSs from the upsd of Network UPS Tools, on this machine or another, where NUT already
// speaks to them. One request answers all points of a UPS. Commands no UPS, and never logs a password; the text
// of the protocol is in codec.ts.

import * as z from 'zod';
import {
  AddressFault,
  type Connection,
  DeviceFault,
  type Driver,
  type Host,
  type Raw,
  type Settings,
} from '../../src/driver.ts';
import {
  commands,
  createReplyReader,
  type Reply,
  shownValue,
  statusFlags,
  upsName,
  variableName,
  type Want,
} from './codec.ts';

interface Detail {
  readonly ups: string;
  readonly want: Want;
}

const grammar =
  'write a variable such as `read: input.voltage`, or a word of the status such as `read: ups.status:OB`';

function wantOf(point: Settings): Want {
  const { read, as } = point;
  if (read === undefined) throw new AddressFault('read', 'the point does not say what to read', grammar);
  const [variable, flag, ...more] = String(read).split(':');
  if (!variableName.test(variable!) || more.length > 0) {
    throw new AddressFault('read', `${JSON.stringify(read)} is no variable of NUT`, grammar);
  }
  if (flag === undefined) return { type: as === 'text' ? 'text' : 'number', variable: variable! };
  if (variable !== 'ups.status') {
    throw new AddressFault('read', `only ups.status is made of words, not ${variable}`, grammar);
  }
  if (!(statusFlags as readonly string[]).includes(flag)) {
    // a word that never comes would be an alarm that never sounds
    throw new AddressFault(
      'read',
      `ups.status has no word "${flag}"`,
      `write one of ${statusFlags.join(' ')}`,
    );
  }
  if (as !== undefined) {
    throw new AddressFault('as', 'a word of the status is true or false', 'take `as` out');
  }
  return { type: 'flag', flag };
}

/** Why upsd refuses, and what to do; the values of stale data are never shown. */
const reasons: Readonly<Record<string, string>> = {
  'DATA-STALE': 'the driver of NUT has lost its UPS',
  'DRIVER-NOT-CONNECTED': 'the driver of NUT for this UPS does not run',
  'UNKNOWN-UPS': 'upsd knows no UPS of this name; `upsc -l` lists them',
  'ACCESS-DENIED': 'upsd refuses: see its users and its LISTEN lines',
};

interface Waiting {
  /** takes the reply, or the end of the connection */
  settle(reply: Reply | DeviceFault): void;
}

/** upsd answers in the order of the commands, also those that nobody waits for any more. */
class Session {
  private readonly host: Host;
  private readonly reader = createReplyReader();
  private readonly waiting: Waiting[] = [];

  constructor(host: Host) {
    this.host = host;
    host.link!.onData((bytes) => {
      for (const reply of this.reader.push(bytes)) {
        const first = this.waiting.shift();
        if (first) first.settle(reply);
        // out of step: every later reply would be taken for another
        else this.host.fail(new Error('upsd sent a reply to nothing'));
      }
    });
  }

  ask(command: string, signal?: AbortSignal): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const late = (): void => {
        entry.settle = () => {};
        const what = this.reader.begun ? 'upsd did not finish its answer' : 'no answer from upsd';
        reject(new DeviceFault(this.reader.begun ? 'garbled' : 'timeout', what));
      };
      const entry: Waiting = {
        settle(reply) {
          signal?.removeEventListener('abort', late);
          if (reply instanceof DeviceFault) reject(reply);
          else resolve(reply);
        },
      };
      this.waiting.push(entry);
      signal?.addEventListener('abort', late, { once: true });
      this.host.link!.write(Buffer.from(command, 'utf8'));
    });
  }

  close(): void {
    for (const entry of this.waiting.splice(0)) {
      entry.settle(new DeviceFault('link', 'closed while waiting'));
    }
  }
}

async function signIn(session: Session, bus: Settings): Promise<void> {
  const steps: readonly (readonly [key: string, command: string | undefined])[] = [
    ['username', bus.username === undefined ? undefined : commands.username(String(bus.username))],
    ['password', bus.password === undefined ? undefined : commands.password(String(bus.password))],
  ];
  for (const [key, command] of steps) {
    if (command === undefined) continue;
    const reply = await session.ask(command);
    if (reply.type !== 'ok') {
      const why = reply.type === 'error' ? reply.word : 'an unreadable answer';
      throw new Error(`upsd refuses the ${key}: ${why}`);
    }
  }
}

export const nut: Driver = {
  id: 'nut',
  summary: 'UPSs that Network UPS Tools looks after, read from its upsd',
  keys: {
    bus: {
      host: z.string().min(1).describe('where upsd runs, such as 127.0.0.1'),
      port: z.int().min(1).max(65_535).optional().describe('TCP port of upsd; default 3493'),
      username: z.string().min(1).max(128).optional().describe('user of upsd, where it wants one to read'),
      password: z.string().min(1).max(256).optional().describe('its password; write `!secret name`'),
    },
    device: {
      ups: z.string().optional().describe('name of the UPS in upsd, as `upsc -l` lists it'),
    },
    point: {
      read: z.string().optional().describe('variable, such as input.voltage, or ups.status:OB'),
      as: z.enum(['number', 'text']).optional().describe('what the variable holds; default number'),
    },
    output: {},
  },
  /** Throws AddressFault for a password without a user. */
  link(bus) {
    if (bus.password !== undefined && bus.username === undefined) {
      throw new AddressFault('password', '`password` without `username`', 'add the `username`');
    }
    return { kind: 'tcp', host: bus.host as string, port: (bus.port as number | undefined) ?? 3493 };
  },
  limits: { most: 256, gap: 256, even: false },
  claims: ({ device, point, output }) =>
    device && !point && !output && typeof device.ups === 'string' ? [`ups ${device.ups}`] : [],
  point(_bus, device, point) {
    const { ups } = device;
    if (typeof ups !== 'string' || !upsName.test(ups)) {
      const what =
        ups === undefined
          ? 'the device does not say which UPS it is'
          : `${JSON.stringify(ups)} is no name of a UPS`;
      throw new AddressFault('ups', what, 'write `ups: NAME`, as `upsc -l` lists it');
    }
    const want = wantOf(point);
    const type = want.type === 'flag' ? 'bool' : want.type === 'text' ? 'string' : 'number';
    const detail: Detail = { ups, want };
    // one cell for all: a refusal is of the whole UPS, and must not be taken for that of a gap between cells
    return { type, space: `ups ${ups}`, start: 0, length: 1, detail };
  },
  output() {
    throw new AddressFault('bus', 'a UPS of NUT has no outputs', 'put the output on a Modbus or GPIO bus');
  },
  async open(bus, host): Promise<Connection> {
    if (!host.link) throw new DeviceFault('link', 'the driver nut needs a connection');
    const session = new Session(host);
    await signIn(session, bus);
    return {
      async read({ points }, signal): Promise<readonly Raw[]> {
        if (signal.aborted) throw new DeviceFault('timeout', 'no answer from upsd');
        const wants = points.map((point) => (point.detail as Detail).want);
        const { ups } = points[0]!.detail as Detail;
        const names = new Set(wants.map((want) => (want.type === 'flag' ? 'ups.status' : want.variable)));
        // one variable by itself spares a list of a hundred
        const command = names.size === 1 ? commands.get(ups, [...names][0]!) : commands.list(ups);
        const reply = await session.ask(command, signal);
        if (reply.type === 'error') {
          // the same as a variable that a list does not hold
          if (reply.word === 'VAR-NOT-SUPPORTED') return wants.map(() => null);
          throw new DeviceFault(
            'exception',
            `${ups}: ${reasons[reply.word] ?? 'upsd refuses'} (${reply.word})`,
          );
        }
        if (reply.type !== 'variables') {
          const what = reply.type === 'garbled' ? JSON.stringify(reply.line) : 'OK';
          throw new DeviceFault('garbled', `no variables of ${ups}: ${what}`);
        }
        if (reply.ups !== ups) throw new DeviceFault('foreign', `${reply.ups} answered for ${ups}`);
        return wants.map((want) => shownValue(reply.values, want));
      },
      async close() {
        session.close();
      },
    };
  },
};
