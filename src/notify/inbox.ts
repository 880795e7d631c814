// What arrives from the broker: sorted by topic, held to a rate, judged, handed to the house, answered. Knows
// neither connections nor what a command does.

import type { Command, Reply } from '../core/types.ts';
import type { Clock } from '../lib/clock.ts';
import { judgeCommand, judgeReceipt } from './commands.ts';
import type { Inbound } from './connection.ts';
import { type Log, rarely } from './log.ts';
import type { ReplayLane } from './replay.ts';
import type { ReplyLane, ReturnAddress } from './replies.ts';
import type { StatusLane } from './status.ts';
import type { Topics } from './topics.ts';
import type { CourierHost } from './types.ts';

const commandsPerSecond = 20;
const mostReturnAddresses = 100;

export interface Inbox {
  take(message: Inbound): void;
  /** The answer to a command whose answer came later. */
  answer(reply: Reply): void;
}

export function createInbox(options: {
  readonly topics: Topics;
  readonly host: CourierHost;
  readonly clock: Clock;
  readonly log: Log;
  readonly replies: ReplyLane;
  readonly replays: () => ReplayLane;
  readonly status: StatusLane;
  pump(): void;
}): Inbox {
  const { topics, host, clock, log, replies, status } = options;
  const mayLog = rarely(clock);
  let tokens = commandsPerSecond;
  let countedAtMs = clock.steadyMs();
  /** where the answers of running replays go */
  const replaying = new Map<string, ReturnAddress>();

  const mayRun = (): boolean => {
    const nowMs = clock.steadyMs();
    tokens = Math.min(commandsPerSecond, tokens + ((nowMs - countedAtMs) * commandsPerSecond) / 1000);
    countedAtMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };

  const answer = (reply: Reply, to: ReturnAddress, minor = false): void => {
    replies.push(reply, to, minor);
    options.pump();
  };

  const replay = (command: Command, to: ReturnAddress): void => {
    if (replaying.size >= mostReturnAddresses) replaying.delete(replaying.keys().next().value as string);
    replaying.set(command.id, to);
    options.replays().request(command);
    options.pump();
  };

  const run = (command: Command, to: ReturnAddress): void => {
    if (command.verb === 'replay') {
      replay(command, to);
      return;
    }
    const { id } = command;
    host.command(command).then(
      (reply) => answer(reply, to),
      (fault: unknown) => {
        log.error({ id, fault: String(fault) }, 'a command failed');
        answer({ id, ok: false, code: 'refused', message: 'the command failed inside the gateway' }, to);
      },
    );
  };

  const takeCommand = (message: Inbound): void => {
    const { responseTopic, correlationData } = message;
    const to: ReturnAddress = {
      ...(responseTopic !== undefined && { responseTopic }),
      ...(correlationData !== undefined && { correlationData }),
    };
    const judged = judgeCommand(message.payload);
    if ('dropped' in judged) {
      if (mayLog('dropped'))
        log.warn({ because: judged.dropped }, 'a command that nobody can be answered is dropped');
      return;
    }
    const id = 'command' in judged ? judged.command.id : judged.refusal.id;
    if (!mayRun()) {
      if (mayLog('tooMany'))
        log.warn({ perSecond: commandsPerSecond }, 'too many commands; the excess is refused');
      const text = `more than ${commandsPerSecond} commands in a second; send it again`;
      answer({ id, ok: false, code: 'tooMany', message: text }, to, true);
    } else if ('refusal' in judged) answer(judged.refusal, to);
    else run(judged.command, to);
  };

  const takeReceipt = (payload: Buffer): void => {
    const seq = judgeReceipt(payload);
    if (seq !== undefined) host.receipt(seq);
    else if (mayLog('receipt')) log.warn({}, 'a receipt without a whole number in seq is dropped');
  };

  return {
    take(message) {
      const { topic, payload, retained } = message;
      if (retained) {
        // what lay there before us is stale: a command must not act twice, our status is about to be written
        if (topic !== topics.status && payload.length > 0 && mayLog(topic)) {
          log.warn(
            { topic },
            'a retained message is ignored; it should be published without the retain flag',
          );
        }
        return;
      }
      if (topic === topics.command) takeCommand(message);
      else if (topic === topics.receipt) takeReceipt(payload);
      else if (topic === topics.status) status.seen(payload);
    },
    answer(reply) {
      const to = replaying.get(reply.id) ?? {};
      replaying.delete(reply.id);
      answer(reply, to);
    },
  };
}
