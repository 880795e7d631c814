// Drills, walk tests and what is out of service, with the daemon as a site has it: who learns of a drill and who does
// not, that a real alarm is never taken for one, and that what is in a test alarms nobody while the rest guards on.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Receiver } from '../notify/web-receiver.ts';
import { type Broker, installed, until, type Witness } from '../support/broker.ts';
import {
  base,
  type Daemon,
  event,
  events,
  eventually,
  newPlace,
  type Place,
  type SiteFile,
  shown,
  siteOf,
} from '../support/daemon.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import {
  deliveriesOf,
  haveMailServer,
  hookTo,
  type MailServer,
  mailTo,
  peopleSite,
  planOf,
  startMailServer,
  startWeb,
  writePeople,
} from './people-site.ts';

const able = haveLibmodbus() && haveMailServer() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub');

let place: Place;
let slave: Slave;
let broker: Broker;
let seen: Witness;
let web: Receiver;
let mail: MailServer;
let daemon: Daemon;

beforeEach(async () => {
  if (!able) return;
  place = newPlace();
  slave = await startSlave('tcp');
  place.later(slave, () => slave.stop());
  broker = await place.broker();
  seen = await place.witness(broker.port);
  web = await startWeb(place);
  mail = await startMailServer(place);
  const rungs = [{ to: ['store_manager'] }, { to: ['guard'], after: '1s', unless: 'acknowledged' }];
  writePeople(place, [planOf('fire', 'urgent', rungs), planOf('water-leak', 'urgent', rungs)]);
  const channels = { hook: hookTo(web.port), mail: mailTo(mail.port) };
  const site = peopleSite(slave.port, channels, {
    outputs: { buzzer: { bus: 'lan', unit: 1, write: 'coil:1', chirp: true } },
  });
  site.devices.inputs.points.call = { read: 'discrete:9', kind: 'callPoint', zone: 'atrium' };
  place.write(siteOf(broker, site));
  daemon = await place.start();
  await seen.until('it reads', () =>
    ['smoke', 'call', 'flood'].every((id) => shown(seen, `point/inputs/${id}`)?.quality === 'good'),
  );
});
afterEach(() => place?.leave());

const opened = (plan: string, drill = false) =>
  event(
    seen,
    plan,
    (one) => one.type === 'incident.opened' && one.incident.plan === plan && one.drill === drill,
  );
const operator = async (...argv: string[]) => {
  const { code, stdout, stderr } = await place.cli(...argv, '--by', 'wang');
  expect({ argv, code, stderr }).toEqual({ argv, code: 0, stderr: '' });
  return stdout;
};
const coil = (address: number, value: 0 | 1) =>
  eventually(
    `coil ${address} is ${value}`,
    () => slave.get('coil', address),
    (found) => found === value,
  );
const ofPlan = (plan: string) => events(seen).filter(({ incident }) => incident?.plan === plan);
/** What happens in one second is one message. */
const told = (plan: string) =>
  web.posted.some(({ json }) => json.incidents.some((one: SiteFile) => one.plan === plan));
const notices = () => ['store_manager', 'guard'].flatMap((role) => seen.json(`${base}/notify/${role}`));

