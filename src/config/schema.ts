// The schema of a site file, once: checked part by part when a file is loaded, and as a whole for the JSON
// Schema that editors use. Keys of drivers come from the drivers. Cross-references are checked elsewhere.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import type { Driver } from '../driver.ts';
import { channelSchemas } from './channel-form.ts';
import { commandsSchema } from './command-keys.ts';
import { consoleSchema } from './console-form.ts';
import { dutiesSchema } from './duty-form.ts';
import { zoneFolder } from './offsets.ts';
import { telemetrySchema } from './telemetry-form.ts';
import { duration, id, idForm, listen, onOff, sizeFrom, text } from './values.ts';
import { show } from './words.ts';

/** By the system's own list where there is one: asking Intl reads 5 MB of tables into every daemon. */
function isTimezone(zone: string): boolean {
  if (!/^[A-Za-z][\w+-]*(\/[\w+-]+)*$/.test(zone)) return false;
  try {
    if (!existsSync(path.join(zoneFolder, 'UTC')))
      return new Intl.DateTimeFormat('en', { timeZone: zone }) !== null;
    return readFileSync(path.join(zoneFolder, zone)).subarray(0, 4).toString('latin1') === 'TZif';
  } catch {
    return false;
  }
}

const timezone = z.string().refine(isTimezone, {
  error: (issue) => `${show(issue.input)} is not a time zone; write a name such as Asia/Shanghai`,
});

export const premisesSchema = z.strictObject({
  id: id.describe('id of the premises, a word in every topic'),
  name: text.describe('name for people'),
  timezone: timezone.describe('IANA name such as Asia/Shanghai'),
  language: z.enum(['zh', 'en']).default('zh').describe('language of texts that are sent to people'),
});

const topic = z.string().regex(/^(?![$/])[^+#\u0000-\u0020]+(?<!\/)$/u, {
  error: (issue) => `${show(issue.input)} can't begin a topic; write a word without spaces, + and #`,
});

export const mqttSchema = z.strictObject({
  url: z.string().describe('mqtt:// mqtts:// ws:// wss:// or embedded'),
  username: z.string().min(1).optional().describe('user name at the broker'),
  password: z.string().optional().describe('password; write `!secret name`'),
  ca: z.string().min(1).optional().describe('PEM file of the authority that signed the broker'),
  cert: z.string().min(1).optional().describe('PEM file of the client certificate'),
  key: z.string().min(1).optional().describe('PEM file of its private key'),
  prefix: topic.default('keepwatch').describe('first word of every topic'),
  clientId: z.string().min(1).max(128).optional().describe('default keepwatch-<premises>'),
  heartbeat: duration.optional().describe('how often the status is sent again, at most 60s'),
  receiptWithin: duration
    .optional()
    .describe('no receipt of the monitoring centre for this long is a trouble'),
  listen: listen.default('127.0.0.1:1883').describe('with url: embedded, where the broker listens'),
});

const common = { name: text.optional().describe('name for people') };
const zone = id.optional().describe('zone it belongs to');

export const limitsSchema = z.strictObject({
  most: z.int().min(1).max(10_000).optional().describe('most cells in one request'),
  gap: z
    .int()
    .min(0)
    .max(10_000)
    .optional()
    .describe('largest run of unwanted cells read to join two points'),
  even: z.boolean().optional().describe('starts and lengths must be even'),
});

const band = z.tuple([z.number(), z.number()], {
  error: (issue) => `${show(issue.input)} is not a band; write its two ends, such as [900, 1100]`,
});

/** What the bands have to do with each other is checked by the loader. */
const loopSchema = z.strictObject({
  normal: band.describe('at rest: false'),
  alarm: band.describe('active: true'),
  short: band.optional().describe('the wire is shorted: no value'),
  open: band.optional().describe('the wire is cut: no value'),
  tamper: band.optional().describe('the detector was opened: no value'),
  hysteresis: z.number().min(0).default(0).describe('widens the band that the loop is in'),
});

/** A kind is checked against the list by the loader, which can name the nearest. */
const pointKeys = {
  ...common,
  kind: z.string().optional().describe('what it means; brings a default rule'),
  zone,
  every: duration.optional().describe('how often it is read'),
  unit: z.string().max(20).optional().describe('unit of measure, for people'),
  scale: z.number().optional().describe('value = raw × scale + offset'),
  offset: z.number().optional().describe('value = raw × scale + offset'),
  invert: z.boolean().optional().describe('value = not raw'),
  activeLow: z.boolean().optional().describe('the same as invert'),
  invalid: z
    .union([z.number(), z.array(z.number())], {
      error: (issue) => `${show(issue.input)} is not a number; write a raw number, or a list of them`,
    })
    .optional()
    .describe('raw values that mean "no value"'),
  min: z.number().optional().describe('smaller values are bad'),
  max: z.number().optional().describe('larger values are bad'),
  debounce: duration.optional().describe('a new value must stand this long'),
  loop: loopSchema.optional().describe('bands of a supervised loop; makes true or false of a number'),
  alarmAbove: z.number().optional().describe('active above this'),
  clearBelow: z.number().optional().describe('no longer active below this; default alarmAbove'),
  alarmBelow: z.number().optional().describe('active below this'),
  clearAbove: z.number().optional().describe('no longer active above this; default alarmBelow'),
  staleAfter: duration.optional().describe('without a reading for this long the value is stale; 0s: never'),
  rule: z.enum(['none']).optional().describe('none: the kind brings no default rule'),
};

