// The judgement whether a daemon is as well after an update as before it.

import { describe, expect, test } from 'vitest';
import { missingTo } from '../../src/update/health.ts';
import type { Look } from '../../src/update/types.ts';

const before: Look = {
  state: 'active',
  pid: 10,
  restarts: 0,
  version: '1.0.0',
  devices: ['panel', 'meter'],
  open: ['i1', 'i2'],
  known: ['i1', 'i2'],
  ill: ['health_broker'],
};
const well: Look = { ...before, pid: 20, version: '1.1.0' };
const missing = (now: Partial<Look>): string | undefined => missingTo(before, { ...well, ...now }, '1.1.0');

describe('after an update', () => {
  test('all that was there is there: it is well', () => {
    expect(missing({})).toBeUndefined();
  });

  test('what was wrong before does not count, nor what has become better', () => {
    expect(missing({ ill: [] })).toBeUndefined();
    expect(missing({ devices: ['panel', 'meter', 'ups'] })).toBeUndefined();
    // closed meanwhile by a person
    expect(missing({ open: ['i2'], known: ['i1', 'i2', 'i3'] })).toBeUndefined();
  });

  test.each<[Partial<Look>, string]>([
    [{ state: 'activating', pid: 0 }, 'the daemon is activating'],
    [{ state: 'failed' }, 'the daemon is failed'],
    [{ version: '1.0.0' }, 'version 1.0.0 answers, not 1.1.0'],
    [{ devices: ['panel'] }, 'meter'],
    [{ open: [], known: ['i2'] }, 'i1'],
    [{ ill: ['health_broker', 'health_storage'] }, 'health_storage'],
  ])('%o is not', (now, word) => {
    expect(missing(now)).toContain(word);
  });

  test('no answer is not', () => {
    const { version, ...silent } = well;
    expect(missingTo(before, silent, '1.1.0')).toBe('the daemon does not answer');
  });
});
