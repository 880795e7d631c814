// Loads a site file: read, put over, resolve secrets, check each part, then everything between the parts. Gives
// either a whole Config or every fault there is. The one door to this folder.

import path from 'node:path';
import { kinds } from '../core/kinds.ts';
import type { Plan, Point, Text, Zone } from '../core/types.ts';
import type { Driver } from '../driver.ts';
import { shippedConfig } from '../lib/assets.ts';
import { isLoopback } from '../lib/loopback.ts';
import { resolveMqtt } from './broker.ts';
import { claims, resolveBuses } from './buses.ts';
import { resolveCommands } from './command-keys.ts';
import { resolveConsole } from './console-form.ts';
import { type Context, defined, entries, refers } from './context.ts';
import { type ResolvedDevice, resolveDevices, wantedProfiles } from './devices.ts';
import { faultList } from './faults.ts';
import { resolveInterlocks } from './interlocks.ts';
import { check, partOf } from './issues.ts';
import { finishOutputs, type ResolvedOutput, resolveOutputs } from './outputs.ts';
import { withSections } from './overlay.ts';
import { applyOverrides } from './overrides.ts';
import { loadPlans } from './plans.ts';
import type { ResolvedPoint } from './points.ts';
import { loadProfiles } from './profiles.ts';
import type { Hearers } from './reach.ts';
import { resolveRules } from './rules.ts';
import { parts, premisesSchema, storageSchema, topSchema, zoneSchema } from './schema.ts';
import { resolveSecrets } from './secrets.ts';
import { resolveTelemetry } from './telemetry-form.ts';
import { resolveTelling } from './telling.ts';
import type { Config, DeviceConfig, Fault, MqttConfig } from './types.ts';
import { isMapping, readTree } from './yaml.ts';

export { faultsFirst, formatFault } from './faults.ts';
export { siteJsonSchema } from './schema.ts';

export interface LoadOptions {
  readonly drivers: readonly Driver[];
  /** dotted path → value put over the parsed file before it is checked, such as `buses.plc.port`: 15020 */
  readonly overrides?: Readonly<Record<string, unknown>> | undefined;
  /** a file whose `rules` and `plans` stand in place of the site's */
  readonly rules?: string | undefined;
  /** default: that of the process */
  readonly environment?: NodeJS.ProcessEnv | undefined;
  /** folder with `plans/`, `profiles/`, `holidays/` and `ladders.yaml`; default: the shipped one */
  readonly shipped?: string | undefined;
  /** what time it is, ms since 1970; default: the clock of the machine */
  readonly now?: number | undefined;
}

export interface Loaded {
  /** only where no fault is worse than a warning */
  readonly config?: Config;
  /** all faults and warnings, in order of file and line */
  readonly faults: readonly Fault[];
}

