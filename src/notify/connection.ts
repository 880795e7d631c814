// One attempt at one connection to a broker: a fresh mqtt.js client, its events turned into three calls, and
// its end. Holds no queue and never reconnects (mqtt.js would lose its queue on a kill); knows no topic.

import type { connect, IClientOptions, MqttClient } from 'mqtt';
import type { MqttConfig } from '../config/types.ts';
import type { Clock } from '../lib/clock.ts';
import { codeOf, explainFault, explainReason } from './explain.ts';

export interface Message {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  /** MQTT 5: handed back with a reply */
  readonly correlationData?: Buffer;
}

export interface Inbound {
  readonly topic: string;
  readonly payload: Buffer;
  /** it lay at the broker before we subscribed */
  readonly retained: boolean;
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
}

export interface Loss {
  readonly because: string;
  /** it was connected before */
  readonly established: boolean;
  /** the broker said that it does not speak this version, or went away at the sight of it */
  readonly version: 'refused' | 'suspect' | 'fine';
  readonly hungUp: HungUp;
  /** another client came with the same id; MQTT 5 alone says so */
  readonly pushedOff: boolean;
}

/**
 * Did the broker end it because of something that was sent? `perhaps`: it closed. `surely`: it answered a
 * message with a refusal that mqtt.js cannot read (mosquitto 2.0 does to one that is too large).
 */
export type HungUp = 'no' | 'perhaps' | 'surely';

export interface Connection {
  readonly protocol: 4 | 5;
  readonly receiveMaximum: number;
  readonly maximumPacketSize: number;
  /** `reason`: 0 where the broker took it, `nobodyListens` where it said that it has nobody to give it to. */
  publish(message: Message, settled: (reason: number) => void): void;
  /** QoS 1; the granted codes, 0x80 and above where refused */
  subscribe(topics: readonly string[], granted: (codes: readonly number[]) => void): void;
  unsubscribe(topic: string): void;
  /** Ends it now, without goodbye, so that the broker publishes the will. */
  drop(because: string): void;
  /** Says goodbye (no will) and closes. */
  close(): Promise<void>;
}

/** The way to a broker: mqtt.js's own, or a fake. */
export type Connect = typeof connect;

export interface ConnectionOptions {
  readonly connect: Connect;
  readonly config: MqttConfig;
  readonly protocol: 4 | 5;
  readonly will: Message;
  readonly clock: Clock;
  /** where the wall clock is known to be wrong: the least that now can truly be, wall ms */
  readonly clockFloorMs?: number | undefined;
  connected(connection: Connection): void;
  message(message: Inbound): void;
  /** Once, whatever happened. */
  lost(loss: Loss): void;
}

/** PUBACK of MQTT 5: taken, and no subscription matches */
export const nobodyListens = 0x10;
const connectTimeoutMs = 10_000;
const keepaliveSeconds = 15;
const defaultTlsPort = 8883;
const goodbyeMs = 500;
/** what we announce to an MQTT 5 broker, and what a 3.1.1 broker may send before we hang up, bytes */
const largestInbound = 262_144;
const endlessInbound = 1_048_576;
const unspecified = 0x80;
const sessionTakenOver = 0x8e;
/** as mqtt-packet words it */
const unreadableRefusal = 'Invalid puback reason code';
/** DISCONNECT reasons that speak of what was sent; the others speak of the broker's own state */
const aboutContent: ReadonlySet<number> = new Set([0x80, 0x81, 0x82, 0x83, 0x87, 0x90, 0x95, 0x99]);

