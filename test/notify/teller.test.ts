// The teller between the house and its channels: on a virtual clock with a real web server that answers as it is told,
// so that waits of minutes cost nothing. Withdrawn messages, failing channels, many messages, restarts, health.

import { afterEach, describe, expect, it } from 'vitest';
import type { ChannelConfig, WebhookConfig } from '../../src/config/types.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { createTeller, type Teller } from '../../src/notify/teller.ts';
import { freePort, until } from '../support/broker.ts';
import { fastClock } from './house.ts';
import { keptLog, li, type PeopleHouse, peopleHouse, premises, wang } from './people.ts';
import { answering, type Receiver, startReceiver } from './web-receiver.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function receiver(): Promise<Receiver> {
  const made = await startReceiver();
  ends.push(() => made.close());
  return made;
}

const hook = (port: number, more: Partial<WebhookConfig> = {}): WebhookConfig => ({
  id: 'hook',
  type: 'webhook',
  template: 'generic',
  url: `http://127.0.0.1:${port}/path-of-secrets`,
  headers: {},
  withinMs: 60_000,
  ...more,
});

function tell(
  house: PeopleHouse,
  channels: readonly ChannelConfig[],
  clock: Clock = systemClock(),
  log = keptLog(),
): Teller {
  const teller = createTeller({ channels, people: [wang, li], premises, clock, log, host: house });
  ends.push(() => teller.stop());
  return teller;
}

const ids = (web: Receiver): string[] => web.posted.map(({ json }) => json.id);

