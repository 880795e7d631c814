// The daemon as a site runs it, with a real device and a real broker: a week of samples and five hundred transitions wait
// for the broker, and when it comes events go first, then levels, then telemetry, and a new alarm overtakes what is
// left of it, through a kill as well.

import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callDaemon } from '../../src/control/client.ts';
import { installed, startProxy } from '../support/broker.ts';
import { base, events, eventually, newPlace, type Place, siteOf } from '../support/daemon.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import { alarmSite } from '../system/site.ts';
import { makeBacklog } from './backlog.ts';

const ready = installed('mosquitto', 'mosquitto_sub') && haveLibmodbus();

describe.runIf(ready)('the daemon', () => {
  let place: Place;
  let slave: Slave;
  beforeEach(async () => {
    place = newPlace();
    slave = await startSlave('tcp');
    place.later(slave, () => slave.stop());
  });
  afterEach(() => place.leave());

  it('records what numbers do, shows it at once, and has it after a restart', async () => {
    await slave.set('input', 0, 321);
    const broker = await place.broker();
    const write = (telemetry: object): void =>
      place.write(siteOf(broker, { ...alarmSite(slave.port), telemetry }));
    write({ every: '10s' });
    const seen = await place.witness(broker.port);
    const daemon = await place.start();
    const trend = () => place.json('trend', 'inputs.ppm', '--from', '10m');
    const known = ({ last }: { last: (number | null)[] }): (number | null)[] =>
      last.filter((value) => value !== null);
    const first = await eventually('a sample', trend, (found) => known(found).length > 0, 25_000);
    expect(known(first).at(-1)).toBe(321);
    expect(first).toMatchObject({ point: 'inputs.ppm', unit: 'ppm', stepMs: 10_000 });
    expect(await daemon.stop()).toBe(0);

    const again = await place.start();
    expect(known(await trend())).toContain(321);
    expect((await place.json('status')).telemetry).toMatchObject({ ok: true, dropped: 0 });
    const reload = async (telemetry: object): Promise<void> => {
      const before = again.log.filter(({ code }) => code === 'RELOADED').length;
      write(telemetry);
      again.signal('SIGHUP');
      await eventually(
        'a reload',
        () => again.log.filter(({ code }) => code === 'RELOADED').length,
        (count) => count > before,
      );
    };
    // what is kept is published once that is asked for
    expect(seen.json(`${base}/telemetry`)).toEqual([]);
    await reload({ every: '10s', publish: true });
    await seen.until('telemetry', (all) => all.some(({ topic }) => topic === `${base}/telemetry`), 20_000);
    const [message] = seen.json(`${base}/telemetry`);
    expect(message).toMatchObject({ v: 1, premises: 'store_0042', everyMs: 10_000 });
    expect(message.points['inputs.ppm'].last).toContain(321);
    const waiting = async (): Promise<number> => (await place.json('status')).telemetry.waiting;
    await eventually('nothing waits', waiting, (count) => count === 0);

    const csv = await place.cli('trend', 'inputs.ppm', '--from', '10m', '--csv');
    expect(csv.stdout).toMatch(/^at,last,min,max,clock\n\d{4}-.*Z,321,321,321,(un)?synced\n/);
    const shown = await place.cli('trend', 'inputs.ppm', '--from', '10m', '--lang', 'zh');
    expect(shown.stdout).toMatch(/最新 321 ppm {2}最低 321 ppm {2}最高 321 ppm/);
    expect(await place.cli('trend', 'inputs.smoke')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('only numbers are recorded'),
    });
    expect(await place.cli('trend', 'inputs.ppm', '--from', 'tomorrow')).toMatchObject({ code: 2 });

    await reload({ keep: '0s' });
    expect(await place.cli('trend', 'inputs.ppm')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nothing is recorded here'),
    });
    expect(await place.json('status')).not.toHaveProperty('telemetry');
  }, 90_000);

  it('drains a week: events, then levels, then telemetry, and a new alarm before all that is left', async () => {
    const backlog = await makeBacklog(place.data, 100, 7 * 1440);
    expect(backlog).toMatchObject({ samples: 1_008_000, blocks: 4032 });
    const broker = await place.broker();
    const proxy = await startProxy(broker.port);
    place.later(proxy, () => proxy.close());
    const seen = await place.witness(broker.port);
    proxy.stall(true);
    place.write(siteOf(proxy, { ...alarmSite(slave.port), data: place.data, telemetry: { publish: true } }));
    let daemon = await place.start();
    const socket = path.join(place.data, 'keepwatch.sock');
    let count = 0;
    const command = (fields: object) => {
      count += 1;
      return callDaemon(socket, 'command', { command: { id: `t${count}`, by: 'li', ...fields } });
    };
    const raised = await command({ verb: 'raise', plan: 'water-leak', zone: 'kitchen' });
    for (let note = 1; note < 500; note += 1)
      await command({ verb: 'note', incident: raised.incident, text: `transition ${note}` });
    const { lastSeq, telemetry } = await callDaemon(socket, 'status');
    expect(lastSeq).toBeGreaterThanOrEqual(500);
    expect(telemetry).toMatchObject({ ok: true, waiting: 4032, dropped: 0 });

    proxy.stall(false);
    const blocks = (): number[] =>
      seen.json(`${base}/telemetry`).map(({ id }: { id: string }) => Number(id.split('-')[1]));
    await seen.until('telemetry flows', () => blocks().length >= 20, 60_000);
    const topics = seen.seen.map(({ topic }) => topic.slice(base.length + 1));
    const first = topics.indexOf('telemetry');
    expect(topics.slice(0, first).filter((topic) => topic === 'event').length).toBeGreaterThanOrEqual(
      lastSeq,
    );
    for (const point of ['smoke', 'flood', 'heat', 'ppm'])
      expect(topics.indexOf(`point/inputs/${point}`)).toBeLessThan(first);

    const sentBefore = blocks().length;
    await slave.set('discrete', 0, 1);
    const isNew = ({ seq, type }: { seq: number; type: string }): boolean =>
      seq > lastSeq && type === 'incident.opened';
    await seen.until('the new alarm', () => events(seen).some(isNew), 20_000);
    const at = seen.seen.findIndex(
      ({ topic, payload }) => topic === `${base}/event` && isNew(JSON.parse(payload)),
    );
    const sentMeanwhile = seen.seen.slice(0, at).filter(({ topic }) => topic === `${base}/telemetry`).length;
    // two seconds of the bounded rate
    expect(sentMeanwhile - sentBefore).toBeLessThanOrEqual(40);
    expect(sentMeanwhile).toBeLessThan(4032);

    await daemon.kill();
    const known = blocks().length;
    daemon = await place.start();
    await seen.until('it goes on after the kill', () => blocks().length >= known + 80, 60_000);
    // nothing was left out, and what came twice is what a kill may repeat
    const distinct = new Set(blocks());
    expect([...distinct]).toEqual(Array.from(distinct, (_, index) => index + 1));
    expect(blocks().length - distinct.size).toBeLessThanOrEqual(51);
    expect(await daemon.stop()).toBe(0);
  }, 180_000);
});
