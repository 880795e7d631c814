// What comes back on the gateway's own status topic: whatever somebody writes there, the gateway says again that it is
// online, no faster than it may, and never ends in an error.

import { createStatusLane } from '../../../src/notify/status.ts';
import { must, outline, type Target } from '../target.ts';
import { stillClock } from './still-clock.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const status = { lastSeq: 1, open: { alarm: 0, supervisory: 0, trouble: 0 }, drill: false };

export const statusTopic: Target = {
  name: 'status-topic',
  what: 'payloads on our own status topic: never an error; other sessions are texts; online is repeated within bounds',
  seeds: [
    '{"state":"online","session":"s1","version":"0.1.0","at":"2026-11-22T00:00:00.000Z"}',
    '{"state":"offline","session":"s0"}',
    '{"state":"online","session":"other"}',
    '',
    'null',
    '[1]',
  ],
  words: ['"state":', '"online"', '"offline"', '"session":', '"s1"', '{', '}', 'null', '0', '""', '\n'],
  largestBytes: 5000,
  executions: 300_000,
  run(bytes) {
    const clock = stillClock();
    const heard: unknown[] = [];
    let pumped = 0;
    const lane = createStatusLane({
      topic: 'keepwatch/v1/store_1/status',
      session: 's1',
      version: '0.1.0',
      heartbeatMs: 60_000,
      levels: { status: () => status } as never,
      clock,
      log: silent as never,
      connected: () => true,
      ahead: () => undefined,
      identity: { heard: (session) => void heard.push(session), contested: () => heard.length > 3 },
      pump() {
        pumped += 1;
      },
    });
    lane.request();
    const first = lane.next(0);
    must(first !== undefined && first !== 'wait', 'there is nothing to publish');
    first.settled(0);
    pumped = 0;
    // the same once for each line, live and retained
    const lines = Buffer.from(bytes).toString('latin1').split('\n').slice(0, 20);
    for (const line of lines) {
      lane.seen(Buffer.from(line, 'latin1'));
      lane.found(Buffer.from(line, 'latin1'));
    }
    for (const session of heard) must(typeof session === 'string', () => `session ${session}`);
    must(clock.waiting() <= 3, () => `${clock.waiting()} timers`);
    clock.runAll(2);
    must(pumped <= 2, () => `${pumped} messages at once`);
    const next = lane.next(0);
    must(next !== 'wait', 'it waits for nothing');
    const payload = next === undefined ? undefined : (JSON.parse(String(next.payload)) as { state: string });
    must(payload === undefined || payload.state === 'online', 'it says that it is offline');
    lane.close();
    must(clock.waiting() === 0, 'a timer is left');
    return outline([heard.length, pumped, payload === undefined]);
  },
};