describe('a teller', () => {
  it('delivers what stands, in the words of that moment, and says so', async () => {
    const [house, web] = [peopleHouse(), await receiver()];
    house.add('m1');
    const teller = tell(house, [hook(web.port)]);
    await until('it is reported', () => house.reports.length === 1);
    expect(house.reports).toEqual([{ message: 'm1', outcome: 'delivered', because: undefined }]);
    expect(web.posted[0]?.json).toMatchObject({
      id: 'm1',
      key: 'store_0042.m1.kdqv',
      title: '【紧急】火灾 · 中庭',
      to: { id: 'wang_fang', name: '王芳' },
      incidents: [{ id: 'i1_kdqv', number: 'i1' }],
    });
    house.add('m2', { person: 'li_qiang' });
    teller.changed();
    await until('the second is reported', () => house.reports.length === 2);
    expect(web.posted[1]?.json.to.name).toBe('李强');
    // told again, it is not sent again
    teller.changed();
    expect(teller.state()).toEqual([{ id: 'hook', type: 'webhook', ok: true, waiting: 0 }]);
    expect(house.healths).toEqual([{ check: 'channel_hook', ok: true, because: 'a message was delivered' }]);
  });

  it('does not send again what it has delivered while the house has not noted it', async () => {
    const [house, web] = [peopleHouse(), await receiver()];
    const forgetful: PeopleHouse = Object.assign(peopleHouse(), {
      report: (message: string, outcome: string) =>
        void house.reports.push({ message, outcome, because: undefined }),
    });
    forgetful.add('m1');
    const teller = tell(forgetful, [hook(web.port)]);
    await until('it is reported', () => house.reports.length === 1);
    forgetful.add('m2');
    teller.changed();
    await until('the second is reported', () => house.reports.length === 2);
    expect(ids(web)).toEqual(['m1', 'm2']);
  });

  it('tries again, later and later, and tells why once', async () => {
    const [house, web] = [peopleHouse(), await receiver()];
    let failures = 0;
    web.answer = (response, posted) => {
      failures += 1;
      answering(failures > 3 ? 200 : 503)(response, posted);
    };
    house.add('m1');
    tell(house, [hook(web.port)], fastClock(20));
    await until('it is delivered', () => house.reportsOf('m1').includes('delivered'));
    expect(house.reportsOf('m1')).toEqual(['failed', 'delivered']);
    expect(house.reports[0]?.because).toBe(`127.0.0.1:${web.port}: HTTP 503, it is not available now`);
    expect(ids(web)).toEqual(['m1', 'm1', 'm1', 'm1']);
  });

  it('hands over at once what is refused', async () => {
    const [house, web] = [peopleHouse(), await receiver()];
    web.answer = answering(404);
    house.add('m1');
    house.add('m2', { person: 'nobody_known' });
    tell(house, [hook(web.port)]);
    await until('both are reported', () => house.reports.length === 2);
    expect(house.reportsOf('m1')).toEqual(['refused']);
    expect(house.reports.find(({ message }) => message === 'm2')).toEqual({
      message: 'm2',
      outcome: 'refused',
      because: 'no address on this channel',
    });
    expect(ids(web)).toEqual(['m1']);
  });

  it('does not send what was withdrawn while it waited', async () => {
    const [house, web] = [peopleHouse(), await receiver()];
    web.answer = answering(500);
    house.add('m1');
    const teller = tell(house, [hook(web.port)], fastClock(20));
    await until('the first try has failed', () => house.reportsOf('m1').length === 1);
    // one is withdrawn with a word to the teller, one without
    house.add('m2');
    house.add('m3');
    house.standing.delete('m1');
    teller.changed();
    house.standing.delete('m2');
    web.answer = answering(200);
    await until('the third is delivered', () => house.reportsOf('m3').includes('delivered'));
    expect(ids(web).filter((id) => id === 'm2')).toEqual([]);
    expect(ids(web).at(-1)).toBe('m3');
    expect(house.reportsOf('m1')).toEqual(['failed']);
  });

  it('sends the most urgent first, then the oldest, and few at once', async () => {
    const [house, web] = [peopleHouse(), await receiver()];
    const held: (() => void)[] = [];
    web.answer = (response) => void held.push(() => response.end());
    for (let number = 1; number <= 4; number++) house.add(`m${number}`, {}, { level: 'general' });
    const teller = tell(house, [hook(web.port)]);
    await until('four are under way', () => held.length === 4);
    house.add('m5', {}, { level: 'general', category: 'trouble' });
    house.add('m6', { drill: true }, { level: 'urgent' });
    house.add('m7', {}, { level: 'major' });
    house.add('m8', {}, { level: 'urgent' });
    house.add('m9', {}, { level: 'urgent', category: 'trouble' });
    teller.changed();
    for (let count = 1; count <= 9; count++) {
      await until('one more is under way', () => held.length > 0);
      held.shift()!();
      await until('it is reported', () => house.reports.length === count);
      // over connections of their own two could overtake each other
      await until('the next one is there', () => web.posted.length === Math.min(9, 4 + count));
    }
    expect(web.most).toBe(4);
    expect(ids(web).slice(4)).toEqual(['m8', 'm9', 'm7', 'm5', 'm6']);
  });

  it('goes on after a restart with what stands, and with nothing else', async () => {
    const [house, web] = [peopleHouse(), await receiver()];
    web.answer = answering(500);
    house.add('m1');
    house.add('m2');
    const first = tell(house, [hook(web.port)]);
    await until('it was tried', () => house.reports.length > 0);
    await first.stop();
    const said = house.reports.length;
    web.answer = answering(200);
    house.standing.delete('m2');
    tell(house, [hook(web.port)]);
    await until('it is delivered', () => house.reports.length > said);
    expect(house.reports.slice(said)).toEqual([{ message: 'm1', outcome: 'delivered', because: undefined }]);
  });

  it('stops in the middle of an attempt, and says nothing more', async () => {
    const [house, web] = [peopleHouse(), await receiver()];
    web.answer = () => {};
    house.add('m1');
    const teller = tell(house, [hook(web.port)]);
    await until('it is under way', () => web.posted.length === 1);
    await teller.stop();
    expect(house.reports).toEqual([]);
    expect(house.healths).toEqual([]);
  });

  it('keeps a channel that stays, and opens one that is new', async () => {
    const [house, web, other] = [peopleHouse(), await receiver(), await receiver()];
    const teller = tell(house, [hook(web.port), hook(web.port, { id: 'gone' })]);
    await teller.use({ channels: [hook(web.port), hook(other.port, { id: 'new' })], people: [li], premises });
    expect(house.healths).toEqual([
      { check: 'channel_gone', ok: true, because: 'removed from the configuration' },
    ]);
    house.add('m1', { channel: 'new', person: 'li_qiang' });
    house.add('m2');
    teller.changed();
    await until('both are reported', () => house.reports.length === 2);
    expect(ids(other)).toEqual(['m1']);
    // wang is no longer in the configuration
    expect(house.reportsOf('m2')).toEqual(['refused']);
    expect(teller.state().map(({ id }) => id)).toEqual(['hook', 'new']);
  });

  it('takes up later changes after one that failed', async () => {
    const [house, web] = [peopleHouse(), await receiver()];
    let broken = true;
    const { health } = house;
    house.health = (check, ok, because) => {
      if (broken && check === 'channel_gone') throw new Error('disk on fire');
      health(check, ok, because);
    };
    const teller = tell(house, [hook(web.port, { id: 'gone' })]);
    await expect(teller.use({ channels: [], people: [wang], premises })).rejects.toThrow('disk on fire');
    broken = false;
    await teller.use({ channels: [hook(web.port)], people: [wang], premises });
    house.add('m1');
    teller.changed();
    await until('it is reported', () => house.reportsOf('m1').includes('delivered'));
    expect(ids(web)).toEqual(['m1']);
  });
});

