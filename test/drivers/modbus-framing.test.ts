// What the Modbus framings let through: one reply to the outstanding question and nothing else. Links in memory,
// bytes by hand, time on a virtual clock where replies come late.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { modbusRtu, modbusTcp } from '../../drivers/modbus/driver.ts';
import { config, line1, rig } from '../devices/rig.ts';
import { virtualClock } from '../support/clock.ts';
import { type Bench, bench, request, verdict } from '../support/modbus/bench.ts';
import { answerRtu, memoryLinks, rtu } from '../support/modbus/memory.ts';

describe('RTU', () => {
  const pzem = rtu('01 04 14 08D1 006C 0000 00F4 0000 0026 0000 01F4 0064 0000');
  const ask = (b: Bench, signal = new AbortController().signal) =>
    verdict(b.connection.read!(request(modbusRtu, 1, 'input:0', 'input:1:u32:cdab', 'input:9'), signal));

  test('a published exchange, in one piece and byte by byte', async () => {
    const b = await bench(modbusRtu);
    const whole = ask(b);
    expect(b.written).toEqual([rtu('01 04 0000 000A')]);
    b.say(pzem);
    expect(await whole).toEqual([2257, 108, 0]);
    const pieces = ask(b);
    for (const byte of pzem) b.say(Buffer.from([byte]));
    expect(await pieces).toEqual([2257, 108, 0]);
  });

  test('bits, as a 2DI board at unit 255 gives them', async () => {
    const b = await bench(modbusRtu);
    const reading = b.connection.read!(
      request(modbusRtu, 255, 'discrete:0', 'discrete:1', 'discrete:7'),
      new AbortController().signal,
    );
    expect(b.written[0]).toEqual(Buffer.from('FF02000000086C12', 'hex'));
    b.say(Buffer.from('FF02010151A0', 'hex'));
    expect(await reading).toEqual([true, false, false]);
  });

  test('noise or an echo before the reply is passed over', async () => {
    const b = await bench(modbusRtu);
    const first = ask(b);
    b.say(Buffer.concat([Buffer.from([0]), pzem]));
    expect(await first).toEqual([2257, 108, 0]);
    const second = ask(b);
    b.say(Buffer.concat([b.written[1]!, pzem]));
    expect(await second).toEqual([2257, 108, 0]);
  });

  test('an answer from another unit, to another function, or of another length', async () => {
    for (const [frame, text] of [
      ['02 04 14 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000', 'an answer of unit 2 to function 4'],
      ['01 03 14 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000', 'an answer of unit 1 to function 3'],
      ['01 04 02 0001', 'an answer of unit 1 to function 4'],
      ['02 84 02', 'an answer of unit 2 to function 4'],
    ] as const) {
      const b = await bench(modbusRtu);
      const timeUp = new AbortController();
      const reading = ask(b, timeUp.signal);
      b.say(rtu(frame));
      timeUp.abort();
      expect(await reading).toBe(`foreign: asked unit 1 by function 4, got ${text}`);
      // the right answer may follow a late one
      const next = ask(b);
      b.say(rtu(frame));
      b.say(pzem);
      expect(await next).toEqual([2257, 108, 0]);
    }
  });

  test('a flipped bit anywhere never passes', async () => {
    for (let at = 0; at < pzem.length; at += 1) {
      const b = await bench(modbusRtu);
      const timeUp = new AbortController();
      const reading = ask(b, timeUp.signal);
      const spoilt = Buffer.from(pzem);
      spoilt[at]! ^= 1 << (at % 8);
      b.say(spoilt);
      timeUp.abort();
      expect(await reading, `byte ${at}`).toMatch(/^(garbled|foreign): /);
    }
  });

  test('half a frame, no frame, an exception', async () => {
    const b = await bench(modbusRtu);
    const half = new AbortController();
    const first = ask(b, half.signal);
    b.say(pzem.subarray(0, 9));
    half.abort();
    expect(await first).toBe('garbled: unit 1 gave 9 bytes that are no answer (25 expected)');
    const none = new AbortController();
    const second = ask(b, none.signal);
    none.abort();
    expect(await second).toBe('timeout: no answer from unit 1');
    const c = await bench(modbusRtu);
    const third = ask(c);
    c.say(rtu('01 84 02'));
    expect(await third).toBe('exception: Modbus exception 2 (illegal data address) from unit 1, input 0…9');
  });

  test("a gateway's word for silence behind it is a timeout", async () => {
    const b = await bench(modbusRtu);
    const reading = ask(b);
    b.say(rtu('01 84 0B'));
    expect(await reading).toMatch(/^timeout: Modbus exception 11/);
  });

  test('bytes that nobody asked for are dropped', async () => {
    const b = await bench(modbusRtu);
    b.say(pzem);
    const reading = ask(b);
    b.say(pzem);
    expect(await reading).toEqual([2257, 108, 0]);
  });

  test('endless noise ends the question', async () => {
    const b = await bench(modbusRtu);
    const timeUp = new AbortController();
    const reading = ask(b, timeUp.signal);
    for (let index = 0; index < 60; index += 1) b.say(Buffer.alloc(10, 0x55));
    b.say(Buffer.alloc(700, 0x55));
    timeUp.abort();
    expect(await reading).toBe('garbled: noise on the line while asking unit 1');
    const next = ask(b);
    for (let index = 0; index < 100; index += 1) b.say(Buffer.alloc(10, 0x55));
    b.say(pzem);
    expect(await next).toEqual([2257, 108, 0]);
  });

  test('writes: the echo must repeat address and value', async () => {
    const b = await bench(modbusRtu);
    const output = { id: 'o', ...modbusRtu.output({}, { unit: 1, write: 'coil:0' }) };
    const good = verdict(b.connection.drive!(output, true, new AbortController().signal));
    expect(b.written[0]).toEqual(Buffer.from('01050000FF008C3A', 'hex'));
    b.say(Buffer.from('01050000FF008C3A', 'hex'));
    expect(await good).toBeUndefined();
    const timeUp = new AbortController();
    const bad = verdict(b.connection.drive!(output, true, timeUp.signal));
    b.say(rtu('01 05 0001 FF00'));
    timeUp.abort();
    expect(await bad).toMatch(/^foreign/);
  });

  test('a write-only coil reads back as "can not tell"', async () => {
    const b = await bench(modbusRtu);
    const output = { id: 'o', ...modbusRtu.output({}, { unit: 1, write: 'coil:0xFF' }) };
    const seen = b.connection.observe!(output, new AbortController().signal);
    b.say(rtu('01 81 02'));
    expect(await seen).toBeNull();
  });

  test('the connection keeps nothing of a question that is over', async () => {
    const b = await bench(modbusRtu);
    for (let index = 0; index < 50; index += 1) {
      const timeUp = new AbortController();
      const reading = ask(b, timeUp.signal);
      timeUp.abort();
      await reading;
    }
    const closing = ask(b);
    await b.connection.close();
    expect(await closing).toBe('link: closed');
  });
});

