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
const rememberedIds = 100;
const longestFault = 200;

export interface Inbox {
  /** Never throws, whatever came and whatever the house makes of it. */
  take(message: Inbound): void;
  /** The answer to a command whose answer came later. */
  answer(reply: Reply): void;
}

function wordsOf(fault: unknown): string {
  const text = fault instanceof Error ? fault.message : typeof fault === 'string' ? fault : typeof fault;
  return text.replace(/\s+/g, ' ').slice(0, longestFault);
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
  /** ids of late that the house has judged or is judging: its answer may not be on disk yet */
  const asked = new Set<string>();

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

  /** A fault of ours, not of the sender; no answer to be kept: sent again, it may well be judged. */
  const unjudged = (id: string, fault: unknown, to: ReturnAddress): void => {
    log.error({ id, fault: wordsOf(fault) }, 'a command could not be judged');
    answer({ id, ok: false, code: 'refused', message: `could not be judged: ${wordsOf(fault)}` }, to);
  };

  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (fault) {
      log.error({ fault: wordsOf(fault) }, 'a fault inside the gateway at a message from the broker');
    }
  };

  const replay = (command: Command, to: ReturnAddress): void => {
    replaying.set(command.id, to);
    try {
      options.replays().request(command);
    } catch (fault) {
      replaying.delete(command.id);
      unjudged(command.id, fault, to);
    }
    options.pump();
  };

  const ask = async (command: Command, to: ReturnAddress): Promise<void> => {
    const { id } = command;
    if (asked.size >= rememberedIds) asked.delete(asked.values().next().value as string);
    asked.add(id);
    try {
      replies.push(await host.command(command), to);
    } catch (fault) {
      asked.delete(id);
      guarded(() => unjudged(id, fault, to));
    }
    guarded(options.pump);
  };

  /** An id is answered once, whatever the verb: the house answers for its own, the replays for theirs. */
  const run = (command: Command, to: ReturnAddress): void => {
    const { id, verb } = command;
    const before = options.replays().recall(id);
    if (before === 'running') replaying.set(id, to);
    else if (before !== undefined) answer(before, to);
    else if (verb === 'replay' && !asked.has(id)) replay(command, to);
    else void ask(command, to);
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

  const take = (message: Inbound): void => {
    const { topic, payload, retained } = message;
    if (retained) {
      // what lay there before us is stale: a command must not act twice, our status is about to be written
      if (topic !== topics.status && payload.length > 0 && mayLog(topic)) {
        log.warn({ topic }, 'a retained message is ignored; it should be published without the retain flag');
      }
      return;
    }
    if (topic === topics.command) takeCommand(message);
    else if (topic === topics.receipt) takeReceipt(payload);
    else if (topic === topics.status) status.seen(payload);
  };

  return {
    take: (message) => guarded(() => take(message)),
    answer(reply) {
      const to = replaying.get(reply.id) ?? {};
      replaying.delete(reply.id);
      answer(reply, to);
    },
  };
}
