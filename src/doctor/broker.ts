// The way to the broker, step by step, so that the first that fails is named: the name, the port, TLS with the dates of
// every certificate, the login, and the rights to read the topics that the gateway needs. Logs in under a client id of
// its own, without a will, and publishes nothing.

import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP } from 'node:net';
import tls from 'node:tls';
import type { MqttConfig } from '../config/types.ts';
import { explainFault } from '../notify/explain.ts';
import { topicsOf } from '../notify/topics.ts';
import { judgeDates, judgePem } from './certificates.ts';
import { type Finding, fault, good, type Look, type Patient, say } from './types.ts';

const stepMs = 2500;
const loginMs = 4000;
const refusedFrom = 0x80;

export const broker: Look = {
  id: 'broker',
  name: say('消息服务器', 'broker'),
  withinMs: 9500,
  look: lookAtBroker,
};

async function lookAtBroker({ config, nowMs }: Patient): Promise<readonly Finding[]> {
  const mqtt = config?.mqtt;
  if (config === undefined || mqtt === undefined) return [];
  const findings = judgeFiles(mqtt, nowMs);
  if (mqtt.url === 'embedded') {
    findings.push(good('brokerEmbedded', say('使用内置的消息服务器', 'the broker is the one inside')));
    return findings;
  }
  const url = new URL(mqtt.url);
  const secure = url.protocol === 'mqtts:' || url.protocol === 'wss:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port =
    url.port !== ''
      ? Number(url.port)
      : { 'mqtt:': 1883, 'mqtts:': 8883, 'ws:': 80, 'wss:': 443 }[url.protocol]!;
  const resolved = await resolveName(host);
  if (resolved) return [...findings, resolved];
  const reached = await reach(host, port);
  if (reached) return [...findings, reached];
  findings.push(good('brokerReached', say(`${host}:${port} 可达`, `${host}:${port} can be reached`)));
  if (secure) {
    const shaken = await shakeHands(mqtt, host, port, nowMs);
    findings.push(...shaken);
    if (shaken.some(({ state }) => state === 'fault')) return findings;
  }
  findings.push(...(await logIn(mqtt, config.premises.id)));
  return findings;
}

function judgeFiles(mqtt: MqttConfig, nowMs: number): Finding[] {
  return [
    ...(mqtt.ca === undefined ? [] : judgePem('ca', say('mqtt.ca', 'mqtt.ca'), mqtt.ca, nowMs)),
    ...(mqtt.cert === undefined
      ? []
      : judgePem(
          'clientCert',
          say('客户端证书 mqtt.cert', 'client certificate mqtt.cert'),
          mqtt.cert,
          nowMs,
        )),
  ];
}

async function resolveName(host: string): Promise<Finding | undefined> {
  if (isIP(host) !== 0) return undefined;
  try {
    await within(lookup(host), stepMs);
    return undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'ETIMEDOUT';
    return fault(
      'brokerName',
      say(`域名 ${host} 无法解析（${code}）`, `the name ${host} can't be resolved (${code})`),
      code === 'ENOTFOUND'
        ? say(
            '核对拼写；`resolvectl status` 查看域名服务器',
            'check the spelling; `resolvectl status` shows the name servers',
          )
        : say(
            '检查网络和域名服务器：`resolvectl status`',
            'check the network and its name servers: `resolvectl status`',
          ),
    );
  }
}

function reach(host: string, port: number): Promise<Finding | undefined> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port, timeout: stepMs });
    const end = (finding: Finding | undefined): void => {
      socket.destroy();
      resolve(finding);
    };
    const failed = (code: string): void => {
      const mend =
        code === 'ECONNREFUSED'
          ? say(
              '消息服务器没有在该端口监听：启动它，或改端口',
              'nothing listens there: start the broker, or mend the port',
            )
          : say('检查网络、路由和防火墙', 'check network, routes and firewalls');
      end(
        fault(
          'brokerUnreachable',
          say(`${host}:${port} 不可达（${code}）`, `${host}:${port} can't be reached (${code})`),
          mend,
        ),
      );
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => failed('ETIMEDOUT'));
    socket.once('error', (error: NodeJS.ErrnoException) => failed(error.code ?? error.message));
  });
}