describe('TCP', () => {
  const ask = (b: Bench, signal = new AbortController().signal) =>
    verdict(b.connection.read!(request(modbusTcp, 3, 'holding:5', 'holding:6'), signal));
  const reply = (id: number, body: string, protocol = 0): Buffer => {
    const bytes = Buffer.from(body.replaceAll(' ', ''), 'hex');
    const head = Buffer.alloc(6);
    head.writeUInt16BE(id, 0);
    head.writeUInt16BE(protocol, 2);
    head.writeUInt16BE(bytes.length, 4);
    return Buffer.concat([head, bytes]);
  };

  test('an exchange, whole, in pieces, and after a late one in the same piece', async () => {
    const b = await bench(modbusTcp);
    const first = ask(b);
    expect(b.written[0]!.toString('hex')).toBe('000100000006030300050002');
    b.say(reply(1, '03 03 04 0007 0008'));
    expect(await first).toEqual([7, 8]);
    const second = ask(b);
    for (const byte of reply(2, '03 03 04 0009 000A')) b.say(Buffer.from([byte]));
    expect(await second).toEqual([9, 10]);
    const third = ask(b);
    b.say(Buffer.concat([reply(2, '03 03 04 FFFF FFFF'), reply(3, '03 03 04 0001 0002')]));
    expect(await third).toEqual([1, 2]);
  });

  test('wrong unit, wrong shape, exception', async () => {
    const b = await bench(modbusTcp);
    const cases = [
      ['04 03 04 0007 0008', 'foreign: asked unit 3, unit 4 answered'],
      ['03 04 04 0007 0008', 'garbled: unit 3 gave an answer of the wrong shape (function 4, 7 bytes)'],
      ['03 03 02 0007', 'garbled: unit 3 gave an answer of the wrong shape (function 3, 5 bytes)'],
      ['03 83 04', 'exception: Modbus exception 4 (device failure) from unit 3, holding 5…6'],
    ] as const;
    for (const [index, [body, text]] of cases.entries()) {
      const reading = ask(b);
      b.say(reply(index + 1, body));
      expect(await reading).toBe(text);
    }
    expect(b.failed).toEqual([]);
  });

  test('a stream that lost its framing is a lost link', async () => {
    for (const bytes of [
      reply(1, '03 03 04 0007 0008', 9),
      Buffer.from('000100000001ff', 'hex'),
      Buffer.from('0001000000ff03', 'hex'),
    ]) {
      const b = await bench(modbusTcp);
      const reading = ask(b);
      b.say(bytes);
      expect(await reading).toMatch(/^garbled: bytes that are no Modbus TCP/);
      expect(b.failed).toHaveLength(1);
    }
  });

  test('transaction ids rise and come round', async () => {
    const b = await bench(modbusTcp);
    for (let index = 1; index <= 65_600; index += 1) {
      const timeUp = new AbortController();
      const reading = ask(b, timeUp.signal);
      const id = ((index - 1) % 65_535) + 1;
      if (b.written[index - 1]!.readUInt16BE(0) !== id)
        expect(b.written[index - 1]!.readUInt16BE(0)).toBe(id);
      b.say(reply(id, '03 03 04 0001 0002'));
      await reading;
    }
  });
});

