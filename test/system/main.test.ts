// The daemon as a site has it: Modbus TCP and RTU with a slave that is not ours, a UPS on a serial line, a real
// broker and mosquitto_sub as the monitoring centre. Alarms, outputs, and people over MQTT and the commands.

import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Broker, installed, publish, type Witness } from '../support/broker.ts';
import {
  base,
  command,
  type Daemon,
  event,
  events,
  eventually,
  newPlace,
  type Place,
  premises,
  seqsInOrder,
  shown,
  siteOf,
} from '../support/daemon.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import { haveSocat, serialPair } from '../support/serial-line.ts';
import { type PtyUps, startPtyUps } from '../support/ups.ts';
import { alarmSite } from './site.ts';

const able =
  haveLibmodbus() && haveSocat() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub', 'mosquitto_rr');
const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const text = expect.stringMatching(/./);
// NUT's testing table; in the second the utility has failed and the battery feeds
const mainsLine = '(215.0 195.0 230.0 014 49.0 22.7 30.0 00000000\r';
const batteryLine = '(000.0 195.0 230.0 014 50.0 22.7 30.0 10000000\r';

describe.skipIf(!able)('a site', () => {
  let place: Place;
  let broker: Broker;
  let seen: Witness;
  let slave: Slave;
  let rtu: Slave;
  let ups: PtyUps;
  let daemon: Daemon;

  const open = (plan: string, zone?: string) =>
    events(seen).findLast(
      ({ type, incident }) =>
        type === 'incident.opened' &&
        incident.plan === plan &&
        (zone === undefined || incident.zone === zone),
    )?.incident.id as string;
  const say = (fields: Record<string, unknown>) => command(seen, broker.port, fields);
  const state = (id: string) => shown(seen, `incident/${id}`)?.state;

  beforeAll(async () => {
    place = newPlace();
    broker = await place.broker();
    seen = await place.witness(broker.port);
    slave = await startSlave('tcp');
    place.later(slave, () => slave.stop());
    const line = await serialPair();
    place.later(line, () => line.stop());
    rtu = await startSlave('rtu', line.b, 5);
    place.later(rtu, () => rtu.stop());
    ups = await startPtyUps((asked) => (asked === 'Q1' ? Buffer.from(mainsLine, 'latin1') : undefined));
    place.later(ups, () => ups.close());
    const site = alarmSite(slave.port, {
      buses: {
        line: { driver: 'modbus-rtu', path: line.a, baudRate: 115200 },
        ups: { driver: 'serial', protocol: 'megatec', path: ups.path },
      },
      devices: {
        board: {
          bus: 'line',
          unit: 5,
          every: '50ms',
          timeout: '300ms',
          zone: 'plant',
          points: {
            panic: { read: 'discrete:7', kind: 'panic', rule: 'none' },
            level: { read: 'holding:4:i16', unit: 'mm', scale: 0.1 },
          },
        },
        ups: { bus: 'ups', profile: 'megatec-ups', zone: 'plant', every: '200ms' },
      },
      outputs: { beacon: { bus: 'line', unit: 5, write: 'coil:3' } },
      rules: {
        call_siren: { when: 'inputs.call', plan: 'fire', zone: 'kitchen', outputs: { siren: 'on' } },
        panic_beacon: {
          when: 'board.panic',
          plan: 'personal-attack',
          zone: 'plant',
          outputs: { beacon: 'on' },
        },
      },
    });
    site.devices.inputs.points.call = {
      read: 'discrete:9',
      kind: 'callPoint',
      zone: 'kitchen',
      rule: 'none',
    };
    place.write(siteOf(broker, site));
    daemon = await place.start();
    await seen.until('all points are known', () =>
      ['inputs/smoke', 'board/panic', 'ups/load'].every(
        (id) => shown(seen, `point/${id}`)?.quality === 'good',
      ),
    );
  });
  afterAll(() => place?.leave());

  test('the status and the points are retained, as the contract has them', async () => {
    const late = await place.witness(broker.port);
    await late.until('retained', ({ length }) => length >= 20);
    expect(late.seen.filter(({ topic }) => topic === `${base}/status`)[0]).toMatchObject({ retain: true });
    expect(shown(late, 'status')).toEqual({
      state: 'online',
      session: text,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      epoch: expect.stringMatching(/^[a-z0-9]{8}$/),
      at: expect.stringMatching(iso),
      lastSeq: expect.any(Number),
      open: { alarm: 0, supervisory: 0, trouble: 0 },
      drill: false,
    });
    expect(shown(late, 'point/inputs/smoke')).toEqual({
      value: false,
      quality: 'good',
      unit: null,
      at: expect.stringMatching(iso),
    });
    expect(shown(late, 'point/inputs/ppm')).toEqual({
      value: 0,
      quality: 'good',
      unit: 'ppm',
      at: expect.stringMatching(iso),
    });
    expect(shown(late, 'point/ups/input_voltage')).toMatchObject({ value: 215, unit: 'V' });
    expect(shown(late, 'point/ups/utility_fail')).toMatchObject({ value: false });
    expect(late.seen.filter(({ topic }) => topic === `${base}/event`)).toEqual([]);
    await late.close();
  });

  test('the heartbeat comes again and again, and each is newer', async () => {
    const beats = () => seen.json(`${base}/status`).length;
    const before = beats();
    await seen.until('three heartbeats', () => beats() >= before + 3, 5000);
    const times = seen.json(`${base}/status`).map(({ at }) => at);
    expect(times).toEqual([...times].sort());
    expect(times.at(-1)).not.toBe(times.at(-3));
  });

  test('smoke is an event within a few polls, exactly as in the contract, and the siren sounds', async () => {
    const beganMs = performance.now();
    await slave.set('discrete', 0, 1);
    const opened = await event(
      seen,
      'fire',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire',
    );
    expect(performance.now() - beganMs).toBeLessThan(1500);
    expect(opened).toMatchObject({
      v: 1,
      premises,
      epoch: text,
      seq: expect.any(Number),
      id: text,
      type: 'incident.opened',
      at: expect.stringMatching(iso),
      clock: expect.stringMatching(/^(un)?synced$/),
      replayed: false,
      drill: false,
      because: expect.stringContaining('inputs.smoke'),
    });
    expect(opened.incident).toMatchObject({
      id: text,
      plan: 'fire',
      category: 'alarm',
      level: 'urgent',
      zone: 'atrium',
      state: 'unacknowledged',
      active: true,
      acknowledged: false,
      openedAt: opened.at,
      title: { zh: '火灾 · 中庭', en: 'Fire · Atrium' },
      cause: { rule: 'smoke_siren', point: 'inputs.smoke', value: true },
    });
    expect(opened.incident.signals).toHaveLength(1);
    expect(opened.incident.signals[0]).toMatchObject({
      rule: 'smoke_siren',
      point: 'inputs.smoke',
      value: true,
      active: true,
      at: opened.at,
    });
    expect(Math.abs(Date.parse(opened.at) - Date.now())).toBeLessThan(10_000);
    await eventually(
      'the coil is on',
      () => slave.get('coil', 0),
      (value) => value === 1,
    );
    const changed = await event(
      seen,
      'output',
      ({ type, output }) => type === 'output.changed' && output.id === 'siren',
    );
    expect(changed.output).toEqual({ id: 'siren', value: true });
    // events overtake levels: the point may come after them
    await seen.until('the point is told', () => shown(seen, 'point/inputs/smoke')?.value === true);
    expect(shown(seen, 'point/inputs/smoke')).toMatchObject({ value: true, quality: 'good' });

    const late = await place.witness(broker.port, `${base}/incident/+`);
    await late.until('the incident is retained', ({ length }) => length > 0);
    expect(late.seen[0]!.retain).toBe(true);
    const kept = shown(late, `incident/${opened.incident.id}`);
    expect(kept).toMatchObject({ id: opened.incident.id, state: 'unacknowledged', active: true });
    expect(kept.steps.map(({ id }: { id: string }) => id)).toContain('call_119');
    await late.close();
    await seen.until('the status counts it', () => shown(seen, 'status').open.alarm === 1);
  });

  test('over MQTT: silence, acknowledge, too early to close, back to normal, close', async () => {
    const id = open('fire', 'atrium');
    expect(await say({ verb: 'silence', incident: id })).toMatchObject({
      ok: true,
      code: 'ok',
      message: text,
    });
    await eventually(
      'the siren is silent',
      () => slave.get('coil', 0),
      (value) => value === 0,
    );
    expect(await say({ verb: 'close', incident: id, verdict: 'real' })).toMatchObject({
      ok: false,
      code: 'refused',
    });
    expect(await say({ verb: 'ack', incident: id, note: 'on my way' })).toMatchObject({
      ok: true,
      code: 'ok',
    });
    const acknowledged = await event(
      seen,
      'ack',
      ({ type, incident }) => type === 'incident.acknowledged' && incident.id === id,
    );
    expect(acknowledged).toMatchObject({ by: 'li', incident: { state: 'acknowledged', acknowledged: true } });
    expect(await say({ verb: 'close', incident: id, verdict: 'real' })).toMatchObject({
      ok: false,
      code: 'refused',
    });
    await slave.set('discrete', 0, 0);
    await event(seen, 'returned', ({ type, incident }) => type === 'incident.returned' && incident.id === id);
    expect(await say({ verb: 'close', incident: id })).toMatchObject({ ok: false, code: 'badRequest' });
    expect(await say({ verb: 'close', incident: id, verdict: 'maybe' })).toMatchObject({
      ok: false,
      code: 'badRequest',
    });
    expect(await say({ verb: 'close', incident: id, verdict: 'false', cause: 'steam' })).toMatchObject({
      ok: true,
    });
    const closed = await event(
      seen,
      'closed',
      ({ type, incident }) => type === 'incident.closed' && incident.id === id,
    );
    expect(closed.incident).toMatchObject({ state: 'closed', active: false, verdict: 'false' });
    await seen.until('its topic is emptied', () =>
      seen.seen.some(({ topic, payload }) => topic === `${base}/incident/${id}` && payload === ''),
    );
    const late = await place.witness(broker.port);
    await late.until('retained', ({ length }) => length >= 20);
    expect(late.seen.filter(({ topic }) => topic.startsWith(`${base}/incident/`))).toEqual([]);
    await late.close();
  });

  test('refusals have stable codes', async () => {
    expect(await say({ verb: 'fly' })).toMatchObject({ ok: false, code: 'unknownVerb', message: text });
    expect(await say({ verb: 'ack' })).toMatchObject({ ok: false, code: 'badRequest' });
    expect(await say({ verb: 'ack', incident: 'i999' })).toMatchObject({ ok: false, code: 'notFound' });
    expect(await say({ verb: 'raise', plan: 'nonsense' })).toMatchObject({ ok: false, code: 'notFound' });
    expect(await say({ verb: 'output', output: 'siren', value: true })).toMatchObject({
      ok: false,
      code: 'badRequest',
    });
    expect(await say({ verb: 'output', output: 'sirene', value: true, for: '1s' })).toMatchObject({
      ok: false,
      code: 'notFound',
    });
    expect(await say({ verb: 'replay', from: 'one' })).toMatchObject({ ok: false, code: 'badRequest' });
    expect(await say({ verb: 'ack', incident: { $ne: 1 } })).toMatchObject({ ok: false, code: 'badRequest' });
  });

  test('a reply also goes to the MQTT 5 response topic', () => {
    const args = [
      '-h',
      '127.0.0.1',
      '-p',
      String(broker.port),
      '-t',
      `${base}/command`,
      '-e',
      'centre/answers',
      '-W',
      '5',
    ];
    const sent = JSON.stringify({ id: 'five', verb: 'ack', by: 'li', incident: 'i999' });
    const answer = execFileSync('mosquitto_rr', [...args, '-m', sent], { encoding: 'utf8' });
    expect(JSON.parse(answer)).toMatchObject({ id: 'five', ok: false, code: 'notFound' });
  });

  test('raised by hand, once for each id', async () => {
    const sent = {
      id: 'raise-1',
      verb: 'raise',
      plan: 'robbery',
      zone: 'atrium',
      level: 'major',
      note: 'seen at the till',
    };
    const reply = await say(sent);
    expect(reply).toMatchObject({ id: 'raise-1', ok: true, code: 'ok', incident: text });
    const opened = await event(
      seen,
      'robbery',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'robbery',
    );
    expect(opened).toMatchObject({
      by: 'li',
      because: expect.stringContaining('seen at the till'),
      incident: { id: reply.incident, zone: 'atrium', active: true },
    });
    expect(await say(sent)).toEqual(reply);
    const twice = await say({ ...sent, id: 'raise-2' });
    expect(twice.incident).not.toBe(reply.incident);
    expect(
      events(seen).filter(({ type, incident }) => type === 'incident.opened' && incident.plan === 'robbery'),
    ).toHaveLength(2);
  });

  test('what was raised by hand is over by a reset, over MQTT', async () => {
    const id = open('robbery', 'atrium');
    expect(await say({ verb: 'close', incident: id, verdict: 'test' })).toMatchObject({
      ok: false,
      code: 'refused',
    });
    expect(await say({ verb: 'reset', incident: id, note: 'a drill' })).toMatchObject({
      ok: true,
      incident: id,
    });
    await event(seen, 'returned', ({ type, incident }) => type === 'incident.returned' && incident.id === id);
    expect(await say({ verb: 'ack', incident: id })).toMatchObject({ ok: true });
    expect(await say({ verb: 'close', incident: id, verdict: 'test' })).toMatchObject({ ok: true });
    await seen.until('its topic is emptied', () =>
      seen.seen.some(({ topic, payload }) => topic === `${base}/incident/${id}` && payload === ''),
    );
  });

  test('silenced by command, the siren sounds again for a new alarm only', async () => {
    const siren = (value: 0 | 1) =>
      eventually(
        `the siren is ${value}`,
        () => slave.get('coil', 0),
        (coil) => coil === value,
      );
    await slave.set('discrete', 9, 1);
    await siren(1);
    expect(await place.cli('silence')).toMatchObject({ code: 0, stderr: '' });
    await siren(0);
    await slave.set('discrete', 9, 0);
    await seen.until('it has returned', () => shown(seen, 'point/inputs/call').value === false);
    expect(await slave.get('coil', 0)).toBe(0);
    await slave.set('discrete', 9, 1);
    await siren(1);
    expect(await place.cli('silence', open('fire', 'kitchen'))).toMatchObject({ code: 0, stderr: '' });
    await siren(0);
    const fires = events(seen).filter(
      ({ type, incident }) =>
        type === 'incident.opened' && incident.plan === 'fire' && incident.zone === 'kitchen',
    );
    expect(fires).toHaveLength(1);
  });

  test('replay sends the same events again, marked', async () => {
    const before = events(seen).filter(({ replayed }) => !replayed);
    const reply = await say({ verb: 'replay', from: 2, to: 5 });
    expect(reply).toMatchObject({ ok: true, code: 'ok' });
    const again = events(seen).filter(({ replayed }) => replayed);
    expect(again.map(({ seq }) => seq)).toEqual([2, 3, 4, 5]);
    for (const one of again)
      expect({ ...one, replayed: false }).toEqual(before.find(({ seq }) => seq === one.seq));
  });

  test('an alarm on RTU drives an output on RTU, and the UPS tells of a power cut', async () => {
    await rtu.set('holding', 4, 65_526);
    await seen.until('the level is scaled', () => shown(seen, 'point/board/level')?.value === -1);
    await rtu.set('discrete', 7, 1);
    await event(
      seen,
      'panic',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'personal-attack',
    );
    await eventually(
      'the beacon is on',
      () => rtu.get('coil', 3),
      (value) => value === 1,
    );
    await rtu.set('discrete', 7, 0);
    await eventually(
      'the beacon is off',
      () => rtu.get('coil', 3),
      (value) => value === 0,
    );
    ups.reply = () => Buffer.from(batteryLine, 'latin1');
    const cut = await event(
      seen,
      'power cut',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'power-loss',
    );
    expect(cut.incident.cause).toMatchObject({ point: 'ups.utility_fail', value: true });
    ups.reply = () => Buffer.from(mainsLine, 'latin1');
    await event(
      seen,
      'power is back',
      ({ type, incident }) => type === 'incident.returned' && incident.id === cut.incident.id,
    );
  });

  test('a gas reading opens above its limit, stays in between, and returns below the other', async () => {
    await slave.set('input', 0, 2501);
    const opened = await event(
      seen,
      'gas',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'gas-leak',
    );
    expect(opened.incident.cause).toMatchObject({ point: 'inputs.ppm', value: 2501 });
    await slave.set('input', 0, 1800);
    await seen.until('the point follows', () => shown(seen, 'point/inputs/ppm').value === 1800);
    expect(state(opened.incident.id)).toBe('unacknowledged');
    expect(shown(seen, `incident/${opened.incident.id}`).active).toBe(true);
    await slave.set('input', 0, 1400);
    await event(
      seen,
      'gas is gone',
      ({ type, incident }) => type === 'incident.returned' && incident.id === opened.incident.id,
    );
  });

  test('over the commands: what is latched needs a reset; every refusal is 1, every success 0', async () => {
    await slave.set('discrete', 2, 1);
    await event(
      seen,
      'heat',
      ({ type, incident }) =>
        type === 'incident.opened' && incident.zone === 'plant' && incident.plan === 'fire',
    );
    const id = open('fire', 'plant');
    expect(await place.cli('ack', id, '--by', 'wang')).toMatchObject({ code: 0, stderr: '' });
    expect(
      await event(
        seen,
        'ack',
        ({ type, incident }) => type === 'incident.acknowledged' && incident.id === id,
      ),
    ).toMatchObject({ by: 'wang' });
    expect(await place.cli('reset', id)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('refused'),
    });
    await slave.set('discrete', 2, 0);
    await seen.until('latched', () => shown(seen, `incident/${id}`)?.signals[0].latched === true);
    expect(
      events(seen).some(({ type, incident }) => type === 'incident.returned' && incident.id === id),
    ).toBe(false);
    expect(await place.cli('close', id, '--verdict', 'test')).toMatchObject({ code: 1, stdout: '' });
    expect(await place.cli('reset', id)).toMatchObject({ code: 0, stderr: '' });
    await event(
      seen,
      'returned after the reset',
      ({ type, incident }) => type === 'incident.returned' && incident.id === id,
    );
    expect(await place.cli('note', id, 'the', 'oven')).toMatchObject({ code: 0 });
    expect(await place.cli('step', id, 'call_119')).toMatchObject({ code: 0 });
    expect(await place.cli('step', id, 'call_0')).toMatchObject({ code: 1 });
    expect(await place.cli('close', id, '--verdict', 'test')).toMatchObject({ code: 0, stderr: '' });
    expect(await place.cli('close', id, '--verdict', 'test')).toMatchObject({ code: 1 });
    expect(await place.cli('ack', 'i999')).toMatchObject({ code: 1, stdout: '' });
    const raised = await place.cli('raise', 'water-leak', '--zone', 'kitchen', '--json');
    expect(raised.code).toBe(0);
    expect(JSON.parse(raised.stdout)).toMatchObject({ ok: true, code: 'ok', incident: text });
    expect(await place.cli('raise', 'nonsense')).toMatchObject({ code: 1 });
    expect(await place.cli('output', 'beacon', 'on', '--for', '1s')).toMatchObject({ code: 0 });
    await eventually(
      'the beacon is on by hand',
      () => rtu.get('coil', 3),
      (value) => value === 1,
    );
    await eventually(
      'the beacon is automatic again',
      () => rtu.get('coil', 3),
      (value) => value === 0,
    );
    const explained = await place.cli('explain', id);
    expect(explained).toMatchObject({ code: 0, stderr: '' });
    expect(explained.stdout).toContain('inputs.heat');
    expect(explained.stdout).toContain('wang');
    expect(explained.stdout).toContain('the oven');
    const { incident, events: told } = await place.json('explain', id);
    expect(incident).toMatchObject({ id, state: 'closed', verdict: 'test' });
    expect(told.map(({ type }: { type: string }) => type)).toEqual([
      'incident.opened',
      'incident.acknowledged',
      'incident.note',
      'incident.returned',
      'incident.note',
      'incident.step',
      'incident.closed',
    ]);
    expect(await place.cli('explain', 'i999')).toMatchObject({ code: 1, stdout: '' });
  });

  test('disabled points are silent, and alarm when they are enabled again', async () => {
    expect(await place.cli('disable', 'inputs.flood', '--reason', 'cleaning')).toMatchObject({ code: 0 });
    await slave.set('discrete', 1, 1);
    await seen.until(
      'the point is read on',
      () =>
        shown(seen, 'point/inputs/flood')?.value === true ||
        shown(seen, 'point/inputs/flood')?.quality !== 'good',
    );
    const floods = () =>
      events(seen).filter(
        ({ type, incident }) => type === 'incident.opened' && incident.cause.point === 'inputs.flood',
      );
    expect((await place.json('status')).disabled).toMatchObject([
      { of: 'point', id: 'inputs.flood', reason: 'cleaning' },
    ]);
    expect(floods()).toEqual([]);
    const signals = () =>
      events(seen).filter(({ incident }) =>
        incident?.signals.some((one: { point?: string }) => one.point === 'inputs.flood'),
      );
    expect(signals()).toEqual([]);
    expect(await place.cli('enable', 'inputs.flood', '--reason', 'done')).toMatchObject({ code: 0 });
    await seen.until('the flood is told', () => signals().length > 0);
    await slave.set('discrete', 1, 0);
  });

  test('status, points and incidents as JSON', async () => {
    const status = await place.json('status');
    expect(status).toMatchObject({
      premises: { id: premises },
      mqtt: { connected: true, protocol: 5, waiting: 0 },
      store: { ok: true },
      open: { alarm: expect.any(Number), supervisory: 0, trouble: 0 },
      lastSeq: events(seen).at(-1).seq,
      epoch: events(seen)[0].epoch,
    });
    expect(status.outputs.find(({ id }: { id: string }) => id === 'siren')).toMatchObject({
      desired: false,
      actual: false,
    });
    expect(status.buses.map(({ id }: { id: string }) => id)).toEqual(['lan', 'line', 'ups']);
    const points = await place.json('points');
    expect(points.find(({ id }: { id: string }) => id === 'inputs.ppm')).toMatchObject({
      value: 1400,
      quality: 'good',
      unit: 'ppm',
    });
    const standing = await place.json('incidents');
    expect(standing.map(({ id }: { id: string }) => id)).not.toContain(open('fire', 'plant'));
    expect((await place.json('incidents', '--all')).map(({ id }: { id: string }) => id)).toEqual(
      expect.arrayContaining([
        open('fire', 'plant'),
        open('fire', 'atrium'),
        ...standing.map(({ id }: { id: string }) => id),
      ]),
    );
    expect(standing).toHaveLength(status.open.alarm);
  });

  test('kill -9: the will says offline; after a restart it goes on, and an old command acts no second time', async () => {
    const session = shown(seen, 'status').session;
    const [raised] = seen.json(`${base}/reply`).filter(({ id }) => id === 'raise-1');
    const openBefore = (await place.json('incidents')).map(({ id }: { id: string }) => id).sort();
    const lastSeq = events(seen).at(-1).seq;
    await daemon.kill();
    await seen.until('the will', () => shown(seen, 'status').state === 'offline', 5000);
    expect(shown(seen, 'status')).toMatchObject({ session, state: 'offline' });
    expect(await place.cli('status')).toMatchObject({ code: 3, stdout: '' });
    daemon = await place.start();
    await seen.until('online again', () => shown(seen, 'status').state === 'online');
    expect(shown(seen, 'status').session).not.toBe(session);
    const replies = () => seen.json(`${base}/reply`).filter(({ id }) => id === 'raise-1').length;
    const before = replies();
    await publish(
      broker.port,
      `${base}/command`,
      JSON.stringify({ id: 'raise-1', verb: 'raise', by: 'li', plan: 'robbery', zone: 'atrium' }),
    );
    await seen.until('the old reply again', () => replies() > before);
    expect(seen.json(`${base}/reply`).findLast(({ id }) => id === 'raise-1')).toEqual(raised);
    expect((await place.json('incidents')).map(({ id }: { id: string }) => id).sort()).toEqual(openBefore);
    expect(
      events(seen)
        .filter(({ seq, replayed }) => seq > lastSeq && !replayed)
        .every(({ type }) => type === 'gateway.started'),
    ).toBe(true);
    const seqs = seqsInOrder(events(seen));
    expect(seqs[0]).toBe(1);
  });

  test('SIGTERM: a last event, offline, exit 0, and nothing in the error stream', async () => {
    const beganMs = performance.now();
    expect(await daemon.stop()).toBe(0);
    expect(performance.now() - beganMs).toBeLessThan(5000);
    await seen.until('offline', () => shown(seen, 'status').state === 'offline');
    expect(events(seen).at(-1).type).toBe('gateway.stopped');
    expect(daemon.stderr()).toBe('');
    expect(daemon.log.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });
});
