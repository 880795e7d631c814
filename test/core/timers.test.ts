// Deadlines: the earliest first, equal ones by name, and a deadline that is set again and again takes no more
// and more room.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clearTimer, makeTimers, nextDue, setTimer, takeDue } from '../../src/core/timers.ts';

describe('timers', () => {
  it('come by time, then by name, however they were set', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(20), fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), fc.boolean())),
        fc.boolean(),
        (acts, stored) => {
          let timers = makeTimers({});
          const plain = new Map<string, number>();
          for (const [due, name, set] of acts) {
            if (set) {
              setTimer(timers, name, due);
              plain.set(name, due);
            } else {
              clearTimer(timers, name);
              plain.delete(name);
            }
          }
          if (stored) timers = makeTimers(JSON.parse(JSON.stringify(timers.due)));
          const expected = [...plain].sort(([n, a], [m, b]) => a - b || (n < m ? -1 : 1));
          expect(nextDue(timers)).toBe(expected[0]?.[1]);
          for (const [name, due] of expected) {
            expect(takeDue(timers, due - 1)).toBeUndefined();
            expect(takeDue(timers, due)).toBe(name);
          }
          expect(nextDue(timers)).toBeUndefined();
        },
      ),
    );
  });

  it('what is set and dropped a hundred thousand times leaves nothing behind', () => {
    const timers = makeTimers({});
    setTimer(timers, 'standing', 5_000_000);
    for (let time = 0; time < 100_000; time += 1) {
      setTimer(timers, 'for:chatter', 3_600_000 + time);
      if (time % 2 === 0) clearTimer(timers, 'for:chatter');
    }
    expect(timers.heap.length).toBeLessThan(100);
    expect(nextDue(timers)).toBe(3_600_000 + 99_999);
    expect(takeDue(timers, 3_700_000)).toBe('for:chatter');
    expect(takeDue(timers, 5_000_000)).toBe('standing');
  });
});