describe.skipIf(!able)('a drill', () => {
  test('runs the ladder, marked everywhere, and reaches nobody outside', async () => {
    await operator('drill', 'start', 'fire', '--zone', 'atrium');
    const { incident } = await opened('fire', true);
    await seen.until('both rungs are told', () => notices().length === 2);
    expect(notices().map(({ drill, title, to }) => [drill, title, to])).toEqual([
      [true, '[DRILL] [URGENT] Fire · Atrium', ['Wang Fang']],
      [true, '[DRILL] [URGENT] Fire · Atrium', ['Li Qiang']],
    ]);
    await seen.until('the status says so', () => shown(seen, 'status').drill === true);
    expect(shown(seen, `incident/${incident.id}`)).toMatchObject({ drill: true });
    expect((await place.json('status')).drills).toMatchObject([{ incident: incident.id, plan: 'fire' }]);
    await eventually(
      'held back',
      async () => deliveriesOf((await place.json('explain', incident.id)).incident),
      (all) =>
        ['rung hook wang_fang held', 'rung hook li_qiang held', 'rung mqtt guard delivered'].every((one) =>
          all.includes(one),
        ),
    );
    await operator('drill', 'stop');
    const ended = await event(seen, 'the end', ({ type }) => type === 'drill.ended');
    const since = events(seen).filter(({ seq }) => seq <= ended.seq && seq > 1);
    expect(since.map(({ type, drill }) => [type, drill])).toEqual([
      ['drill.started', true],
      ['incident.opened', true],
      ['incident.escalated', true],
      ['incident.closed', true],
      ['drill.ended', true],
    ]);
    await seen.until('the status no longer says so', () => shown(seen, 'status').drill === false);
    expect(await slave.get('coil', 0)).toBe(0);

    // and then a real one, by which it shows that what leaves would have been seen
    await slave.set('discrete', 0, 1);
    await until('the real one is told', () => web.posted.length > 0 && mail.mails.length > 0);
    expect(web.posted[0]!.json).toMatchObject({ drill: false, title: '【紧急】火灾 · 中庭' });
    expect(mail.mails[0]!.subject).toBe('【紧急】火灾 · 中庭');
  });

  test('with channels is marked in subject and text, and ends at once when it is real', async () => {
    await operator('drill', 'start', 'fire', '--zone', 'atrium', '--channels');
    const drill = (await opened('fire', true)).incident;
    await until('all are told', () => web.posted.length === 2 && mail.mails.length === 2);
    for (const { json } of web.posted)
      expect(json).toMatchObject({
        drill: true,
        title: expect.stringMatching(/^(【演练】|\[DRILL\] )/),
        text: expect.stringMatching(/^(【演练】|\[DRILL\] )/),
      });
    expect(mail.to('wang@example.com')[0]).toMatchObject({
      subject: '【演练】【紧急】火灾 · 中庭',
      text: expect.stringMatching(/^【演练】.*\n\n【演练】/),
    });
    expect(mail.to('li@example.com')[0]).toMatchObject({
      subject: '[DRILL] [URGENT] Fire · Atrium',
      text: expect.stringMatching(/^\[DRILL\] .*\n\n\[DRILL\] /),
    });
    expect(await slave.get('coil', 0)).toBe(0);

    await slave.set('discrete', 0, 1);
    const real = (await opened('fire')).incident;
    expect(real.id).not.toBe(drill.id);
    await event(
      seen,
      'the drill ends',
      ({ type, incident, because }) =>
        type === 'incident.closed' && incident.id === drill.id && because.includes(real.id),
    );
    await event(seen, 'it is said', ({ type }) => type === 'drill.ended');
    await coil(0, 1);
    const reals = () => web.posted.filter(({ json }) => !json.drill && json.kind === 'rung');
    await until('the real one is told', () => reals().length === 2);
    for (const { json } of reals()) {
      expect(json.title).toMatch(/^(【紧急】|\[URGENT\] )/);
      expect(json.incidents).toMatchObject([{ id: real.id }]);
    }
    await until('the end of the drill is told', () =>
      ['wang_fang', 'li_qiang'].every((person) =>
        web.posted.some(({ json }) => json.kind === 'closed' && json.drill && json.to.id === person),
      ),
    );
    // another one is refused meanwhile
    const { code, stderr } = await place.cli('drill', 'start', 'water-leak', '--by', 'wang');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(real.id) });
  });
});

