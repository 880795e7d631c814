// Metrics of the buses, devices, points and outputs.

import { bit, counter, gauge, type Metric, one, seconds, type Value } from './metric-form.ts';

export const lines: readonly Metric[] = [
  gauge(
    'bus_up',
    '1 while the bus answers.',
    ({ house }) => house.status.buses.map(({ id, driver, up }): Value => [bit(up), id, driver]),
    ...['bus', 'driver'],
  ),
  counter(
    'bus_requests_total',
    'Requests sent on the bus.',
    ({ house }) => house.status.buses.map(({ id, requests }): Value => [requests, id]),
    'bus',
  ),
  counter(
    'bus_errors_total',
    'Requests that went wrong, by how.',
    ({ house }) =>
      house.status.buses.flatMap(({ id, errors }) =>
        Object.entries(errors).map(([kind, count]): Value => [count, id, kind]),
      ),
    ...['bus', 'kind'],
  ),
  gauge(
    'bus_utilisation_ratio',
    'Share of the last minute or two that a request was out.',
    ({ house }) => house.status.buses.map(({ id, utilisation }): Value => [utilisation, id]),
    'bus',
  ),
  gauge(
    'bus_oldest_point_seconds',
    'Age of the oldest point that should be fresh.',
    ({ house }) => house.status.buses.map(({ id, oldestMs }): Value => [seconds(oldestMs), id]),
    'bus',
  ),
  gauge(
    'bus_last_good_seconds',
    'Since any device on the bus last answered well; absent: never yet.',
    ({ house }) =>
      house.status.buses.flatMap(({ id, lastGoodMs }): Value[] =>
        lastGoodMs === undefined ? [] : [[seconds(lastGoodMs), id]],
      ),
    'bus',
  ),
  gauge(
    'device_up',
    '1 while the device answers.',
    ({ house }) =>
      house.status.buses.flatMap((bus) => bus.devices.map(({ id, up }): Value => [bit(up), bus.id, id])),
    ...['bus', 'device'],
  ),
  gauge(
    'device_last_good_seconds',
    'Since the device last answered well; absent: never yet.',
    ({ house }) =>
      house.status.buses.flatMap((bus) =>
        bus.devices.flatMap(({ id, lastGoodMs }): Value[] =>
          lastGoodMs === undefined ? [] : [[seconds(lastGoodMs), bus.id, id]],
        ),
      ),
    ...['bus', 'device'],
  ),
  gauge(
    'points',
    'Points by how good what is known of them is.',
    ({ house }) => Object.entries(house.points).map(([quality, count]): Value => [count, quality]),
    'quality',
  ),
  gauge(
    'points_out_of_service',
    'Points that are out of service, alone or with their device or zone.',
    (seen) => one(seen.house.outOfService),
  ),
  gauge(
    'output_wanted',
    'What the output should be; absent: it is left as it is.',
    ({ house }) =>
      house.status.outputs.flatMap(({ id, desired }): Value[] =>
        desired === 'keep' ? [] : [[bit(desired), id]],
      ),
    'output',
  ),
  gauge(
    'output_actual',
    'What the output is, as read back; absent: not known.',
    ({ house }) =>
      house.status.outputs.flatMap(({ id, actual }): Value[] => (actual === null ? [] : [[bit(actual), id]])),
    'output',
  ),
  gauge(
    'output_fault',
    '1 while the output can not be driven or read.',
    ({ house }) => house.status.outputs.map(({ id, fault }): Value => [bit(fault !== undefined), id]),
    'output',
  ),
  gauge(
    'output_manual',
    '1 while the output is set by hand.',
    ({ house }) => house.status.outputs.map(({ id, manual }): Value => [bit(manual !== undefined), id]),
    'output',
  ),
];
