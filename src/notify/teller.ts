// Tells people: carries each message that stands in the house to its person by its channel, reports what became of it,
// and takes acknowledgements back. Whom to tell, when, and what follows a failure is the engine's business; what a
// channel is, that of the channels.

import type { ChannelConfig, PersonConfig } from '../config/types.ts';
import type { Incident, Message } from '../core/types.ts';
import { atMost, type Clock } from '../lib/clock.ts';
import type { Watched } from '../lib/supervisor.ts';
import { type ChannelQueue, createQueue } from './channel-queue.ts';
import type { ChannelHost, Letter } from './channels/channel.ts';
import { kindOf } from './channels/index.ts';
import type { Log } from './log.ts';
import { createReplies, type Replies, type Sender } from './replies-sms.ts';
import type { ChannelState, OpenTextModem, Premises, TellerHost } from './types.ts';
import { numberOf, ranks, textIn, type Words, wordsFor } from './words.ts';

export interface TellerConfig {
  readonly channels: readonly ChannelConfig[];
  readonly people: readonly PersonConfig[];
  readonly premises: Premises;
}

export interface TellerOptions extends TellerConfig {
  readonly clock: Clock;
  readonly log: Log;
  readonly host: TellerHost;
  /** absent: text messages can't be sent here */
  readonly openModem?: OpenTextModem;
}

export interface Teller {
  /** The messages that stand are others than before. */
  changed(): void;
  /** From now on these are the channels and people; a channel that stays as it was goes on undisturbed. */
  use(config: TellerConfig): Promise<void>;
  state(): readonly ChannelState[];
  /** the channels, as the supervisor watches them */
  watched(): readonly Watched[];
  /** Ends what is under way; nothing is reported any more. */
  stop(): Promise<void>;
}

interface Way {
  readonly config: ChannelConfig;
  readonly queue: ChannelQueue;
}

const longestBy = 64;
/** incidents that are named one by one to a machine */
const mostNamed = 50;

/** Every kind of channel has shorter limits of its own; beyond this one does not keep them. */
const longestAttemptMs = 300_000;
/** A channel that does not stop is left behind: a reload must come to its end. */
const letGoMs = 5000;