describe('a channel that fails', () => {
  it('is not hammered by all that wait for it, and takes them all when it is back', async () => {
    const [house, web] = [peopleHouse(), await receiver()];
    const clock = fastClock(50);
    let tries = 0;
    web.answer = (response, posted) => {
      tries += 1;
      answering(tries > 12 ? 200 : 502)(response, posted);
    };
    for (let number = 1; number <= 500; number++) house.add(`m${number}`);
    const beganMs = clock.steadyMs();
    tell(house, [hook(web.port, { withinMs: 600_000 })], clock);
    await until('twelve attempts', () => tries >= 12, 20_000);
    // four at once at first; then one after 1, 2, 4 … seconds, a quarter less at most
    expect(clock.steadyMs() - beganMs).toBeGreaterThan(100_000);
    expect(new Set(house.reports.map(({ outcome }) => outcome))).toEqual(new Set(['failed']));
    // each of those that wait knows why
    expect(new Set(house.reports.map(({ message }) => message)).size).toBe(500);
    await until('all are delivered', () => house.standing.size === 0, 20_000);
    expect(house.reports.filter(({ outcome }) => outcome === 'delivered')).toHaveLength(500);
  });

  it('is told of when it lasts, and again at the first delivery', async () => {
    const [house, web] = [peopleHouse(), await receiver()];
    const log = keptLog();
    web.answer = answering(500);
    house.add('m1');
    const teller = tell(house, [hook(web.port, { withinMs: 20_000 })], fastClock(20), log);
    await until('it is told', () => house.healths.length === 1);
    const because = `127.0.0.1:${web.port}: HTTP 500, it failed`;
    expect(house.healths).toEqual([{ check: 'channel_hook', ok: false, because }]);
    expect(teller.state()).toEqual([{ id: 'hook', type: 'webhook', ok: false, because, waiting: 1 }]);
    web.answer = answering(200);
    await until('it is told', () => house.healths.length === 2);
    expect(house.healths[1]).toMatchObject({ check: 'channel_hook', ok: true });
    expect(teller.state()).toEqual([{ id: 'hook', type: 'webhook', ok: true, waiting: 0 }]);
    expect(log.lines.join('\n')).not.toContain('path-of-secrets');
    expect(JSON.stringify([house.reports, house.healths])).not.toContain('path-of-secrets');
  });

  it('is told of although its letters went another way meanwhile', async () => {
    const house = peopleHouse();
    const port = await freePort();
    const web = await receiver();
    web.answer = answering(401);
    house.add('m1');
    house.add('m2', { channel: 'dead' });
    tell(
      house,
      [hook(web.port, { withinMs: 5000 }), hook(port, { id: 'dead', withinMs: 5000 })],
      fastClock(20),
    );
    await until(
      'it was tried twice',
      () => house.reportsOf('m2').length > 0 && house.reportsOf('m1').length > 0,
    );
    await until('both are told', () => house.healths.length === 2);
    expect(house.healths.map(({ check, ok }) => `${check} ${ok}`).sort()).toEqual([
      'channel_dead false',
      'channel_hook false',
    ]);
  });

  it('is not told of where a single failure was followed by nothing', async () => {
    const [house, web] = [peopleHouse(), await receiver()];
    const clock = fastClock(20);
    web.answer = answering(500);
    house.add('m1');
    const teller = tell(house, [hook(web.port, { withinMs: 3000 })], clock);
    await until('it was tried', () => house.reports.length === 1);
    house.standing.delete('m1');
    teller.changed();
    const fromMs = clock.steadyMs();
    await until('its time is over', () => clock.steadyMs() - fromMs > 6000);
    expect(house.healths).toEqual([]);
    expect(web.posted).toHaveLength(1);
  });

  it('is told of where one attempt took longer than letters may wait, which went another way', async () => {
    const [house, web] = [peopleHouse(), await receiver()];
    web.answer = () => {};
    house.add('m1');
    const teller = tell(house, [hook(web.port, { withinMs: 3000 })], fastClock(20));
    await until('it is under way', () => web.posted.length === 1);
    house.standing.delete('m1');
    teller.changed();
    await until('it is told', () => house.healths.length === 1);
    expect(house.healths).toEqual([
      {
        check: 'channel_hook',
        ok: false,
        because: `127.0.0.1:${web.port}: no answer within 10 s`,
      },
    ]);
    expect(web.posted).toHaveLength(1);
  });

  it('waits as long as it is asked to', async () => {
    const [house, web] = [peopleHouse(), await receiver()];
    const clock = fastClock(100);
    const atMs: number[] = [];
    web.answer = (response, posted) => {
      atMs.push(clock.steadyMs());
      answering(atMs.length > 1 ? 200 : 429, '', { 'retry-after': '30' })(response, posted);
    };
    house.add('m1');
    tell(house, [hook(web.port)], clock);
    await until('it is delivered', () => house.reportsOf('m1').includes('delivered'));
    expect(atMs[1]! - atMs[0]!).toBeGreaterThanOrEqual(29_900);
  });

  it('is not asked for more in a minute than a robot takes', async () => {
    const [house, web] = [peopleHouse(), await receiver()];
    const clock = fastClock(100);
    const atMs: number[] = [];
    web.answer = (response, posted) => {
      atMs.push(clock.steadyMs());
      answering(200, { errcode: 0 })(response, posted);
    };
    for (let number = 1; number <= 25; number++) house.add(`m${number}`);
    // (the clock is fast: what the first one waits for on this machine counts too)
    tell(house, [hook(web.port, { template: 'wecom' })], clock);
    await until('all are delivered', () => house.standing.size === 0);
    expect(atMs[20]! - atMs[0]!).toBeGreaterThan(50_000);
  });
});
