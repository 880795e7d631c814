// What a site file becomes once it is loaded, checked and resolved: the engine's `Site` beside what the
// shell needs (links, addresses, broker). Types only.

import type { Language, Site, Text } from '../core/types.ts';
import type { LinkSettings, OutputAddress, PointAddress, RequestLimits, Settings } from '../driver.ts';
import type { Role } from '../rights/roles.ts';
import type { CommandRights } from '../rights/types.ts';

/** One thing wrong in a file: `file:line:col: what; what to do`. Lines and columns count from 1. */
export interface Fault {
  readonly severity: 'fault' | 'warning';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly what: string;
  readonly todo: string;
}

export interface MqttConfig {
  /** `embedded`, or mqtt: mqtts: ws: wss: */
  readonly url: string;
  /** with `embedded`: where the broker listens */
  readonly listen: { readonly host: string; readonly port: number };
  readonly username?: string;
  readonly password?: string;
  /** PEM text, not paths */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly prefix: string;
  readonly clientId: string;
  readonly heartbeatMs: number;
  readonly receiptWithinMs?: number;
}

/** What is kept of numbers; absent in `Config`: nothing. */
export interface TelemetryConfig {
  readonly keepMs: number;
  readonly mostBytes: number;
  readonly everyMs: number;
  readonly publish: boolean;
}

export interface BusConfig {
  readonly id: string;
  readonly driver: string;
  /** the driver's own keys, parsed by its schema */
  readonly settings: Settings;
  readonly link?: LinkSettings;
}

export interface PointConfig {
  readonly address: PointAddress;
  readonly everyMs: number;
  /** `alarm`: names a kind or stands in a rule; read before all others */
  readonly lane: 'alarm' | 'meter';
}

export interface DeviceConfig {
  readonly id: string;
  readonly bus: string;
  readonly settings: Settings;
  readonly profile?: string;
  readonly everyMs: number;
  /** an answer later than this is a timeout, ms */
  readonly timeoutMs: number;
  readonly limits: RequestLimits;
  readonly points: readonly PointConfig[];
}

export interface OutputConfig {
  readonly id: string;
  readonly bus: string;
  readonly address: OutputAddress;
  /** the wire's level is the opposite of the output's value */
  readonly activeLow: boolean;
  /** being on is one pulse of this length */
  readonly pulseMs?: number;
  /** being on is this: times on and off in turn, again and again */
  readonly patternMs?: readonly number[];
  /** where a stop leaves it; default `keep` */
  readonly onStop?: boolean | 'keep';
  /** how often the wanted value is written again, for modules that let go when nobody writes */
  readonly refreshMs?: number;
}

/** A way to reach people; `id` and `withinMs` are the engine's too. */
export type ChannelConfig = WebhookConfig | EmailConfig | SmsConfig;

interface AnyChannel {
  readonly id: string;
  /** what is not delivered by then is tried on the person's next channel, ms */
  readonly withinMs: number;
}

export interface WebhookConfig extends AnyChannel {
  readonly type: 'webhook';
  readonly template: 'generic' | 'wecom' | 'dingtalk' | 'feishu' | 'ntfy' | 'slack';
  /** holds a key: never shown */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON values with `{{name}}` in strings, in place of the template's own */
  readonly body?: unknown;
  /** signs each request, where the template knows how */
  readonly secret?: string;
}

export interface EmailConfig extends AnyChannel {
  readonly type: 'email';
  readonly host: string;
  readonly port: number;
  /** `starttls` is demanded, not hoped for; `none` only on loopback */
  readonly tls: 'implicit' | 'starttls' | 'none';
  readonly username?: string;
  readonly password?: string;
  readonly from: string;
  /** PEM text, not a path */
  readonly ca?: string;
}

export interface SmsConfig extends AnyChannel {
  readonly type: 'sms';
  readonly path: string;
  readonly baudRate: number;
}

/** Where a person is reached; who is told what only the engine knows. */
export interface PersonConfig {
  readonly id: string;
  readonly name: Text;
  readonly phone?: string;
  readonly email?: string;
  /** by channel, where it is not the phone or the e-mail address */
  readonly addresses: Readonly<Record<string, string>>;
}

/** The page and the HTTP API. */
export interface ConsoleConfig {
  readonly listen: { readonly host: string; readonly port: number };
  /** what may be done without a login; absent: nothing, as always off loopback */
  readonly withoutLogin?: Role;
  readonly users: readonly ConsoleUser[];
  /** absolute path; may not be there */
  readonly usersFile: string;
  /** absolute paths of PEM files; absent: no TLS */
  readonly cert?: string;
  readonly key?: string;
  /** absolute path of a folder that may not be there */
  readonly floors: string;
  /** where this console stands */
  readonly zone?: string;
  /** a login ends after so long without anything done, and after so long in any case */
  readonly idleMs: number;
  readonly sessionMs: number;
  /** with which the metrics may be read; nothing else */
  readonly metricsToken?: string;
}

export interface ConsoleUser {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly hash: string;
}

export interface Config {
  /** absolute path of the site file, and of every file that was read for it */
  readonly file: string;
  readonly files: readonly string[];
  readonly premises: {
    readonly id: string;
    readonly name: Text;
    readonly timezone: string;
    readonly language: Language;
  };
  /** absolute path of the data folder */
  readonly data: string;
  /** what the state may take on the disk */
  readonly storage: { readonly mostBytes: number };
  readonly mqtt?: MqttConfig;
  /** who may command over the broker */
  readonly commands: CommandRights;
  readonly telemetry?: TelemetryConfig;
  /** absent: nothing listens */
  readonly console?: ConsoleConfig;
  readonly buses: readonly BusConfig[];
  readonly devices: readonly DeviceConfig[];
  readonly outputs: readonly OutputConfig[];
  readonly channels: readonly ChannelConfig[];
  readonly people: readonly PersonConfig[];
  readonly site: Site;
  readonly warnings: readonly Fault[];
}