/** Begins at once with what stands, and never throws. */
export function createTeller(options: TellerOptions): Teller {
  const { clock, log, host } = options;
  let { channels, people, premises } = options;
  const ways = new Map<string, Way>();
  let stopped = false;
  let replies: Replies | undefined;
  let changing = Promise.resolve();

  const senders = function* (): Iterable<Sender> {
    for (const { id, name, phone, addresses } of people) {
      const language = host.person(id)?.language ?? premises.language;
      const by = textIn(name, premises.language).slice(0, longestBy);
      const numbers = [
        phone,
        ...[...ways.values()].map(({ config }) => config.type === 'sms' && addresses[config.id]),
      ];
      for (const number of numbers) if (number) yield { id, name: by, language, phone: number };
    }
  };

  const compose = (config: ChannelConfig, message: Message): Letter | undefined => {
    const person = people.find(({ id }) => id === message.person);
    if (person === undefined) return undefined;
    const address = addressOf(config, person);
    if (address === undefined && config.type !== 'webhook') return undefined;
    const { language, roles } = host.person(person.id) ?? { language: premises.language, roles: [] };
    const answers = config.type === 'sms';
    const words = wordsFor(message, host.incident, { language, roles, answers }, premises);
    if (words === undefined) return undefined;
    return {
      id: message.id,
      key: keyOf(message, premises.id),
      premises: premises.id,
      to: {
        id: person.id,
        name: textIn(person.name, language),
        language,
        ...(address !== undefined && { address }),
        ...(person.phone !== undefined && { phone: person.phone }),
        ...(person.email !== undefined && { email: person.email }),
      },
      drill: message.drill,
      ...partsOf(words, language),
    };
  };

  const urgency = (message: Message): number => {
    let most = 0;
    for (const { incident: id } of message.about) {
      const incident = host.incident(id);
      if (incident !== undefined) most = Math.max(most, urgencyOf(incident));
    }
    return message.drill ? most / 100 : most;
  };

  const openWay = (config: ChannelConfig): Way => {
    const check = `channel_${config.id}`;
    const channelHost: ChannelHost = {
      clock,
      log,
      line: (up, because) => ways.get(config.id)?.queue.line(up, because),
      onReply(message, answer) {
        replies ??= createReplies({
          clock,
          log,
          host: { senders, openIncidents: host.openIncidents, command: host.command },
        });
        if (!stopped) void replies.take(message, answer);
      },
      ...(options.openModem !== undefined && { openModem: options.openModem }),
    };
    const { atOnce, standing, load } = kindOf(config);
    const queue = createQueue({
      id: config.id,
      withinMs: config.withinMs,
      atOnce,
      standing,
      clock,
      log,
      house: host,
      urgency,
      compose: (message) => compose(config, message),
      open: async () => (await load())(config, channelHost),
      more: () => changed(),
      health(ok, because) {
        if (!stopped) host.health(check, ok, because);
      },
    });
    return { config, queue };
  };

  const changed = (): void => {
    if (stopped) return;
    const byChannel = new Map<string, Message[]>();
    for (const message of host.messages()) {
      const list = byChannel.get(message.channel);
      if (list) list.push(message);
      else byChannel.set(message.channel, [message]);
    }
    for (const [id, { queue }] of ways) queue.changed(byChannel.get(id) ?? []);
  };

  /** Opens what is not open yet. */
  const adopt = (config: TellerConfig): void => {
    ({ channels, people, premises } = config);
    for (const each of channels) if (!ways.has(each.id)) ways.set(each.id, openWay(each));
    changed();
  };

  const change = async (config: TellerConfig): Promise<void> => {
    if (stopped) return;
    const next = new Map(config.channels.map((each) => [each.id, each]));
    const leaving = [...ways.values()].filter(
      (way) => JSON.stringify(next.get(way.config.id)) !== JSON.stringify(way.config),
    );
    for (const { config: old } of leaving) ways.delete(old.id);
    // a serial line must be free before it is opened again
    await Promise.all(leaving.map(({ queue }) => atMost(clock, letGoMs, queue.stop())));
    if (stopped) return;
    for (const { config: old } of leaving)
      if (!next.has(old.id)) host.health(`channel_${old.id}`, true, 'removed from the configuration');
    adopt(config);
  };

  adopt(options);

  /** What is under way on a way that is stuck is sent once more by its successor. */
  const restart = (way: Way): void => {
    if (stopped || ways.get(way.config.id) !== way) return;
    way.queue.stop().catch(() => {});
    ways.set(way.config.id, openWay(way.config));
    changed();
  };

  return {
    watched: () =>
      [...ways.values()].map((way) => ({
        id: `channel_${way.config.id}`,
        progressMs: () => way.queue.busySinceMs(),
        mostMs: longestAttemptMs,
        restart: () => restart(way),
      })),
    changed,
    use(config) {
      const turn = changing.then(() => change(config));
      // one that fails must not take the later ones along
      changing = turn.catch(() => {});
      return turn;
    },
    // in the order of trying
    state: () =>
      channels.flatMap(({ id, type }) => {
        const way = ways.get(id);
        return way === undefined ? [] : [{ id, type, ...way.queue.state() }];
      }),
    async stop() {
      stopped = true;
      await changing;
      await Promise.all([...ways.values()].map(({ queue }) => queue.stop()));
    },
  };
}

function urgencyOf({ state, level, category }: Incident): number {
  if (state === 'closed') return 1;
  return ranks[level] * 10 + (category === 'alarm' ? 5 : 2);
}

function addressOf({ id, type }: ChannelConfig, person: PersonConfig): string | undefined {
  const own = person.addresses[id];
  if (own !== undefined) return own;
  if (type === 'email') return person.email;
  return type === 'sms' ? person.phone : undefined;
}

/** The number of a message counts from one in each epoch, of which every incident's id bears the mark. */
function keyOf(message: Message, premises: string): string {
  const epoch = message.about[0]?.incident.split('_')[1] ?? '0';
  return [premises, message.id, epoch].join('.').replace(/[^A-Za-z0-9._-]/g, '-');
}

function partsOf(words: Words, language: 'zh' | 'en') {
  const { title, text, short, kind, level, category } = words;
  const incidents = words.incidents.slice(0, mostNamed).map((incident) => ({
    id: incident.id,
    number: numberOf(incident.id),
    plan: incident.plan,
    ...(incident.zone !== undefined && { zone: incident.zone }),
    level: incident.level,
    state: incident.state,
    title: textIn(incident.title, language),
    openedAt: incident.openedAt,
  }));
  return { title, text, short, kind, level, category, incidents };
}
