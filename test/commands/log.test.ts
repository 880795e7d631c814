// The log: secrets struck out, an error told in full, and a reader that stalls or goes away does no harm.

import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createLog, streamDestination } from '../../src/lib/log.ts';
import { notifySystemd, watchdogMs } from '../../src/lib/notify-systemd.ts';

interface Logged {
  readonly log: ReturnType<typeof createLog>;
  lines(): Record<string, unknown>[];
  text(): string;
}

function logged(): Logged {
  const written: string[] = [];
  return {
    log: createLog({ level: 'info', destination: { write: (line) => written.push(line) } }),
    text: () => written.join(''),
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('lines', () => {
  test('are JSON with a level in words and a time', () => {
    const { log, lines } = logged();
    log.debug({}, 'not shown');
    log.info({ code: 'X', n: 1 }, 'said');
    log.child({ bus: 'line1' }).warn({}, 'more');
    expect(lines()).toEqual([
      { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), code: 'X', n: 1, message: 'said' },
      { level: 'warn', time: expect.any(String), bus: 'line1', message: 'more' },
    ]);
  });

  test('hold no secrets', () => {
    const { log, text } = logged();
    log.info(
      {
        password: 'hunter2',
        mqtt: { password: 'hunter2', key: 'hunter2', url: 'mqtts://gw:hunter2@broker:8883' },
        deep: { mqtt: { secret: 'hunter2' } },
        error: new Error('can not reach mqtt://gw:hunter2@broker'),
      },
      'connecting to mqtt://gw:hunter2@broker:1883/x',
    );
    expect(text()).not.toContain('hunter2');
    expect(text()).toContain('mqtt://***@broker:1883/x');
  });

  test('tell an error with its stack', () => {
    const { log, lines } = logged();
    log.fatal({ error: new TypeError('broken') }, 'ending');
    expect(lines()[0]).toMatchObject({
      level: 'fatal',
      error: { type: 'TypeError', message: 'broken', stack: expect.stringContaining('log.test') },
    });
  });
});

test('a reader that stalls costs lines, not memory, and is told how many', () => {
  const stream = new PassThrough({ highWaterMark: 1024 });
  const destination = streamDestination(stream as unknown as NodeJS.WriteStream);
  const line = `${'x'.repeat(9_999)}\n`;
  for (let count = 0; count < 1000; count += 1) destination.write(line);
  expect(stream.writableLength).toBeLessThan(1_200_000);
  let read = '';
  stream.on('data', (piece: Buffer) => {
    read += piece.toString();
  });
  return new Promise<void>((resolve) => {
    setTimeout(() => {
      destination.write('after\n');
      setTimeout(() => {
        expect(read).toMatch(/"code":"LOG_DROPPED","dropped":\d{3}/);
        expect(read.endsWith('after\n')).toBe(true);
        resolve();
      }, 20);
    }, 50);
  });
});

test('a reader that has gone is no fault', () => {
  const stream = new PassThrough();
  streamDestination(stream as unknown as NodeJS.WriteStream);
  expect(() => stream.emit('error', Object.assign(new Error('EPIPE'), { code: 'EPIPE' }))).not.toThrow();
});

describe('systemd', () => {
  test('half of the watchdog time, for this process only', () => {
    expect(watchdogMs({})).toBeUndefined();
    expect(watchdogMs({ WATCHDOG_USEC: '30000000' })).toBe(15_000);
    expect(watchdogMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: String(process.pid) })).toBe(15_000);
    expect(watchdogMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '1' })).toBeUndefined();
    expect(watchdogMs({ WATCHDOG_USEC: 'soon' })).toBeUndefined();
  });

  test('a socket that is not there is no fault', async () => {
    process.env.NOTIFY_SOCKET = '/nowhere/notify';
    try {
      await notifySystemd('ready');
      await notifySystemd({ status: 'fine' });
    } finally {
      delete process.env.NOTIFY_SOCKET;
    }
    await notifySystemd('ready');
  });
});
