// Metrics of the ways out: the broker, telemetry, people and the console.

import { bit, counter, gauge, type Metric, one, seconds, type Value } from './metric-form.ts';

export const waysOut: readonly Metric[] = [
  gauge('broker_connected', '1 while the broker is connected; absent: the site publishes nowhere.', (seen) =>
    one(seen.house.status.mqtt && bit(seen.house.status.mqtt.connected)),
  ),
  gauge('outbox_waiting', 'Events that the broker does not have yet.', ({ house }) =>
    one(house.status.mqtt?.waiting),
  ),
  gauge(
    'outbox_oldest_seconds',
    'Age of the oldest event that the broker does not have, by the wall clock.',
    (seen) => one(seen.house.status.mqtt && seconds(seen.house.oldestWaitingMs ?? 0)),
  ),
  gauge('telemetry_ok', '1 while telemetry is stored; absent: nothing is recorded.', ({ house }) =>
    one(house.status.telemetry && bit(house.status.telemetry.ok)),
  ),
  gauge('telemetry_bytes', 'What telemetry takes on the disk.', ({ house }) =>
    one(house.status.telemetry?.bytes),
  ),
  gauge('telemetry_waiting_blocks', 'Blocks of telemetry that the broker does not have yet.', ({ house }) =>
    one(house.status.telemetry?.waiting),
  ),
  counter(
    'telemetry_dropped_samples_total',
    'Samples given up before their time, since the file of telemetry was begun.',
    ({ house }) => one(house.status.telemetry?.dropped),
  ),
  gauge(
    'channel_ok',
    '1 while this way to people works.',
    ({ house }) =>
      (house.status.people?.channels ?? []).map(({ id, type, ok }): Value => [bit(ok), id, type]),
    ...['channel', 'type'],
  ),
  gauge(
    'channel_waiting',
    'Messages to people under way.',
    ({ house }) => (house.status.people?.channels ?? []).map(({ id, waiting }): Value => [waiting, id]),
    'channel',
  ),
  gauge('console_sessions', 'Logins that are good.', ({ console }) => one(console.sessions)),
  gauge('console_streams', 'Pages that listen to the live stream.', ({ console }) => one(console.streams)),
];
