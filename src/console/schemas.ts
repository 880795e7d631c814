// What answers look like, for the OpenAPI document: every field by the name that its type has (the compiler holds both
// together), with room for more, because fields are only ever added. Words for people and generators; nothing is checked
// by them.

import type { Explanation, StatusReport } from '../control/types.ts';
import type { Signal } from '../core/types.ts';
import type { Trend } from '../telemetry/types.ts';
import type {
  ApiError,
  DoctorView,
  Event,
  Floor,
  Incident,
  MachineView,
  PlanView,
  PointView,
  Session,
  SettingsView,
  SiteView,
} from './api.ts';

type Schema = Readonly<Record<string, unknown>>;

const string = { type: 'string' } as const;
const boolean = { type: 'boolean' } as const;
const integer = { type: 'integer' } as const;
const number = { type: 'number' } as const;
const moment = { type: 'string', format: 'date-time' } as const;
const text = {
  anyOf: [string, { type: 'object', properties: { zh: string, en: string }, required: ['zh', 'en'] }],
} as const;
const value = { type: ['boolean', 'number', 'string', 'null'] } as const;
const category = { enum: ['alarm', 'supervisory', 'trouble'] } as const;
const level = { enum: ['general', 'major', 'urgent'] } as const;
const role = { enum: ['view', 'acknowledge', 'operate', 'configure'] } as const;
/** null: nothing is known */
const figure = { type: ['number', 'null'] } as const;
const quality = { enum: ['good', 'stale', 'bad'] } as const;
const list = (items: Schema): Schema => ({ type: 'array', items });
const is = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

type Optional<T> = { [Key in keyof T]-?: object extends Pick<T, Key> ? Key : never }[keyof T];

/** Of a type whose every field is named here; those that may be absent are named once more. */
function form<T extends object>(
  properties: { readonly [Key in keyof T]-?: Schema },
  ...optional: readonly Optional<T>[]
): Schema {
  return object(properties as Readonly<Record<string, Schema>>, optional as readonly string[]);
}

/** Of something that has no type of its own. */
function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return { type: 'object', properties, required, additionalProperties: true };
}

/** Any object: its fields are not for others to build on. */
const some = { type: 'object', additionalProperties: true } as const;
const both = object({ zh: string, en: string });
const premises = form<StatusReport['premises']>({
  id: string,
  name: text,
  timezone: string,
  language: { enum: ['zh', 'en'] },
});
const clock = { enum: ['synced', 'unsynced'] } as const;
const place = (count: number): Schema => ({ ...list(number), minItems: count, maxItems: count });
const byId = (each: Schema): Schema => ({ type: 'object', additionalProperties: each });

