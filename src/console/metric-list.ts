// The list of all metrics: name, help, type, labels, and where each value comes from. Labels are ids of the site file and
// words of the program, so there are never more series than the site has parts; no value of a point is among them. Adding
// one is an entry here and a line in docs/metrics.md. Knows no library.

import type { Category, IncidentState, Level } from '../core/types.ts';
import type { MachineView } from './api.ts';
import type { HouseFigures } from './types.ts';

/** All that is looked at for one answer. */
export interface Seen {
  readonly house: HouseFigures;
  readonly machine: MachineView;
  readonly console: { readonly sessions: number; readonly streams: number };
  readonly process: {
    readonly cpuSeconds: number;
    readonly residentBytes: number;
    readonly openFiles?: number;
    readonly uptimeSeconds: number;
  };
  /** how late timers were since the last answer; absent in the first */
  readonly delay?: { readonly meanMs: number; readonly p99Ms: number; readonly longestMs: number };
}

/** A value and its labels, in the order of their names. */
export type Value = readonly [value: number, ...labels: string[]];

export interface Metric {
  /** without the prefix */
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly labels: readonly string[];
  /** nothing: it can't be said here, and is left out */
  values(seen: Seen): readonly Value[];
}

const categories: readonly Category[] = ['alarm', 'supervisory', 'trouble'];
const levels: readonly Level[] = ['general', 'major', 'urgent'];
const openStates: readonly IncidentState[] = ['unacknowledged', 'acknowledged', 'returned', 'shelved'];

const bit = (is: boolean): number => (is ? 1 : 0);
const seconds = (ms: number): number => ms / 1000;
/** One value without labels, or none. */
const one = (value: number | undefined): Value[] => (value === undefined ? [] : [[value]]);

function gauge(name: string, help: string, values: Metric['values'], ...labels: string[]): Metric {
  return { name, help, type: 'gauge', labels, values };
}

function counter(name: string, help: string, values: Metric['values'], ...labels: string[]): Metric {
  return { name, help, type: 'counter', labels, values };
}

const gateway: readonly Metric[] = [
  gauge(
    'build_info',
    'Always 1; its labels say what runs.',
    ({ house, machine }) => [[1, house.status.version, machine.node, house.status.premises.id]],
    ...['version', 'node', 'premises'],
  ),
  gauge('start_time_seconds', 'When the daemon began, by the wall clock as it was then.', ({ house }) =>
    one(seconds(Date.parse(house.status.startedAt))),
  ),
  gauge('uptime_seconds', 'Since the daemon began, on steady time.', (seen) =>
    one(seen.process.uptimeSeconds),
  ),
  gauge('clock_synced', '1 while the wall clock is disciplined.', ({ house }) =>
    one(bit(house.status.clock === 'synced')),
  ),
  gauge(
    'check_failing',
    'Checks of the daemon on itself of which a trouble is open; absent: passed.',
    ({ house }) => house.failing.map((check): Value => [1, check]),
    'check',
  ),
  gauge('checks_failing', 'How many checks of the daemon on itself fail.', ({ house }) =>
    one(house.failing.length),
  ),
  gauge('warnings', 'Sentences that `status` warns with.', ({ house }) => one(house.status.warnings.length)),
  gauge(
    'part_age_seconds',
    'Since a part of the daemon last went on; absent: nothing is expected of it now.',
    ({ house }) =>
      (house.status.parts ?? []).flatMap(({ id, ageMs }): Value[] =>
        ageMs === undefined ? [] : [[seconds(ageMs), id]],
      ),
    'part',
  ),
  counter(
    'part_restarts_total',
    'How often a part of the daemon was stuck and begun anew.',
    ({ house }) => (house.status.parts ?? []).map(({ id, restarts }): Value => [restarts, id]),
    'part',
  ),
];

