// People told by text message through a modem at the end of a serial line, and acknowledging by an answer, with the
// daemon as a site has it.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { delivered, submitted } from '../notify/text-modem.ts';
import { type Broker, installed, until, type Witness } from '../support/broker.ts';
import { event, events, eventually, newPlace, type Place, shown, siteOf } from '../support/daemon.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import { type ScriptedModem, startModem } from '../support/modem.ts';
import { haveSocat } from '../support/serial-line.ts';
import { deliveriesOf, people, peopleSite, planOf, writePeople } from './people-site.ts';

const able = haveLibmodbus() && haveSocat() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub');

let place: Place;
let slave: Slave;
let broker: Broker;
let seen: Witness;
let modem: ScriptedModem;

beforeEach(async () => {
  if (!able) return;
  place = newPlace();
  slave = await startSlave('tcp');
  place.later(slave, () => slave.stop());
  modem = await startModem();
  place.later(modem, () => modem.close());
  broker = await place.broker();
  seen = await place.witness(broker.port);
  const { wang_fang, li_qiang } = people;
  writePeople(
    place,
    [
      planOf('fire', 'urgent', [
        { to: ['store_manager'] },
        { to: ['guard'], after: '20s', unless: 'acknowledged' },
      ]),
    ],
    {
      people: {
        wang_fang: { ...wang_fang, channels: ['sms'] },
        li_qiang: { ...li_qiang, language: 'zh', channels: ['sms'] },
      },
    },
  );
  const sms = { type: 'sms', path: modem.path, baudRate: 115_200, within: '10s' };
  place.write(siteOf(broker, peopleSite(slave.port, { sms })));
});
afterEach(() => place?.leave());

const texts = () => modem.sent.map(({ pdu }) => submitted(pdu));

describe.skipIf(!able)('by text message', () => {
  test('a person is told and acknowledges by an answer; a stranger can not', async () => {
    const daemon = await place.start();
    await seen.until('it reads', () => shown(seen, 'point/inputs/smoke')?.quality === 'good');
    await slave.set('discrete', 0, 1);
    await until('the message is out', () => modem.sent.length === 1);
    expect(texts()).toEqual([
      {
        number: '8613800000001',
        text: expect.stringMatching(/^【紧急】火灾 · 中庭，人民路店，.*起.*。回复 i1 确认$/),
      },
    ]);
    const { incident } = await event(seen, 'fire', ({ type }) => type === 'incident.opened');
    await eventually(
      'the delivery is on record',
      async () => deliveriesOf((await place.json('explain', incident.id)).incident),
      (all) => all.includes('rung sms wang_fang delivered'),
    );

    modem.receive(delivered('+8613700000009', '确认', Date.now()));
    await daemon.said('a stranger wrote', ({ unknown }) => unknown === 1);
    expect(shown(seen, `incident/${incident.id}`).acknowledged).toBe(false);
    // Li is known, and was told of nothing yet
    modem.receive(delivered('+8613900000002', 'ok', Date.now()));
    await until('Li is answered', () => modem.sent.length === 2);
    expect(texts()[1]).toEqual({ number: '8613900000002', text: '没有待您确认的事件' });
    expect(shown(seen, `incident/${incident.id}`).acknowledged).toBe(false);

    // (the network's time has no fractions of a second: not one of before the delivery)
    modem.receive(delivered('+8613800000001', '确认', Date.now() + 1000));
    const acknowledged = await event(seen, 'the ack', ({ type }) => type === 'incident.acknowledged');
    expect(acknowledged).toMatchObject({
      by: 'Wang Fang',
      incident: { id: incident.id, acknowledged: true },
    });
    await until('it is confirmed', () => modem.sent.length === 3);
    expect(texts()[2]).toEqual({ number: '8613800000001', text: '已确认：i1 火灾 · 中庭' });
    expect(modem.stored.size).toBe(0);
    expect(events(seen).filter(({ type }) => type === 'incident.acknowledged')).toHaveLength(1);
    const { told } = (await place.json('explain', incident.id)).incident;
    expect(told[1]).toMatchObject({ roles: ['guard'], skipped: true, because: 'acknowledged by Wang Fang' });
    expect((await place.json('status')).people.channels).toMatchObject([
      { id: 'sms', type: 'sms', ok: true },
    ]);
  });

  test('an answer that came while the daemon was down acknowledges after the start, and once', async () => {
    const first = await place.start();
    await seen.until('it reads', () => shown(seen, 'point/inputs/smoke')?.quality === 'good');
    await slave.set('discrete', 0, 1);
    await until('the message is out', () => modem.sent.length === 1);
    const { incident } = await event(seen, 'fire', ({ type }) => type === 'incident.opened');
    await eventually(
      'the delivery is on record',
      async () => deliveriesOf((await place.json('explain', incident.id)).incident),
      (all) => all.includes('rung sms wang_fang delivered'),
    );
    await first.kill();
    modem.receive(delivered('+8613800000001', 'i1', Date.now()));
    await place.start();
    await event(seen, 'the ack', ({ type }) => type === 'incident.acknowledged');
    await until('it is confirmed', () => modem.sent.length === 2);
    expect(texts()[1]).toEqual({ number: '8613800000001', text: '已确认：i1 火灾 · 中庭' });
    expect(modem.stored.size).toBe(0);
  });

  test('a modem that is pulled out is a trouble, and tells when it is back', async () => {
    modem.silent = true;
    const sms = { type: 'sms', path: modem.path, baudRate: 115_200, within: '2s' };
    place.write(siteOf(broker, peopleSite(slave.port, { sms })));
    await place.start();
    const isTrouble = (type: string) => (one: { type: string; incident?: { cause: { rule: string } } }) =>
      one.type === type && one.incident?.cause.rule === 'health_channel_sms';
    await event(seen, 'the trouble', isTrouble('incident.opened'), 20_000);
    await slave.set('discrete', 0, 1);
    await event(seen, 'fire', ({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire');
    modem.silent = false;
    await until('the message is out', () => modem.sent.length > 0, 25_000);
    expect(texts()[0]).toMatchObject({ number: '8613800000001', text: expect.stringContaining('火灾') });
    await event(seen, 'its end', isTrouble('incident.closed'));
  });
});