/** Loads and checks a site file with all that it names. Never throws for what a file says. */
export function loadConfig(file: string, options: LoadOptions): Loaded {
  const faults = faultList(file);
  const written = readTree(file, faults);
  const over = options.rules === undefined ? undefined : readTree(options.rules, faults);
  if (written === undefined || (options.rules !== undefined && over === undefined))
    return { faults: faults.sorted() };
  const tree = over === undefined ? written : withSections(written, over, faults);
  const folder = path.dirname(file);
  const beside = (name: string): string => (path.isAbsolute(name) ? name : path.join(folder, name));
  const shipped = options.shipped ?? shippedConfig;
  const files = new Set([path.resolve(file)]);
  const context: Context = {
    tree,
    faults,
    parts: parts(),
    drivers: new Map(options.drivers.map((driver) => [driver.id, driver])),
  };

  applyOverrides(tree, options.overrides ?? {}, faults);
  const top = partOf(tree, []);
  const secretsFile = typeof tree.value.secrets === 'string' ? tree.value.secrets : 'secrets.yaml';
  const environment = options.environment ?? process.env;
  const secretsRead = resolveSecrets(tree, { environment, file: beside(secretsFile) }, faults);
  if (secretsRead !== undefined) files.add(path.resolve(secretsRead));

  const settings = check(topSchema, tree.value, top, faults)?.value ?? topSchema.parse({});
  const raw = tree.value;
  if (raw.premises === undefined)
    faults.fault(top.key([]), '`premises` is missing', 'add `premises: { id: …, name: …, timezone: … }`');
  const premises =
    raw.premises === undefined
      ? undefined
      : check(premisesSchema, raw.premises, partOf(tree, ['premises']), faults)?.value;
  const mqtt =
    raw.mqtt === undefined
      ? undefined
      : resolveMqtt(raw.mqtt, partOf(tree, ['mqtt']), faults, {
          premises: premises?.id ?? '',
          folder,
          files,
        });
  const commands = resolveCommands(
    {
      top,
      raw: raw.commands,
      where: partOf(tree, ['commands']),
      beside,
      timezone: premises?.timezone,
      mqtt,
      files,
      nowMs: options.now ?? Date.now(),
    },
    faults,
  );

  const telemetry = resolveTelemetry(
    raw.telemetry,
    partOf(tree, ['telemetry']),
    faults,
    raw.mqtt !== undefined,
  );

  const storage = check(storageSchema, raw.storage ?? {}, partOf(tree, ['storage']), faults)?.value;

  const zones: Zone[] = entries(context, 'zones').map(({ id, raw: zone, where }) => ({
    id,
    name: check(zoneSchema, zone ?? {}, where, faults)?.value.name ?? id,
  }));
  const zoneIds = new Set(zones.map((zone) => zone.id));
  const console = resolveConsole(
    { raw: raw.console, where: partOf(tree, ['console']), beside, zones: zoneIds },
    faults,
  );

  const planFolders = [{ folder: path.join(shipped, 'plans'), from: top.key([]) }];
  if (settings.plans !== undefined) {
    planFolders.push({ folder: beside(settings.plans), from: top.value(['plans']) });
  }
  const plans = loadPlans(
    planFolders,
    faults,
    settings.ladders === undefined
      ? undefined
      : { file: beside(settings.ladders), from: top.value(['ladders']) },
  );
  const ownProfiles = settings.profiles === undefined ? [] : [beside(settings.profiles)];
  const profiles = loadProfiles(
    wantedProfiles(context),
    [...ownProfiles, path.join(shipped, 'profiles')],
    faults,
  );
  for (const read of [...plans.files, ...profiles.files]) files.add(path.resolve(read));
  const owned = claims(context);
  const buses = resolveBuses(context, owned);
  const telling = resolveTelling(context, {
    owned,
    beside,
    shipped,
    contacts: settings.contacts,
    premises: premises as { timezone: string; language: 'zh' | 'en' } | undefined,
    mqtt: raw.mqtt !== undefined,
    hearers: path.resolve(file) === demoSite ? undefined : hearersOf(raw.mqtt !== undefined, mqtt),
    plans,
    files,
    nowMs: options.now ?? Date.now(),
  });
  const devices = resolveDevices(context, buses, profiles, owned);
  const outputs = resolveOutputs(context, buses, owned);
  const outputIds = new Set(outputs.map((output) => output.id));
  const rules = resolveRules(context, { devices, plans, zones: zoneIds, outputs: outputIds });
  checkZones(context, zoneIds, devices, outputs);
  const interlocks = resolveInterlocks(context, devices, outputIds);
  const finished = finishOutputs(context, outputs, rules.rules, interlocks.interlocks, devices);
  const named = new Set([...rules.named, ...interlocks.named]);
  warnOfUnused(context, outputs);

  if (faults.broken()) return { faults: faults.sorted() };
  const busConfigs = [...buses.values()].map((bus) => bus.config!);
  const config: Config = {
    file: path.resolve(file),
    files: [...files],
    premises: premises as { id: string; name: Text; timezone: string; language: 'zh' | 'en' },
    data: path.resolve(folder, settings.data),
    storage: { mostBytes: storage!.most },
    ...(mqtt === undefined ? {} : { mqtt }),
    commands,
    ...(telemetry && { telemetry }),
    ...(console && { console }),
    buses: busConfigs,
    devices: devices.map((device) => deviceConfig(device, named)),
    outputs: finished.configs,
    channels: telling.channels,
    people: telling.people,
    site: {
      premises: premises!.id,
      language: premises!.language,
      zones,
      buses: busConfigs.map(({ id }) => ({ id })),
      devices: devices.map((device) => device.device!),
      points: devices.flatMap((device) =>
        device.points.map((point) => exercised(point, rules.named, telling.exerciseWithinMs)),
      ),
      rules: rules.rules,
      plans: [...plans.sound.values()].sort((a: Plan, b: Plan) => (a.id < b.id ? -1 : 1)),
      outputs: finished.outputs,
      // a site without any is stored, and known again, as it always was
      ...(interlocks.interlocks.length > 0 && { interlocks: interlocks.interlocks }),
      ...telling.site,
    },
    warnings: faults.sorted(),
  };
  return { config, faults: config.warnings };
}