const lines: readonly Metric[] = [
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

const incidents: readonly Metric[] = [
  gauge(
    'incidents_open',
    'Open incidents; drills are told apart.',
    ({ house }) => {
      const count = (drill: boolean, category: Category, level: Level, state: IncidentState): number =>
        house.incidents.filter(
          (each) =>
            each.drill === drill &&
            each.category === category &&
            each.level === level &&
            each.state === state,
        ).length;
      return grid((category, level) =>
        openStates.flatMap((state): Value[] => [
          [count(false, category, level, state), category, level, state, 'false'],
          [count(true, category, level, state), category, level, state, 'true'],
        ]),
      );
    },
    ...['category', 'level', 'state', 'drill'],
  ),
  counter(
    'incidents_opened_total',
    'Incidents that opened since the daemon began.',
    ({ house }) =>
      grid((category, level) =>
        [false, true].map((drill): Value => {
          const found = house.opened.find(
            (each) => each.category === category && each.level === level && each.drill === drill,
          );
          return [found?.count ?? 0, category, level, String(drill)];
        }),
      ),
    ...['category', 'level', 'drill'],
  ),
  gauge(
    'unacknowledged_seconds',
    'How long the oldest incident that nobody has acknowledged waits, drills left out; 0: none.',
    ({ house }) =>
      categories.map((category): Value => [seconds(house.unacknowledgedMs[category] ?? 0), category]),
    'category',
  ),
  gauge('drills_running', 'Drills that run.', ({ house }) => one(house.status.drills?.length ?? 0)),
  gauge('walk_test_running', '1 while a walk test runs.', ({ house }) =>
    one(bit(house.status.walkTest !== undefined)),
  ),
  gauge('duties_overdue', 'Drills, inspections and other duties that are overdue.', ({ house }) =>
    one((house.status.duties ?? []).filter(({ overdue }) => overdue).length),
  ),
];

function grid(of: (category: Category, level: Level) => readonly Value[]): Value[] {
  return categories.flatMap((category) => levels.flatMap((level) => of(category, level)));
}

const waysOut: readonly Metric[] = [
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

const storage: readonly Metric[] = [
  gauge('store_ok', '1 while everything is stored.', ({ house }) => one(bit(house.status.store.ok))),
  gauge('store_bytes', 'What journal, incidents and outbox take on the disk.', ({ house }) =>
    one(house.status.history?.bytes),
  ),
  gauge('store_limit_bytes', 'What they may take, with their log.', ({ house }) =>
    one(house.status.history?.mostBytes),
  ),
  counter(
    'store_pruned_rows_total',
    'Rows of history that are no longer kept, since the state was begun.',
    ({ house }) => Object.entries(house.status.history?.pruned ?? {}).map(([of, rows]): Value => [rows, of]),
    'of',
  ),
  gauge('last_event_number', 'Number of the last event that is on the disk.', ({ house }) =>
    one(house.status.lastSeq),
  ),
  counter('commits_failed_total', 'Commits that failed.', ({ house }) => one(house.commits.failed)),
  gauge('commit_longest_seconds', 'The longest commit since the daemon began.', ({ house }) =>
    one(seconds(house.commits.longestMs)),
  ),
  gauge('disk_free_bytes', 'Free on the disk of the state.', ({ machine }) => one(machine.disk?.freeBytes)),
  gauge('disk_bytes', 'Size of the disk of the state.', ({ machine }) => one(machine.disk?.totalBytes)),
];

const machine: readonly Metric[] = [
  gauge('machine_temperature_celsius', 'Of the processor; absent: not known.', (seen) =>
    one(seen.machine.temperatureC),
  ),
  gauge('machine_under_voltage', '1 while the supply is too low (Raspberry Pi); absent: not known.', (seen) =>
    one(seen.machine.underVoltage && bit(seen.machine.underVoltage.now)),
  ),
  counter('process_cpu_seconds_total', 'Processor time of the daemon.', (seen) =>
    one(seen.process.cpuSeconds),
  ),
  gauge('process_resident_memory_bytes', 'Memory of the daemon.', (seen) => one(seen.process.residentBytes)),
  gauge('process_open_fds', 'Files and sockets that the daemon has open.', (seen) =>
    one(seen.process.openFiles),
  ),
  gauge('loop_delay_mean_seconds', 'How late timers were since the last scrape, on average.', ({ delay }) =>
    one(delay && seconds(delay.meanMs)),
  ),
  gauge(
    'loop_delay_p99_seconds',
    'How late timers were since the last scrape: 99 of 100 were less.',
    ({ delay }) => one(delay && seconds(delay.p99Ms)),
  ),
  gauge('loop_delay_longest_seconds', 'How late timers were since the last scrape, at most.', ({ delay }) =>
    one(delay && seconds(delay.longestMs)),
  ),
];

export const metrics: readonly Metric[] = [
  ...gateway,
  ...lines,
  ...incidents,
  ...waysOut,
  ...storage,
  ...machine,
];

/** The one histogram, which has a form of its own. */
export const commitSeconds = {
  name: 'commit_duration_seconds',
  help: 'How long commits to the disk took, those that failed included.',
} as const;