const deviceKeys = {
  ...common,
  bus: id.describe('bus it is on'),
  zone,
  profile: z.string().optional().describe('profile that lists its points'),
  every: duration.optional().describe('how often its points are read'),
  timeout: duration.optional().describe('an answer later than this is none'),
  limits: limitsSchema.optional().describe('how far one request may reach'),
};

/** Shorter phases are lost on a serial line at 9600 baud that polls besides. */
const shortestPhaseMs = 100;
const pattern = z
  .array(duration, {
    error: (issue) => `${show(issue.input)} is not a list; write times on and off in turn, as [500ms, 500ms]`,
  })
  .superRefine((phases, context) => {
    const wrong = (message: string): void => context.addIssue({ code: 'custom', message });
    if (phases.length === 0 || phases.length % 2 === 1 || phases.length > 32)
      wrong(`${phases.length} times are not on and off in turn; write an even number of them, at most 32`);
    else if (phases.some((ms) => ms < shortestPhaseMs))
      wrong(`a phase is shorter than ${shortestPhaseMs}ms; write ${shortestPhaseMs}ms or more`);
  });

const outputKeys = {
  ...common,
  bus: id.describe('bus it is on'),
  zone,
  silenceable: z.boolean().default(false).describe('a person may silence it'),
  maxOn: duration.optional().describe('longest time on from one demand'),
  normal: z
    .union([z.boolean(), z.enum(['on', 'off', 'keep'])], {
      error: (issue) => `${show(issue.input)} is not possible here; write on, off or keep`,
    })
    .transform((value) => (value === 'keep' ? value : value === true || value === 'on'))
    .optional()
    .describe('what it rests at'),
  activeLow: z.boolean().default(false).describe('the wire is low when the output is on'),
  pulse: duration.optional().describe('being on is one pulse of this length'),
  pattern: pattern.optional().describe('being on is this: times on and off in turn, again and again'),
  onStop: z
    .union([z.boolean(), z.enum(['on', 'off', 'keep', 'normal'])], {
      error: (issue) => `${show(issue.input)} is not possible here; write normal, keep, on or off`,
    })
    .transform((value) => (value === 'on' ? true : value === 'off' ? false : value))
    .optional()
    .describe('where a stop of the daemon leaves it'),
  refresh: duration.optional().describe('how often the wanted value is written again'),
  tells: z
    .strictObject({
      category: z.enum(['alarm', 'supervisory', 'trouble']).describe('incidents of this category'),
      level: z.enum(['general', 'major', 'urgent']).default('general').describe('and at least this level'),
      until: z.enum(['acknowledged', 'closed']).default('acknowledged').describe('until all of them are'),
    })
    .optional()
    .describe('on by itself while such incidents are open'),
  chirp: z.boolean().optional().describe('sounds for a second when a walk test has heard a detector'),
};

const expression = z.string().min(1).max(4000);

export const ruleSchema = z.strictObject({
  ...common,
  when: expression.describe('CEL expression over points; opens the incident'),
  for: duration.optional().describe('must hold this long before it opens'),
  until: expression.optional().describe('CEL expression that ends it; default: not `when`'),
  suppress: expression.optional().describe('CEL expression; while it is true the rule does not open'),
  hold: duration.optional().describe('stays active this long after it ends'),
  latch: z.boolean().default(false).describe('stays until reset by a person'),
  plan: z.string().describe('plan of the incident'),
  zone,
  level: z.enum(['general', 'major', 'urgent']).optional().describe('level; default that of the plan'),
  outputs: z.record(z.string(), onOff).default({}).describe('outputs wanted while it is active'),
});

export const interlockSchema = z.strictObject({
  ...common,
  never: z
    .string({
      error: (issue) => `${show(issue.input)} is not an output and its value; write \`gas_valve on\``,
    })
    .regex(/^\s*\S+\s+(on|off|true|false)\s*$/, {
      error: (issue) => `${show(issue.input)} is not an output and its value; write \`gas_valve on\``,
    })
    .describe('the output and the value that it must not have, such as gas_valve on'),
  while: expression.describe('CEL expression over points; unknown counts as true'),
});

export const zoneSchema = z.strictObject({
  name: text.optional().describe('name for people; default the id'),
});