/** The demo is to be looked at: it tells nobody, and need not. */
const demoSite = path.join(shippedConfig, 'demo', 'site.yaml');

function hearersOf(named: boolean, mqtt: MqttConfig | undefined): Hearers {
  if (!named) return 'none';
  // (of a broker on this machine that is not ours nobody knows where it is bridged to)
  return mqtt?.url === 'embedded' && isLoopback(mqtt.listen.host) ? 'here' : 'beyond';
}

/** Does somebody hear of it when this point is active: by a rule that names it, or by its kind's plan? */
function isAlarm({ id, kind }: ResolvedPoint, named: ReadonlySet<string>): boolean {
  return named.has(id) || (kind !== undefined && kinds[kind]?.plan !== undefined);
}

function exercised(point: ResolvedPoint, named: ReadonlySet<string>, withinMs: number | undefined): Point {
  if (withinMs === undefined || !isAlarm(point, named)) return point.point!;
  return { ...point.point!, exerciseWithinMs: withinMs };
}

function deviceConfig(device: ResolvedDevice, named: ReadonlySet<string>): DeviceConfig {
  return defined({
    id: device.id,
    bus: device.device!.bus,
    settings: device.settings,
    profile: device.profile,
    everyMs: device.everyMs,
    timeoutMs: device.timeoutMs,
    limits: device.limits,
    points: device.points.map((point) => ({
      address: point.address!,
      everyMs: point.everyMs,
      lane: isAlarm(point, named) ? 'alarm' : 'meter',
    })),
  }) as DeviceConfig;
}

/** Zones that devices, points and outputs name must exist; zones that nothing names are told. */
function checkZones(
  context: Context,
  zones: ReadonlySet<string>,
  devices: readonly ResolvedDevice[],
  outputs: readonly ResolvedOutput[],
): void {
  const { faults, tree } = context;
  const used = new Set<string>();
  for (const { zone, where } of [...devices, ...devices.flatMap((device) => device.points), ...outputs]) {
    if (zone === undefined) continue;
    used.add(zone);
    refers(faults, 'zone', zone, zones, () => where.value(['zone']));
  }
  for (const rule of isMapping(tree.value.rules) ? Object.values(tree.value.rules) : []) {
    if (isMapping(rule)) used.add(String(rule.zone));
  }
  for (const zone of zones) {
    if (used.has(zone)) continue;
    faults.warn(
      tree.keyAt(['zones', zone]),
      `zone \`${zone}\` is not used`,
      'give it to a device, point or rule, or remove it',
    );
  }
}

function warnOfUnused(context: Context, outputs: readonly ResolvedOutput[]): void {
  const { faults, tree } = context;
  const used = new Set<string>();
  for (const rule of isMapping(tree.value.rules) ? Object.values(tree.value.rules) : []) {
    if (isMapping(rule) && isMapping(rule.outputs))
      for (const output of Object.keys(rule.outputs)) used.add(output);
  }
  for (const interlock of isMapping(tree.value.interlocks) ? Object.values(tree.value.interlocks) : []) {
    if (isMapping(interlock)) used.add(String(interlock.never).trim().split(/\s/)[0]!);
  }
  for (const { id, where, output } of outputs) {
    if (used.has(id) || output?.tells !== undefined || output?.chirp) continue;
    faults.warn(
      where.key([]),
      `output \`${id}\` is in no rule`,
      'name it in a rule, or leave it to people alone',
    );
  }
  const devices = tree.value.devices;
  if (
    devices === undefined ||
    devices === null ||
    (isMapping(devices) && Object.keys(devices).length === 0)
  ) {
    faults.warn(tree.keyAt(['devices']), 'the site has no devices', 'add `devices:`');
  }
}