test('a late RTU reply is never taken for the answer to a later question of the same shape', async () => {
  // two units on a line where every reply may be lost, late, or overtaken by a later one; late by up to twice the limit
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: -40, max: 399 }), { minLength: 5, maxLength: 80 }),
      fc.boolean(),
      async (delaysMs, slowAll) => {
        const clock = virtualClock();
        let count = 0;
        const links = memoryLinks(clock, (frame, far) => {
          const delayMs = delaysMs[count % delaysMs.length]!;
          count += 1;
          if (delayMs > 0)
            far.send(answerRtu(frame, { register: (at) => at + frame[0]! }), slowAll ? delayMs : delayMs / 3);
        });
        const r = rig({ clock, openLink: links.open });
        const points = { a: 'input:100', b: 'input:200', c: 'input:300' };
        const device = { everyMs: 100, timeoutMs: 200, points };
        await r.devices.use(
          config(
            line1([
              { id: 'd', settings: { unit: 1 }, ...device },
              { id: 'e', settings: { unit: 2 }, ...device },
            ]),
          ),
        );
        await clock.advance(20_000);
        await r.devices.stop();
        for (const [point, address] of [
          ['a', 100],
          ['b', 200],
          ['c', 300],
        ] as const) {
          for (const value of r.values(`d.${point}`)) expect(value).toBe(address + 1);
          for (const value of r.values(`e.${point}`)) expect(value).toBe(address + 2);
        }
      },
    ),
    // a run holds some two hundred questions, three quarters of them late, lost or overtaken
    { numRuns: 250 },
  );
});
