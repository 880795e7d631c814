// A host for the tests of the local socket: answers with what it is told, and remembers what it was asked.

import type { ControlHost, StatusReport } from '../../src/control/types.ts';
import type { Command, Event, Incident } from '../../src/core/types.ts';

export const status: StatusReport = {
  premises: {
    id: 'store_0042',
    name: { zh: '人民路店', en: 'Renmin Road' },
    timezone: 'Asia/Shanghai',
    language: 'zh',
  },
  version: '0.1.0',
  session: 's1',
  epoch: 'abcd1234',
  lastSeq: 7,
  startedAt: '2026-11-22T01:00:00.000Z',
  uptimeMs: 3_723_000,
  clock: 'synced',
  open: { alarm: 1, supervisory: 0, trouble: 2 },
  mqtt: { url: 'mqtt://127.0.0.1:1883', connected: false, waiting: 3, because: 'refused' },
  store: { ok: true },
  buses: [
    {
      id: 'line1',
      driver: 'modbus-rtu',
      up: true,
      requests: 1200,
      errors: { timeout: 2, exception: 0, garbled: 1, foreign: 0, link: 0 },
      utilisation: 0.42,
      oldestMs: 900,
      devices: [
        { id: 'meter', up: true, lastGoodMs: 10 },
        { id: 'gas1', up: false, because: '设备无应答' },
      ],
    },
  ],
  outputs: [
    { id: 'siren', desired: true, actual: false, because: 'fire in atrium' },
    { id: 'gas_valve', desired: 'keep', actual: null, because: '', fault: 'no answer' },
  ],
  disabled: [{ of: 'zone', id: 'atrium', by: 'lina', reason: '焊接作业', at: '2026-11-22T01:00:00.000Z' }],
  warnings: ['the site file has faults'],
};

export const incident: Incident = {
  id: 'i1_abcd',
  plan: 'fire',
  category: 'alarm',
  level: 'urgent',
  zone: 'atrium',
  state: 'unacknowledged',
  active: true,
  acknowledged: false,
  silenced: false,
  openedAt: '2026-11-22T01:02:03.456Z',
  title: { zh: '火灾 · 中庭', en: 'Fire · Atrium' },
  cause: { rule: 'atrium', point: 'inputs.smoke_atrium', value: true },
  signals: [],
  signalCount: 1,
  steps: [],
  drill: false,
};

export const event: Event = {
  v: 1,
  premises: 'store_0042',
  epoch: 'abcd1234',
  seq: 7,
  id: 'e7',
  type: 'incident.opened',
  at: '2026-11-22T01:02:03.456Z',
  clock: 'synced',
  replayed: false,
  drill: false,
  because: 'inputs.smoke_atrium active',
  incident,
};

export interface TestHost extends ControlHost {
  readonly commands: Command[];
  /** tells all followers */
  tell(event: Event): void;
  followers(): number;
}

export function testHost(more: Partial<ControlHost> = {}): TestHost {
  const commands: Command[] = [];
  const listeners = new Set<(event: Event) => void>();
  return {
    commands,
    tell: (told) => {
      for (const listener of listeners) listener(told);
    },
    followers: () => listeners.size,
    status: () => status,
    points: () => [
      { id: 'meter.voltage', value: 229.8, quality: 'good', unit: 'V', at: '2026-11-22T01:02:03.456Z' },
      { id: 'inputs.smoke_atrium', value: null, quality: 'stale', at: '2026-11-22T01:02:03.456Z' },
    ],
    incidents: (all) => (all ? [incident, { ...incident, id: 'i0_abcd', state: 'closed' }] : [incident]),
    async command(command) {
      commands.push(command);
      if (command.device === 'atrium')
        return { id: command.id, ok: false, code: 'notFound', message: 'no device' };
      if (command.incident === 'i9')
        return { id: command.id, ok: false, code: 'refused', message: 'not yet returned' };
      return { id: command.id, ok: true, code: 'ok', message: 'done' };
    },
    journal: () => [],
    verify: async () => ({ intact: true, facts: 0, events: 0, unchained: { facts: 0, events: 0 } }),
    backup: async () => ({ file: '', outside: [] }),
    backupTaken() {},
    restart() {},
    trend: async (point, { fromMs }) => ({
      point,
      unit: 'V',
      from: new Date(fromMs).toISOString(),
      stepMs: 60_000,
      last: [230, null, 228.5],
      min: [229, null, 228],
      max: [231.5, null, 229],
      unsynced: [],
    }),
    explain: (id) => (id === 'i1' ? { incident, events: [event] } : { events: [] }),
    history: () => ({ incidents: [incident] }),
    names: () => ({ plans: {}, zones: {}, people: {}, points: {}, outputs: {} }),
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ...more,
  };
}

export const quiet = { debug() {}, info() {}, warn() {}, error() {} };