describe.skipIf(!able)('a walk test', () => {
  test('confirms each detector and alarms none, guards the rest, and ends when all were heard', async () => {
    await operator('walktest', 'start', '--zone', 'atrium');
    const { incident } = await opened('walk-test');
    expect(incident).toMatchObject({ category: 'supervisory', zone: 'atrium' });
    await slave.set('discrete', 0, 1);
    const heard = (point: string) =>
      event(
        seen,
        `${point} is heard`,
        ({ type, because }) => type === 'incident.note' && because === `walk test: ${point} heard`,
      );
    expect(await heard('inputs.smoke')).toMatchObject({ note: 'Smoke detector heard, 1 to go' });
    await coil(1, 1);
    await coil(1, 0);
    expect((await place.json('status')).walkTest).toMatchObject({ heard: 1, left: ['inputs.call'] });
    // elsewhere it is real
    await slave.set('discrete', 1, 1);
    await opened('water-leak');
    await until('and told', () => told('water-leak'));

    await slave.set('discrete', 0, 0);
    await seen.until('it is at rest', () => shown(seen, 'point/inputs/smoke').value === false);
    await slave.set('discrete', 9, 1);
    await heard('inputs.call');
    await event(seen, 'over', ({ because }) => because === 'walk test over, all detectors were heard');
    // the last one is active still
    expect((await place.json('status')).walkTest).toMatchObject({ ending: true, left: [] });
    await slave.set('discrete', 9, 0);
    await event(
      seen,
      'its incident is closed',
      (one) => one.type === 'incident.closed' && one.incident.id === incident.id,
    );
    expect((await place.json('status')).walkTest).toBeUndefined();
    expect(ofPlan('fire')).toEqual([]);
    expect(await slave.get('coil', 0)).toBe(0);
    expect(notices().filter(({ incident: of }) => of === incident.id)).toEqual([]);
    const { stdout: paper } = await place.cli('report', incident.id, '--lang', 'en');
    expect(paper).toContain('| Detectors heard | 2 / 2 |');
    expect(paper).toMatch(/^\| Atrium \| Smoke detector \(inputs\.smoke\) \| smoke \| \d{4}-.* \| wang \|/m);

    await slave.set('discrete', 0, 1);
    await opened('fire');
    await coil(0, 1);
    expect(daemon.log.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });
});

describe.skipIf(!able)('a walk test over a kill', () => {
  test('goes on, and one over its time guards again', async () => {
    await operator('walktest', 'start', '--zone', 'atrium', '--for', '6s');
    const beganMs = performance.now();
    const { incident } = await opened('walk-test');
    await daemon.kill();
    await slave.set('discrete', 0, 1);
    daemon = await place.start();
    await event(seen, 'it is heard', ({ because }) => because === 'walk test: inputs.smoke heard');
    expect(ofPlan('fire')).toEqual([]);
    await daemon.kill();
    await slave.set('discrete', 0, 0);
    await until('its time is over', () => performance.now() - beganMs > 6500);
    daemon = await place.start();
    await event(
      seen,
      'its incident is closed',
      (one) => one.type === 'incident.closed' && one.incident.id === incident.id,
    );
    await seen.until('it reads', () => shown(seen, 'point/inputs/smoke')?.value === false);
    await slave.set('discrete', 0, 1);
    await opened('fire');
    await coil(0, 1);
  });
});

describe.skipIf(!able)('a point out of service', () => {
  test('stands as a supervisory incident in status and incidents until it is enabled', async () => {
    await operator('disable', 'inputs.smoke', '--reason', 'painting');
    const { incident } = await opened('out-of-service');
    expect(incident).toMatchObject({ category: 'supervisory', active: true });
    const status = await place.json('status');
    expect(status.open).toEqual({ alarm: 0, supervisory: 1, trouble: 0 });
    expect(status.disabled).toMatchObject([
      { of: 'point', id: 'inputs.smoke', by: 'wang', reason: 'painting' },
    ]);
    expect((await place.json('incidents')).map(({ id }: SiteFile) => id)).toEqual([incident.id]);
    expect(await place.cli('status')).toMatchObject({ stdout: expect.stringContaining('painting') });
    await slave.set('discrete', 0, 1);
    await slave.set('discrete', 1, 1);
    await opened('water-leak');
    expect(ofPlan('fire')).toEqual([]);
    await operator('enable', 'inputs.smoke');
    await event(
      seen,
      'it is closed',
      (one) => one.type === 'incident.closed' && one.incident.id === incident.id,
    );
    expect((await place.json('status')).disabled).toEqual([]);
    // it is active still, and guards again
    await opened('fire');
    await coil(0, 1);
    await until('and is told', () => told('fire'));
  });
});
