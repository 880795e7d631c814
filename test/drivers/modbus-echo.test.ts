// Adapters that send our own bytes back, and the keys that make a link: what the Modbus drivers do with `echo`,
// `framing`, `connections` and `rs485`.

import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { modbusRtu, modbusTcp } from '../../drivers/modbus/driver.ts';
import { type Bench, bench, request, verdict } from '../support/modbus/bench.ts';
import { rtu } from '../support/modbus/memory.ts';

describe('echo', () => {
  const reply = rtu('01 04 04 0007 0008');
  const ask = (b: Bench, signal = new AbortController().signal) =>
    verdict(b.connection.read!(request(modbusRtu, 1, 'input:0', 'input:1'), signal));
  const relay = { id: 'o', ...modbusRtu.output({}, { unit: 1, write: 'coil:0' }) };

  test('our own bytes are taken away, whole, in pieces, and together with the answer', async () => {
    const b = await bench(modbusRtu, { echo: true });
    const first = ask(b);
    b.say(b.written[0]!);
    b.say(reply);
    expect(await first).toEqual([7, 8]);
    const second = ask(b);
    for (const byte of Buffer.concat([b.written[1]!, reply])) b.say(Buffer.from([byte]));
    expect(await second).toEqual([7, 8]);
    const third = ask(b);
    b.say(Buffer.concat([b.written[2]!, reply]));
    expect(await third).toEqual([7, 8]);
    expect(b.warned).toEqual([]);
  });

  test('a write is not confirmed by its own echo', async () => {
    const b = await bench(modbusRtu, { echo: true });
    const timeUp = new AbortController();
    const drive = verdict(b.connection.drive!(relay, true, timeUp.signal));
    b.say(b.written[0]!);
    timeUp.abort();
    expect(await drive).toBe('timeout: no answer from unit 1');
    const good = verdict(b.connection.drive!(relay, true, new AbortController().signal));
    b.say(b.written[1]!);
    b.say(b.written[1]!);
    expect(await good).toBeUndefined();
  });

  test('an echo that came back changed is a fault, and the next question begins anew', async () => {
    const b = await bench(modbusRtu, { echo: true });
    const first = ask(b);
    const spoilt = Buffer.from(b.written[0]!);
    spoilt[5]! ^= 4;
    b.say(spoilt);
    expect(await first).toBe('garbled: what was sent to unit 1 did not come back as it was sent');
    const second = ask(b);
    b.say(Buffer.concat([b.written[1]!, reply]));
    expect(await second).toEqual([7, 8]);
  });

  test('an echo that nobody expects is told, once', async () => {
    const b = await bench(modbusRtu);
    for (let index = 0; index < 3; index += 1) {
      const reading = ask(b);
      b.say(Buffer.concat([b.written[index]!, reply]));
      expect(await reading).toEqual([7, 8]);
    }
    expect(b.warned).toEqual([expect.stringContaining('echo: true')]);
  });
});

test('keys: framing and connections make the link; the kernel is asked to switch direction only where the site says so', () => {
  const bus = z.strictObject(modbusRtu.keys.bus);
  expect(modbusRtu.link(bus.parse({ path: '/dev/x', rs485: true }))).toMatchObject({ rs485: true });
  expect(modbusRtu.link(bus.parse({ path: '/dev/x' }))).not.toHaveProperty('rs485');
  expect(bus.safeParse({ path: '/dev/x', echo: true }).success).toBe(true);
  expect(modbusTcp.link({ host: 'x', port: 502, framing: 'tcp', connections: 1 })).toEqual({
    kind: 'tcp',
    host: 'x',
    port: 502,
  });
  expect(modbusTcp.link({ host: 'x', port: 1, framing: 'rtu', connections: 4 })).toEqual({
    kind: 'tcp',
    host: 'x',
    port: 1,
    untagged: true,
    connections: 4,
  });
});