export const answers: Readonly<Record<string, Schema>> = {
  ApiError: form<ApiError>({ code: string, message: string }),
  Session: form<Session>(
    {
      premises,
      version: string,
      user: form<NonNullable<Session['user']>>({ id: string, name: text, role }),
      role,
      canLogIn: boolean,
      csrf: string,
      verbs: list(string),
      panicPlans: list(string),
      scenarios: list(string),
      endsAt: moment,
    },
    'user',
    'role',
    'scenarios',
    'endsAt',
  ),
  Reply: object({ id: string, ok: boolean, code: string, message: string, incident: string }, ['incident']),
  Signal: form<Signal>(
    {
      rule: string,
      point: string,
      subject: string,
      value,
      because: string,
      at: moment,
      active: boolean,
      count: integer,
      latched: boolean,
    },
    'point',
    'subject',
    'latched',
  ),
  Incident: form<Incident>(
    {
      id: string,
      plan: string,
      category,
      level,
      zone: string,
      state: { enum: ['unacknowledged', 'acknowledged', 'returned', 'shelved', 'closed'] },
      active: boolean,
      acknowledged: boolean,
      silenced: boolean,
      openedAt: moment,
      title: both,
      cause: object({ rule: string, point: string, subject: string, value }, ['point', 'subject']),
      signals: list(is('Signal')),
      signalCount: integer,
      steps: list(some),
      drill: boolean,
      activation: integer,
      activatedMs: number,
      activatedAt: moment,
      activeSinceMs: number,
      activeSinceAt: moment,
      told: list(some),
      evidence: list(some),
      finder: object({ name: string, phone: string }, ['phone']),
      place: string,
      tested: some,
      allow: object({ outputs: boolean, channels: boolean }),
      acknowledgedBy: string,
      acknowledgedAt: moment,
      returnedAt: moment,
      shelvedUntilMs: number,
      closedBy: string,
      closedAt: moment,
      verdict: { enum: ['real', 'false', 'test', 'maintenance'] },
      closingCause: string,
      remedy: string,
      losses: string,
    },
    ...([
      'zone',
      'activation',
      'activatedMs',
      'activatedAt',
      'activeSinceMs',
      'activeSinceAt',
      'told',
    ] as const),
    ...(['evidence', 'finder', 'place', 'tested', 'allow', 'acknowledgedBy', 'acknowledgedAt'] as const),
    ...(['returnedAt', 'shelvedUntilMs', 'closedBy', 'closedAt', 'verdict', 'closingCause'] as const),
    ...(['remedy', 'losses'] as const),
  ),
  Event: form<Event>(
    {
      v: { const: 1 },
      premises: string,
      epoch: string,
      seq: integer,
      id: string,
      type: string,
      at: moment,
      clock,
      replayed: boolean,
      drill: boolean,
      because: string,
      by: string,
      // (without its steps and who was told, and with few of its signals: no `Incident` of the list)
      incident: some,
      output: object({ id: string, value: { enum: [true, false, 'keep'] } }),
      note: string,
      step: string,
      corrections: list(object({ fromSeq: integer, toSeq: integer, byMs: number })),
      correctedAt: moment,
    },
    ...(['by', 'incident', 'output', 'note', 'step', 'corrections', 'correctedAt'] as const),
  ),
  IncidentView: form<Explanation>(
    { incident: is('Incident'), events: list(is('Event')), next: list(some) },
    'incident',
    'next',
  ),
  PointView: form<PointView>(
    {
      id: string,
      name: text,
      device: string,
      bus: string,
      zone: string,
      kind: string,
      type: { enum: ['bool', 'number', 'string'] },
      unit: string,
      alarmAbove: number,
      alarmBelow: number,
      value,
      quality,
      at: moment,
      active: boolean,
      exercisedAt: moment,
      disabled: form<NonNullable<PointView['disabled']>>({
        of: { enum: ['point', 'device', 'zone'] },
        id: string,
        reason: string,
      }),
    },
    ...(['zone', 'kind', 'unit', 'alarmAbove', 'alarmBelow', 'exercisedAt', 'disabled'] as const),
  ),
  Trend: form<Trend>(
    {
      point: string,
      unit: string,
      from: moment,
      stepMs: number,
      last: list(figure),
      min: list(figure),
      max: list(figure),
      unsynced: list(integer),
    },
    'unit',
  ),
  PlanView: form<PlanView>(
    {
      id: string,
      title: text,
      description: text,
      category,
      level,
      closing: { enum: ['person', 'itself'] },
      closingRequires: list({ enum: ['cause', 'remedy', 'losses'] }),
      silent: boolean,
      steps: list(object({ id: string, text, role: string }, ['role'])),
      drill: boolean,
    },
    'description',
  ),
  SiteView: form<SiteView>({
    zones: list(object({ id: string, name: text })),
    buses: list(object({ id: string, driver: string })),
    devices: list(
      form<SiteView['devices'][number]>(
        { id: string, bus: string, name: text, zone: string },
        'name',
        'zone',
      ),
    ),
    outputs: list(
      form<SiteView['outputs'][number]>(
        { id: string, name: text, zone: string, silenceable: boolean, maxOnMs: number },
        'name',
        'zone',
        'maxOnMs',
      ),
    ),
    plans: list(is('PlanView')),
    kinds: { ...byId(text), description: 'words of the kinds of points' },
    roles: byId(text),
    people: list(
      form<SiteView['people'][number]>(
        {
          id: string,
          name: text,
          roles: list(string),
          channels: list(string),
          onDuty: boolean,
          deputy: string,
        },
        'deputy',
      ),
    ),
    numbers: byId(string),
    articles: list(
      form<SiteView['articles'][number]>(
        { id: string, name: text, place: text, amount: number, unit: text, expires: string },
        ...(['place', 'amount', 'unit', 'expires'] as const),
      ),
    ),
  }),
  StatusReport: form<StatusReport>(
    {
      premises,
      version: string,
      session: string,
      epoch: string,
      lastSeq: integer,
      startedAt: moment,
      uptimeMs: integer,
      clock,
      open: object({ alarm: integer, supervisory: integer, trouble: integer }),
      mqtt: form<NonNullable<StatusReport['mqtt']>>(
        { url: string, connected: boolean, protocol: { enum: [4, 5] }, waiting: integer, because: string },
        'protocol',
        'because',
      ),
      store: object({ ok: boolean, because: string }, ['because']),
      history: some,
      buses: list(some),
      outputs: list(some),
      disabled: list(some),
      suppressed: list(string),
      drills: list(some),
      walkTest: some,
      duties: list(some),
      signed: byId(some),
      contactsChecked: some,
      people: object({ channels: list(some) }),
      parts: list(some),
      telemetry: some,
      warnings: list(string),
    },
    ...(['mqtt', 'history', 'suppressed', 'drills', 'walkTest', 'duties', 'signed'] as const),
    ...(['contactsChecked', 'people', 'parts', 'telemetry'] as const),
  ),
  Floor: form<Floor>(
    { id: string, name: text, image: string, points: byId(place(2)), zones: byId(place(4)) },
    'image',
  ),
  MachineView: form<MachineView>(
    {
      model: string,
      uptimeMs: integer,
      load: list(number),
      memory: object({ totalBytes: integer, freeBytes: integer, ownBytes: integer }),
      disk: object({ totalBytes: integer, freeBytes: integer }),
      temperatureC: number,
      underVoltage: object({ now: boolean, since: boolean }),
      clock,
      node: string,
    },
    ...(['model', 'disk', 'temperatureC', 'underVoltage'] as const),
  ),
  SettingsView: form<SettingsView>({
    file: string,
    text: string,
    findings: list(object({ severity: { enum: ['fault', 'warning'] }, line: string })),
    changes: list(string),
    machine: is('MachineView'),
  }),
  DoctorView: form<DoctorView>({
    at: moment,
    well: boolean,
    looks: list(
      object({
        id: string,
        name: text,
        findings: list(
          object({ state: { enum: ['good', 'note', 'fault'] }, code: string, what: text, mend: text }, [
            'mend',
          ]),
        ),
      }),
    ),
  }),
};