export const storageSchema = z.strictObject({
  most: sizeFrom('16MB').prefault('512MB').describe('what the state may take on the disk, such as 512MB'),
});

const fileName = z.string().min(1).max(1000);

const topKeys = {
  data: fileName.default('./data').describe('folder of the state'),
  contacts: fileName.optional().describe('file of people and their roles'),
  plans: fileName.optional().describe('folder of the plans of this site'),
  ladders: fileName.optional().describe('file of ladders of this site'),
  profiles: fileName.optional().describe('folder of the profiles of this site'),
  secrets: fileName.default('secrets.yaml').describe('file of secrets'),
};
const checkedApart = z.unknown().optional();

/** The top level of a site file; its sections are checked apart. */
export const topSchema = z.strictObject({
  premises: checkedApart,
  ...topKeys,
  mqtt: checkedApart,
  console: checkedApart,
  buses: checkedApart,
  zones: checkedApart,
  devices: checkedApart,
  outputs: checkedApart,
  rules: checkedApart,
  interlocks: checkedApart,
  channels: checkedApart,
  duties: checkedApart,
  telemetry: checkedApart,
  storage: checkedApart,
  commands: checkedApart,
});

/** The schemas of the parts whose keys depend on a driver; without one, the driver's keys are let through. */
export interface Parts {
  bus(driver: Driver): z.ZodObject;
  device(driver: Driver | undefined): ReturnType<typeof deviceSchema>;
  point(driver: Driver | undefined): ReturnType<typeof pointSchema>;
  output(driver: Driver | undefined): ReturnType<typeof outputSchema>;
}

const busSchema = (driver: Driver) => z.strictObject({ ...driver.keys.bus, driver: z.literal(driver.id) });

function deviceSchema(driver: Driver | undefined) {
  const keys = { ...deviceKeys, points: z.unknown().optional().describe('its points, by id') };
  return driver ? z.strictObject({ ...driver.keys.device, ...keys }) : z.looseObject(keys);
}

function pointSchema(driver: Driver | undefined) {
  return driver ? z.strictObject({ ...driver.keys.point, ...pointKeys }) : z.looseObject(pointKeys);
}

function outputSchema(driver: Driver | undefined) {
  return driver ? z.strictObject({ ...driver.keys.output, ...outputKeys }) : z.looseObject(outputKeys);
}

function once<T>(make: (driver: Driver | undefined) => T): (driver: Driver | undefined) => T {
  const made = new Map<string | undefined, T>();
  return (driver) => {
    let schema = made.get(driver?.id);
    if (schema === undefined) {
      schema = make(driver);
      made.set(driver?.id, schema);
    }
    return schema;
  };
}

/** Schemas made when first asked for, one for each driver. */
export function parts(): Parts {
  return {
    bus: once((driver) => busSchema(driver!)) as Parts['bus'],
    device: once(deviceSchema),
    point: once(pointSchema),
    output: once(outputSchema),
  };
}

/**
 * JSON Schema (draft 7, which editors know) of the site file with the keys of these drivers.
 */
export function siteJsonSchema(drivers: readonly Driver[]): object {
  const ids = z.string().regex(idForm);
  const each = (schema: (driver: Driver) => z.ZodType): z.ZodType => z.union(drivers.map(schema));
  const device = (driver: Driver): z.ZodType =>
    deviceSchema(driver).extend({
      points: z.record(ids, pointSchema(driver).partial()).optional().describe('its points, by id'),
    });
  const whole = z.strictObject({
    premises: premisesSchema.describe('the premises'),
    ...topKeys,
    mqtt: mqttSchema.optional().describe('the broker'),
    commands: commandsSchema.optional().describe('who may command over the broker'),
    telemetry: telemetrySchema
      .optional()
      .describe('what numbers did: how long it is kept, and whether it is published'),
    storage: storageSchema.optional().describe('how much of the past is kept'),
    console: consoleSchema.optional().describe('the page and the HTTP API; absent: nothing listens'),
    buses: z.record(ids, each(busSchema)).optional().describe('lines that devices are on, by id'),
    zones: z.record(ids, zoneSchema).optional().describe('zones, by id'),
    devices: z.record(ids, each(device)).optional().describe('devices, by id'),
    outputs: z.record(ids, each(outputSchema)).optional().describe('outputs, by id'),
    rules: z.record(ids, ruleSchema).optional().describe('rules, by id'),
    interlocks: z.record(ids, interlockSchema).optional().describe('interlocks of outputs, by id'),
    channels: z
      .record(ids, z.union(Object.values(channelSchemas)))
      .optional()
      .describe('ways to reach people, in order of trying, by id'),
    duties: dutiesSchema.optional().describe('what must be done between incidents'),
  });
  const schema = z.toJSONSchema(whole, { target: 'draft-7', io: 'input', unrepresentable: 'any' });
  return { ...schema, title: 'Keepwatch site' };
}
