// Metrics of the gateway itself: the program, its storage and the machine.

import { bit, counter, gauge, type Metric, one, seconds, type Value } from './metric-form.ts';

export const gateway: readonly Metric[] = [
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

export const storage: readonly Metric[] = [
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

export const machine: readonly Metric[] = [
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
