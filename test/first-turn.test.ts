// When systemd is told that the premises are watched: not before every bus was opened or said why not, and not before a
// whole turn of the loop; a bus that hangs holds it up for a while only. The notification itself is a real child process.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { firstTurn } from '../src/first-turn.ts';
import { until } from './support/broker.ts';
import { virtualClock } from './support/clock.ts';

let folder: string;
let before: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-first-turn-'));
  before = { ...process.env };
  writeFileSync(path.join(folder, 'told'), '');
  const tool = path.join(folder, 'systemd-notify');
  writeFileSync(tool, `#!/bin/sh\necho "$@" >> ${folder}/told\n`);
  chmodSync(tool, 0o755);
  process.env.PATH = `${folder}:${process.env.PATH}`;
  process.env.NOTIFY_SOCKET = path.join(folder, 'notify');
});
afterEach(() => {
  process.env = before;
  rmSync(folder, { recursive: true, force: true });
});

const told = (): string => readFileSync(path.join(folder, 'told'), 'utf8');
/** Whatever was on its way has come to its end. */
const settled = async (): Promise<void> => {
  for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** A loop whose turns a test lets come to their end by hand. */
function stand(buses: readonly string[]) {
  const clock = virtualClock();
  const turns: (() => void)[] = [];
  const loop = { pulse: () => new Promise<void>((resolve) => turns.push(resolve)) };
  return { clock, turns, turn: firstTurn(clock, loop, buses) };
}

describe('the first turn', () => {
  test('is told when every bus has said something and the loop has gone round', async () => {
    const { turns, turn } = stand(['lan', 'line']);
    turn.begin();
    turn.said('lan');
    turn.said('lan');
    await settled();
    expect(turns).toHaveLength(0);
    turn.said('line');
    await settled();
    expect(turns).toHaveLength(1);
    expect(told()).toBe('');
    turns[0]!();
    await until('systemd is told', () => told() === '--ready\n');
  });

  test('counts what was said before it began', async () => {
    const { turns, turn } = stand(['lan']);
    turn.said('lan');
    await settled();
    expect(turns).toHaveLength(0);
    turn.begin();
    await settled();
    expect(turns).toHaveLength(1);
  });

  test('waits for no bus where there is none, and not for ever for one that hangs', async () => {
    const none = stand([]);
    none.turn.begin();
    await settled();
    expect(none.turns).toHaveLength(1);

    const { clock, turns, turn } = stand(['hangs']);
    turn.begin();
    await clock.advance(14_000);
    expect(turns).toHaveLength(0);
    await clock.advance(2000);
    await settled();
    expect(turns).toHaveLength(1);
  });

  test('is not told after a stop', async () => {
    const { turns, turn } = stand(['lan']);
    turn.begin();
    turn.end();
    turn.said('lan');
    await settled();
    expect(turns).toHaveLength(0);

    const late = stand([]);
    late.turn.begin();
    await settled();
    late.turn.end();
    late.turns[0]!();
    await settled();
    expect(told()).toBe('');
  });

  test('costs nothing where no systemd waits', async () => {
    delete process.env.NOTIFY_SOCKET;
    const { turns, turn } = stand([]);
    turn.begin();
    await settled();
    expect(turns).toHaveLength(0);
  });
});
