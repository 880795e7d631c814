// People told by text message and answering by one: the whole way, from a message in the house to a modem at the end of
// a serial line and back. What it says comes from test/support/modem.ts; the octets are made and read apart from it.

import { afterEach, describe, expect, it } from 'vitest';
import type { PersonConfig, SmsConfig } from '../../src/config/types.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { createTeller, type Teller } from '../../src/notify/teller.ts';
import { until } from '../support/broker.ts';
import { type ScriptedModem, scriptedModem, startModem } from '../support/modem.ts';
import { haveSocat, serialEnd } from '../support/serial-line.ts';
import { fastClock } from './house.ts';
import { keptLog, li, type PeopleHouse, peopleHouse, premises, sampleTold, wang } from './people.ts';
import { delivered, openTextModem, submitted } from './text-modem.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function modemOnLine(): Promise<ScriptedModem> {
  const modem = await startModem();
  ends.push(() => modem.close());
  return modem;
}

function tell(
  house: PeopleHouse,
  path: string,
  more: Partial<SmsConfig> = {},
  clock: Clock = systemClock(),
  people: readonly PersonConfig[] = [wang, li],
) {
  const log = keptLog();
  const sms: SmsConfig = { id: 'sms', type: 'sms', path, baudRate: 115_200, withinMs: 60_000, ...more };
  const options = {
    channels: [sms],
    people,
    premises,
    clock,
    log,
    host: house,
    openModem: openTextModem,
  };
  const teller: Teller = createTeller(options);
  ends.push(() => teller.stop());
  return { teller, log };
}

/** before the answers here */
const toldAt = new Date(Date.now() - 120_000).toISOString();
const told = (person: string) => ({
  told: [
    sampleTold(1, {
      deliveries: [
        { message: 'm1', channel: 'sms', person, state: 'delivered', at: toldAt, endedAt: toldAt },
      ],
    }),
  ],
});
const sms = { channel: 'sms' } as const;