function shakeHands(mqtt: MqttConfig, host: string, port: number, nowMs: number): Promise<Finding[]> {
  return new Promise((resolve) => {
    const mend = say(
      '按所说的改 mqtt.ca / cert / key，或更换消息服务器的证书',
      "mend mqtt.ca, cert or key as it says, or the broker's certificate",
    );
    let socket: tls.TLSSocket;
    const end = (findings: Finding[]): void => {
      socket?.destroy();
      resolve(findings);
    };
    try {
      socket = tls.connect({
        host,
        port,
        timeout: stepMs,
        ...(isIP(host) === 0 && { servername: host }),
        ...(mqtt.ca !== undefined && { ca: mqtt.ca }),
        ...(mqtt.cert !== undefined && { cert: mqtt.cert }),
        ...(mqtt.key !== undefined && { key: mqtt.key }),
        // looked at and judged below; nothing is ever sent over this one
        rejectUnauthorized: false,
      });
    } catch (error) {
      resolve([fault('tls', tlsWords(error), mend)]);
      return;
    }
    socket.once('timeout', () =>
      end([
        fault(
          'tls',
          say('TLS 握手没有应答', 'no answer to the TLS handshake'),
          say('该端口是否为 TLS 端口？', 'is it a port with TLS?'),
        ),
      ]),
    );
    socket.once('error', (error) => end([fault('tls', tlsWords(error), mend)]));
    socket.once('secureConnect', () => {
      const peer = socket.getPeerCertificate();
      const dates = { from: Date.parse(peer.valid_from), to: Date.parse(peer.valid_to) };
      const findings = [
        judgeDates('serverCert', say('消息服务器的证书', "the broker's certificate"), dates, nowMs),
      ];
      const objection = socket.authorized ? undefined : String(socket.authorizationError as unknown);
      // of dates the line above speaks
      const said = findings.some(({ state }) => state === 'fault') && /EXPIRED|NOT_YET/.test(objection ?? '');
      if (objection !== undefined && !said)
        findings.push(fault('tls', tlsWords(Object.assign(new Error(objection), { code: objection })), mend));
      end(findings);
    });
  });
}

function tlsWords(error: unknown) {
  const text = explainFault(error);
  return say(`TLS：${text}`, `TLS: ${text}`);
}

async function logIn(mqtt: MqttConfig, premises: string): Promise<Finding[]> {
  const { connect } = await import('../notify/mqtt-package.ts');
  const url = new URL(mqtt.url);
  const { command, receipt } = topicsOf(mqtt.prefix, premises);
  return new Promise((resolve) => {
    const client = connect(
      `${url.protocol}//${url.host}${url.protocol.startsWith('ws') ? `${url.pathname}${url.search}` : ''}`,
      {
        ...(mqtt.username !== undefined && { username: mqtt.username }),
        ...(mqtt.password !== undefined && { password: mqtt.password }),
        ...(mqtt.ca !== undefined && { ca: mqtt.ca }),
        ...(mqtt.cert !== undefined && { cert: mqtt.cert }),
        ...(mqtt.key !== undefined && { key: mqtt.key }),
        // not the gateway's own: that would push it off the broker
        clientId: `${mqtt.clientId}-doctor-${process.pid}`,
        // every broker speaks it
        protocolVersion: 4,
        clean: true,
        reconnectPeriod: 0,
        connectTimeout: loginMs,
      },
    );
    let over = false;
    const end = (findings: Finding[]): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      client.end(true);
      resolve(findings);
    };
    const timer = setTimeout(
      () =>
        end([
          fault(
            'brokerSilent',
            say('消息服务器没有应答登录', 'the broker gives no answer to the login'),
            say('该端口说的是 MQTT 吗？', 'is MQTT spoken on this port?'),
          ),
        ]),
      loginMs,
    );
    client.on('error', (error) => end([judgeLogin(error)]));
    client.on('close', () =>
      end([
        fault(
          'brokerClosed',
          say('消息服务器在应答前断开', 'the broker hung up before it answered'),
          say('看消息服务器的日志', "look at the broker's log"),
        ),
      ]),
    );
    client.on('connect', () => {
      client.subscribe([command, receipt], { qos: 1 }, (_fault, _topics, suback) => {
        const granted = (suback?.granted ?? []) as readonly number[];
        end(judgeRights([command, receipt], granted));
      });
    });
  });
}

function judgeLogin(error: Error): Finding {
  const text = explainFault(error);
  const { code } = error as { code?: unknown };
  if (code === 4 || code === 5 || code === 134 || code === 135) {
    return fault(
      'brokerLogin',
      say(`登录被拒绝：${text}`, `the login is refused: ${text}`),
      say(
        '核对 mqtt.username 和密码（`!secret`），以及服务器上的账号',
        'check mqtt.username and its secret, and the account at the broker',
      ),
    );
  }
  return fault(
    'brokerLogin',
    say(`登录失败：${text}`, `the login failed: ${text}`),
    say('看消息服务器的日志', "look at the broker's log"),
  );
}

/** A 3.1.1 broker says so of subscriptions only: what may be published can't be tried without publishing. */
export function judgeRights(topics: readonly string[], granted: readonly number[]): Finding[] {
  const refused = topics.filter((_, index) => (granted[index] ?? 0) >= refusedFrom);
  if (refused.length > 0) {
    return [
      fault(
        'brokerRights',
        say(`无权订阅 ${refused.join('，')}`, `not allowed to subscribe to ${refused.join(', ')}`),
        say('按 config/mosquitto/acl 给这个用户权限', 'give the user its rights as in config/mosquitto/acl'),
      ),
    ];
  }
  return [good('brokerLogin', say('登录成功，可以订阅', 'logged in, and may subscribe'))];
}

function within<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