/** `host:port` for people: a URL may carry a password. */
export function whereIs(url: string): string {
  try {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}`;
  } catch {
    return 'the broker';
  }
}

function clientOptions({ config, protocol, will }: ConnectionOptions): IClientOptions {
  const url = new URL(config.url);
  const scheme = url.protocol.slice(0, -1) as 'mqtt' | 'mqtts' | 'ws' | 'wss';
  const overWeb = scheme.startsWith('ws');
  const username = config.username ?? decodeURIComponent(url.username);
  const password = config.password ?? decodeURIComponent(url.password);
  return {
    protocol: scheme,
    // mqtt.js builds a URL of it for ws: there the brackets of an IPv6 address are needed
    host: overWeb ? url.hostname : url.hostname.replace(/^\[|\]$/g, ''),
    ...(url.port !== '' && { port: Number(url.port) }),
    ...(overWeb && { path: `${url.pathname}${url.search}` }),
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    ...(config.ca !== undefined && { ca: config.ca }),
    ...(config.cert !== undefined && { cert: config.cert }),
    ...(config.key !== undefined && { key: config.key }),
    rejectUnauthorized: true,
    clientId: config.clientId,
    protocolId: 'MQTT',
    protocolVersion: protocol,
    ...(protocol === 5 && { properties: { sessionExpiryInterval: 0, maximumPacketSize: largestInbound } }),
    clean: true,
    keepalive: keepaliveSeconds,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // our own clock decides first
    connectTimeout: connectTimeoutMs * 3,
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: will.retain },
  };
}

/** Never throws: a connection that cannot even be tried is lost, a moment later. */
export function openConnection(options: ConnectionOptions): { drop(because: string): void } {
  const { clock, protocol } = options;
  let client: MqttClient | undefined;
  let established = false;
  let over = false;
  /** gives up what is still being opened */
  const giving = new AbortController();
  const timeout = clock.after(connectTimeoutMs, () =>
    finish(`no answer within ${connectTimeoutMs / 1000} s`, 'fine'),
  );

  const finish = (
    because: string,
    version: Loss['version'],
    hungUp: HungUp = 'no',
    pushedOff = false,
  ): void => {
    if (over) return;
    over = true;
    giving.abort();
    timeout.cancel();
    // its end may raise errors once more: mqtt.js has a listener of its own for those
    client?.end(true);
    options.lost({ because, established, version, hungUp: established ? hungUp : 'no', pushedOff });
  };

  const failed = (fault: unknown): void => {
    const code = codeOf(fault);
    // a fault without code is a packet that cannot be parsed
    const vague = code === undefined || code === 'ECONNRESET' || code === 'EPIPE';
    let version: Loss['version'] = 'fine';
    if (!established && (code === 1 || code === 132)) version = 'refused';
    else if (!established && vague && protocol === 5) version = 'suspect';
    const unreadable = fault instanceof Error && fault.message.startsWith(unreadableRefusal);
    if (unreadable)
      finish('the broker refused a message in a way that MQTT does not know', version, 'surely');
    else finish(explainFault(fault), version, vague ? 'perhaps' : 'no');
  };

  const begin = (): void => {
    if (over) return;
    const { clockFloorMs, config } = options;
    try {
      if (clockFloorMs !== undefined && config.url.startsWith('mqtts:')) {
        beginVerified(clientOptions(options), clockFloorMs).catch(failed);
        return;
      }
      client = options.connect(clientOptions(options));
      listen(client);
    } catch (fault) {
      failed(fault);
    }
  };

  /** By a clock that is wrong no certificate would be valid: proved first by what is known of the time, then spoken to. */
  const beginVerified = async (settings: IClientOptions, floorMs: number): Promise<void> => {
    const { ca, cert, key } = options.config;
    const { openVerifiedSocket } = await import('./verified-socket.ts');
    const { connectOver } = await import('./mqtt-package.ts');
    const socket = await openVerifiedSocket({
      host: settings.host ?? '',
      port: settings.port ?? defaultTlsPort,
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      floorMs,
      signal: giving.signal,
    });
    if (over) {
      socket.destroy();
      return;
    }
    client = connectOver(socket, settings);
    listen(client);
  };

  /** packet ids that nobody listens for; mqtt.js gives back what was sent, not what was answered */
  const unheard = new Set<number>();

  const listen = (to: MqttClient): void => {
    to.on('packetreceive', (packet) => {
      if (packet.cmd === 'puback' && packet.reasonCode === nobodyListens && packet.messageId !== undefined)
        unheard.add(packet.messageId);
    });
    to.on('error', failed);
    to.on('close', () =>
      finish(
        established
          ? 'the broker closed the connection'
          : 'the broker closed the connection before it answered',
        !established && protocol === 5 ? 'suspect' : 'fine',
        'perhaps',
      ),
    );
    to.on('disconnect', ({ reasonCode = unspecified }) =>
      finish(
        explainReason(reasonCode),
        'fine',
        aboutContent.has(reasonCode) ? 'perhaps' : 'no',
        reasonCode === sessionTakenOver,
      ),
    );
    to.on('message', (topic, payload, packet) => {
      if (over) return;
      const { responseTopic, correlationData } = packet.properties ?? {};
      options.message({
        topic,
        payload,
        retained: packet.retain,
        ...(responseTopic !== undefined && { responseTopic }),
        ...(correlationData !== undefined && { correlationData: Buffer.from(correlationData) }),
      });
    });
    limitInbound(to, () => finish('a packet from the broker has no end', 'fine'));
    to.on('connect', (packet) => {
      if (over) return;
      established = true;
      timeout.cancel();
      // an alarm must not wait for the acknowledgement of the packet before it
      const stream = to.stream as { setNoDelay?(on: boolean): void };
      stream.setNoDelay?.(true);
      options.connected({
        protocol,
        receiveMaximum: packet.properties?.receiveMaximum ?? 65_535,
        maximumPacketSize: packet.properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY,
        publish: (message, settled) => publish(to, message, settled),
        subscribe(topics, granted) {
          to.subscribe([...topics], { qos: 1 }, (fault, _topics, suback) => {
            const codes = suback?.granted as readonly number[] | undefined;
            if (!over) granted(codes ?? topics.map(() => (fault === null ? 1 : unspecified)));
          });
        },
        unsubscribe: (topic) => void to.unsubscribe(topic, () => {}),
        drop: (because) => finish(because, 'fine'),
        close: () => goodbye(to),
      });
    });
  };

  const publish = (to: MqttClient, message: Message, settled: (reason: number) => void): void => {
    const { topic, payload, retain, correlationData } = message;
    const properties =
      protocol === 5 && correlationData !== undefined ? { properties: { correlationData } } : {};
    to.publish(topic, payload, { qos: 1, retain, ...properties }, (fault, sent) => {
      if (over) return;
      const code = codeOf(fault);
      // a fault without a code is not the broker's answer: the connection is going
      const id = sent === undefined || !('messageId' in sent) ? undefined : sent.messageId;
      if (!fault) settled(id !== undefined && unheard.delete(id) ? nobodyListens : 0);
      else if (typeof code === 'number') settled(code);
    });
  };

  const goodbye = (to: MqttClient): Promise<void> =>
    new Promise((resolve) => {
      if (over) return resolve();
      over = true;
      const done = (): void => {
        timer.cancel();
        to.stream.destroy();
        resolve();
      };
      const timer = clock.after(goodbyeMs, done);
      to.once('close', done);
      to.end(false);
    });

  // the caller has nothing in hand yet when the attempt fails at once
  queueMicrotask(begin);
  return { drop: (because) => finish(because, 'fine') };
}

/** A 3.1.1 broker knows no largest packet: hang up before a packet of many megabytes is gathered in memory. */
function limitInbound(client: MqttClient, exceeded: () => void): void {
  let bytes = 0;
  client.stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > endlessInbound) exceeded();
  });
  client.on('packetreceive', () => {
    bytes = 0;
  });
}
