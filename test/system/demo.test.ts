// The built-in demo as a newcomer meets it: no site file, a broker that is named in what it prints, an alarm
// within seconds, the commands beside it, scenes to play again, and a clean end.

import { mkdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installed, type Witness } from '../support/broker.ts';
import { type Daemon, keepwatch, newPlace, type Place } from '../support/daemon.ts';

const able = installed('mosquitto_sub');

describe.skipIf(!able)('keepwatch run, with nothing else', () => {
  const topic = 'keepwatch/v1/demo_store';
  let place: Place;
  let daemon: Daemon;
  let seen: Witness;
  let env: NodeJS.ProcessEnv;
  let startedMs: number;

  // biome-ignore lint/suspicious/noExplicitAny: the contract is checked from outside
  const events = (): any[] => seen.json(`${topic}/event`);
  const cli = (...argv: string[]) => keepwatch(argv, { cwd: place.folder, env });

  beforeAll(async () => {
    place = newPlace();
    const temporary = path.join(realpathSync(place.folder), 'tmp');
    mkdirSync(temporary);
    env = { TMPDIR: temporary };
    startedMs = performance.now();
    const options = { cwd: place.folder, env };
    daemon = place.spawn({ ...options, demo: true });
    const { broker } = await daemon.said('where the broker is', ({ code }) => code === 'STARTED');
    expect(broker).toEqual({ host: '127.0.0.1', port: expect.any(Number) });
    seen = await place.witness(broker.port, `${topic}/#`);
  });
  afterAll(() => place?.leave());

  test('the first alarm is at a subscriber within ten seconds of the start', async () => {
    await seen.until(
      'an alarm',
      () =>
        events().some(({ type, incident }) => type === 'incident.opened' && incident.category === 'alarm'),
      10_000,
    );
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(events().find(({ type }) => type === 'incident.opened').incident).toMatchObject({
      plan: 'fire',
      zone: 'atrium',
      title: { zh: '火灾 · 中庭', en: 'Fire · Atrium' },
    });
  });

  test('status, points and incidents find it without being told where', async () => {
    const status = await cli('status', '--json');
    expect(status.code).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({
      premises: { id: 'demo_store' },
      open: { alarm: 1, trouble: 0 },
      mqtt: { connected: true },
    });
    expect(await cli('status')).toMatchObject({ code: 0, stderr: '' });
    expect(
      JSON.parse((await cli('points', '--json')).stdout).every(
        ({ quality }: { quality: string }) => quality === 'good',
      ),
    ).toBe(true);
    expect((await cli('incidents', '--lang', 'en')).stdout).toContain('Fire · Atrium');
  });

  test('a scene can be played: the panic button is a personal attack', async () => {
    expect(await cli('demo', 'panic')).toMatchObject({ code: 0 });
    await seen.until('the attack', () =>
      events().some(
        ({ type, incident }) => type === 'incident.opened' && incident.plan === 'personal-attack',
      ),
    );
    expect(await cli('demo', 'nonsense')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('panic'),
    });
    expect(
      await cli('ack', events().find(({ incident }) => incident?.plan === 'personal-attack').incident.id),
    ).toMatchObject({ code: 0 });
  });

  test('a second demo beside it gets a folder and a broker of its own, and its end is not that of the first', async () => {
    const options = { cwd: place.folder, env };
    const second = place.spawn({ ...options, demo: true });
    const line = await second.said('it runs', ({ code }) => code === 'STARTED');
    const first = await daemon.said('it runs', ({ code }) => code === 'STARTED');
    expect(line.data).not.toBe(first.data);
    expect(line.broker.port).not.toBe(first.broker.port);
    expect(await second.stop()).toBe(0);
    expect(daemon.running()).toBe(true);
    expect(await cli('status', '--socket', first.socket)).toMatchObject({ code: 0 });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it with 0 within five seconds', async (signal) => {
    if (!daemon.running()) {
      const options = { cwd: place.folder, env };
      daemon = place.spawn({ ...options, demo: true });
      await daemon.said('it runs', ({ code }) => code === 'STARTED');
    }
    const beganMs = performance.now();
    daemon.signal(signal);
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - beganMs).toBeLessThan(5000);
    expect(daemon.stderr()).toBe('');
    expect(await cli('status')).toMatchObject({ code: 3 });
  });
});
