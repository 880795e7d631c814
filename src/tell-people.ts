// The ways to people, opened for one configuration: what the teller and the notices over MQTT ask of the house, and
// the modem put together from its line and its protocol. The teller itself is loaded only where there are channels.

import type { Config } from './config/types.ts';
import { localOf } from './core/calendar.ts';
import { inLanguage, pointName } from './core/model.ts';
import { answering } from './core/people.ts';
import { incidentOf } from './core/telling-needs.ts';
import { isFailing, openChecks } from './core/troubles.ts';
import { openLink } from './devices/link.ts';
import type { ByteLink, Log } from './driver.ts';
import type { Clock } from './lib/clock.ts';
import type { Watched } from './lib/supervisor.ts';
import type { Loop } from './loop.ts';
import type { Teller } from './notify/teller.ts';
import type {
  ChannelState,
  Messages,
  Notices,
  OpenTextModem,
  Premises,
  TellerHost,
  TextModem,
} from './notify/types.ts';

/** A modem on an open line, as the modem's protocol gives it. */
export type OpenModem = (
  link: ByteLink,
  clock: Clock,
  log: Log,
) => Promise<Omit<TextModem, 'close'> & { close(): Promise<void> }>;

export interface PeopleOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly loop: Loop;
  readonly openModem: OpenModem;
}

export interface People {
  /** the messages that stand are others than before */
  changed(): void;
  /** Another configuration is in force. */
  use(config: Config): Promise<void>;
  state(): readonly ChannelState[];
  watched(): readonly Watched[];
  stop(): Promise<void>;
}

function messagesOf(loop: Loop): Messages {
  return {
    messages: () => Object.values(loop.state.durable.messages),
    message: (id) => loop.state.durable.messages[id],
    incident: (id) => incidentOf(loop.state.durable, id),
    report: (message, outcome, because) =>
      loop.push({ type: 'delivery', message, outcome, ...(because !== undefined && { because }) }),
  };
}

function premisesOf({ premises, site }: Config): Premises {
  const { calendar } = site;
  const points = new Map(site.points.map((point) => [point.id, point]));
  return {
    id: premises.id,
    name: premises.name,
    language: premises.language,
    pointName(id) {
      const point = points.get(id);
      return point && pointName(point);
    },
    localTime(wallMs) {
      if (calendar === undefined) return new Date(wallMs).toISOString().slice(0, 16).replace('T', ' ');
      const { date, minute } = localOf(calendar, wallMs);
      const two = (value: number): string => String(value).padStart(2, '0');
      return `${date} ${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
    },
  };
}

/**
 * What the notices to roles over MQTT need; undefined where nobody is told by that way. `inForce`: the configuration at
 * the moment of the telling, since the way out stays open over a reload that does not concern it.
 */
export function noticesOf(loop: Loop, config: Config, inForce: () => Config): Notices | undefined {
  if (config.site.telling?.mqtt !== true) return undefined;
  let known = { config, premises: premisesOf(config) };
  const premises = (): Premises => {
    const now = inForce();
    if (known.config !== now) known = { config: now, premises: premisesOf(now) };
    return known.premises;
  };
  return {
    ...messagesOf(loop),
    get premises() {
      return premises();
    },
    answering: (role) =>
      answering(loop.model.site, role, loop.stamp().wallMs).map(({ name }) =>
        inLanguage(name, premises().language),
      ),
  };
}

export async function openPeople(options: PeopleOptions, config: Config): Promise<People> {
  const { loop, clock, log } = options;
  let teller: Teller | undefined;
  const host: TellerHost = {
    ...messagesOf(loop),
    openIncidents: () => Object.values(loop.state.durable.incidents),
    person: (id) => loop.model.site.telling?.people.find((one) => one.id === id),
    health(check, ok, because) {
      // that it works is news only where it did not
      if (ok && !isFailing(loop.state.durable, check)) return;
      loop.push({ type: 'health', check, ok, because });
    },
    command: (command) => loop.command(command),
  };

  const use = async (given: Config): Promise<void> => {
    endChannelsWithout(loop, given);
    const settings = { channels: given.channels, people: given.people, premises: premisesOf(given) };
    if (teller !== undefined) {
      await teller.use(settings);
    } else if (given.channels.length > 0) {
      const { createTeller } = await import('./notify/teller.ts');
      teller = createTeller({ ...settings, clock, log, host, openModem: textModem(options.openModem) });
    }
    teller?.changed();
  };
  await use(config);
  return {
    changed: () => teller?.changed(),
    use,
    state: () => teller?.state() ?? [],
    watched: () => teller?.watched() ?? [],
    stop: async () => teller?.stop(),
  };
}

/** Ends the troubles of channels that this configuration does not have. */
function endChannelsWithout(loop: Loop, { channels }: Config): void {
  for (const check of openChecks(loop.state.durable)) {
    const channel = /^channel_(.+)$/.exec(check)?.[1];
    if (channel !== undefined && !channels.some(({ id }) => id === channel))
      loop.push({ type: 'health', check, ok: true, because: 'removed from the configuration' });
  }
}

/** The serial line is the house's, the protocol the driver's. */
function textModem(openModem: OpenModem): OpenTextModem {
  return async ({ path, baudRate }, { clock, log, signal, lost }) => {
    const settings = { kind: 'serial', path, baudRate, parity: 'none', dataBits: 8, stopBits: 1 } as const;
    const link = await openLink(settings, { clock, signal, lost });
    try {
      const modem = await openModem(link, clock, log);
      return {
        ...modem,
        async close() {
          await modem.close();
          await link.close();
        },
      };
    } catch (error) {
      await link.close();
      throw error;
    }
  };
}