describe.runIf(haveSocat())('by text message', () => {
  it('a person is told in Chinese, and acknowledges by an answer', async () => {
    const [house, modem] = [peopleHouse(), await modemOnLine()];
    house.add('m1', sms, told('wang_fang'));
    tell(house, modem.path);
    await until('it is reported', () => house.reports.length === 1);
    expect(house.reports).toEqual([{ message: 'm1', outcome: 'delivered', because: 'the network took it' }]);
    expect(modem.sent.map(({ pdu }) => submitted(pdu))).toEqual([
      {
        number: '8613800000001',
        text: '【紧急】火灾 · 中庭，一号店，11月22日 09:02 起。回复 i1 确认',
      },
    ]);
    modem.receive(delivered('+8613800000001', '收到', Date.now()));
    await until('it is acknowledged', () => house.commands.length === 1);
    expect(house.commands[0]).toMatchObject({ verb: 'ack', by: '王芳', origin: 'sms', incident: 'i1_kdqv' });
    expect(house.commands[0]?.id).toMatch(/^sms-[0-9a-f]{24}-i1_kdqv$/);
    await until('it is confirmed', () => modem.sent.length === 2);
    expect(submitted(modem.sent[1]!.pdu)).toEqual({
      number: '8613800000001',
      text: '已确认：i1 火灾 · 中庭',
    });
    expect(modem.stored.size).toBe(0);
  });

  it('answers that lay on the SIM are read when the modem is opened, without a letter to send', async () => {
    const [house, modem] = [peopleHouse(), await modemOnLine()];
    house.add('m1', { channel: 'other' }, told('li_qiang'));
    modem.stored.set(3, delivered('+8613900000002', 'ok', Date.now() - 60_000));
    tell(house, modem.path);
    await until('it is acknowledged', () => house.commands.length === 1);
    expect(house.commands[0]).toMatchObject({ by: '李强', incident: 'i1_kdqv' });
  });

  it('letters go one after the other, and what the network refuses for good is handed over', async () => {
    const [house, modem] = [peopleHouse(), await modemOnLine()];
    modem.once.push(['PDU', '+CMS ERROR: 28'], ['PDU', '+CMS ERROR: 38']);
    for (const id of ['m1', 'm2', 'm3']) house.add(id, sms);
    tell(house, modem.path, {}, fastClock(20));
    await until('all are reported', () => house.standing.size === 0);
    expect(house.reportsOf('m1')).toEqual(['refused']);
    expect(house.reports.find(({ message }) => message === 'm1')?.because).toBe(
      `${modem.path}: AT+CMGS: the subscriber is unknown (CMS 28)`,
    );
    expect(house.reportsOf('m2')).toEqual(['failed', 'delivered']);
    expect(house.reportsOf('m3')).toEqual(['delivered']);
    expect(modem.sent).toHaveLength(2);
  });

  it('a number that is none is refused, and not shown', async () => {
    const [house, modem] = [peopleHouse(), await modemOnLine()];
    house.add('m1', sms);
    tell(house, modem.path, {}, fastClock(20), [{ ...wang, phone: '13800000001 or 2' }]);
    await until('it is reported', () => house.standing.size === 0);
    expect(house.reports).toEqual([
      { message: 'm1', outcome: 'refused', because: `${modem.path}: "***" is no phone number` },
    ]);
  });

  it('a letter of which the modem says nothing is tried once more, and no oftener', async () => {
    const [house, modem] = [peopleHouse(), await modemOnLine()];
    modem.once.push(['PDU', ''], ['PDU', '']);
    house.add('m1', sms);
    tell(house, modem.path, { withinMs: 600_000 }, fastClock(50));
    await until('it is given up', () => house.standing.size === 0, 20_000);
    expect(house.reportsOf('m1').at(-1)).toBe('refused');
    expect(house.reports.at(-1)?.because).toMatch(/twice; the text may have gone out$/);
    expect(modem.commands.filter((command) => command.startsWith('AT+CMGS'))).toHaveLength(2);
  });

  it('a modem that is gone is known of before it is needed, and used when it is back', async () => {
    const [house, modem] = [peopleHouse(), await modemOnLine()];
    modem.sim = 'SIM PIN';
    const { teller } = tell(house, modem.path, { withinMs: 5000 }, fastClock(20));
    await until('it is told', () => house.healths.length === 1);
    expect(house.healths[0]).toEqual({
      check: 'channel_sms',
      ok: false,
      because: 'the SIM wants a PIN: turn that off in a phone',
    });
    house.add('m1', sms);
    teller.changed();
    await until('it is told why it waits', () => house.reportsOf('m1').includes('failed'));
    modem.sim = 'READY';
    await until('it is delivered', () => house.reportsOf('m1').includes('delivered'));
    expect(house.healths.at(-1)).toMatchObject({ check: 'channel_sms', ok: true });
    expect(modem.sent).toHaveLength(1);
  });

  it('a modem that is pulled out and plugged in again is found', async () => {
    const house = peopleHouse();
    const modem = scriptedModem((text) => line.send(Buffer.from(text, 'latin1')));
    const line = await serialEnd((bytes) => modem.take(bytes));
    ends.push(() => line.stop());
    const { teller } = tell(house, line.path, { withinMs: 600_000 }, fastClock(20));
    await until('it is ready', () => house.healths.length === 1);
    expect(house.healths[0]).toEqual({ check: 'channel_sms', ok: true, because: `${line.path}: ready` });
    await line.unplug();
    house.add('m1', sms);
    teller.changed();
    await until('it waits', () => house.reportsOf('m1').includes('failed'));
    await line.plug();
    await until('it is delivered', () => house.reportsOf('m1').includes('delivered'));
    expect(modem.sent).toHaveLength(1);
  });

  it('a line that is not there is said so', async () => {
    const house = peopleHouse();
    house.add('m1', sms);
    tell(house, '/dev/no-such-modem', { withinMs: 2000 }, fastClock(20));
    await until('it is told', () => house.healths.length === 1);
    expect(house.healths[0]?.because).toBe('/dev/no-such-modem is missing');
    expect(house.reportsOf('m1')).toEqual(['failed']);
  });

  it('a flood of forged messages does not keep an alarm from its person', async () => {
    const [house, modem] = [peopleHouse(), await modemOnLine()];
    house.add('m1', { channel: 'other' }, told('wang_fang'));
    const { teller, log } = tell(house, modem.path);
    const nowMs = Date.now();
    for (let count = 0; count < 300; count++) {
      modem.stored.set(count + 1, delivered(`+861370000${String(count).padStart(4, '0')}`, '确认', nowMs));
    }
    for (let count = 0; count < 100; count++) {
      const part = { reference: count, total: 200, number: 1 };
      modem.stored.set(count + 301, delivered('+8613800000001', '好'.repeat(60), nowMs, part));
    }
    for (let count = 0; count < 100; count++)
      modem.stored.set(count + 401, delivered('+8613800000001', `spam ${count}`, nowMs));
    modem.say('+CMTI: "SM",1');
    house.add('m2', sms, { level: 'urgent' });
    teller.changed();
    await until('the alarm is out', () => house.reportsOf('m2').includes('delivered'), 20_000);
    await until('all are read', () => modem.stored.size === 0, 25_000);
    expect(house.commands).toEqual([]);
    // one letter, and five words of help at most
    expect(modem.sent.length).toBeLessThanOrEqual(6);
    expect(log.lines.length).toBeLessThan(20);
  });
});
