// What arrives from the broker: sorted by topic, held to a rate, judged, shown to the gate, handed to the house,
// answered. Knows neither connections nor who may what, nor what a command does.

import type { Command, Language, Reply } from '../core/types.ts';
import { isLanguage } from '../core/vocabulary.ts';
import type { Clock } from '../lib/clock.ts';
import type { Verdict } from '../rights/gate.ts';
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
/** signatures that wait to be checked; each takes a fraction of a millisecond */
const mostUnproven = 200;
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

/** Says true at most so often in a second. */
function rate(clock: Clock, perSecond: number): () => boolean {
  let tokens = perSecond;
  let countedAtMs = clock.steadyMs();
  return () => {
    const nowMs = clock.steadyMs();
    tokens = Math.min(perSecond, tokens + ((nowMs - countedAtMs) * perSecond) / 1000);
    countedAtMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

export function createInbox(options: {
  readonly topics: Topics;
  readonly host: CourierHost;
  readonly clock: Clock;
  readonly log: Log;
  /** of answers, where the command asks for none */
  readonly language: Language;
  readonly replies: ReplyLane;
  readonly replays: () => ReplayLane;
  readonly status: StatusLane;
  /** an incident lies at the broker, of before */
  found(topic: string, payload: Buffer): void;
  pump(): void;
}): Inbox {
  const { topics, host, clock, log, replies, status } = options;
  const mayLog = rarely(clock);
  const languageOf = ({ language }: Command): Language =>
    isLanguage(language) ? language : options.language;
  const limits = { proven: rate(clock, commandsPerSecond), unproven: rate(clock, commandsPerSecond) };
  let proofs: Promise<void> = Promise.resolve();
  /** commands whose signature waits to be checked */
  let unprovenYet = 0;
  /** refusals that were not answered, because there were too many */
  let unanswered = 0;
  /** where the answers of running replays go */
  const replaying = new Map<string, ReturnAddress>();
  /** ids of late that the house has judged or is judging: its answer may not be on disk yet */
  const asked = new Set<string>();

  const answer = (reply: Reply, to: ReturnAddress, minor = false): void => {
    replies.push(reply, to, minor);
    options.pump();
  };

  /** A fault of ours, not of the sender; no answer to be kept: sent again, it may well be judged. */
  const unjudged = (command: Command, fault: unknown, to: ReturnAddress): void => {
    const { id } = command;
    log.error({ code: 'COMMAND_FAILED', id, fault: wordsOf(fault) }, 'a command could not be judged');
    const words = languageOf(command) === 'zh' ? '无法处理：' : 'could not be judged: ';
    answer({ id, ok: false, code: 'refused', message: `${words}${wordsOf(fault)}` }, to);
  };

  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (fault) {
      log.error(
        { code: 'MESSAGE_FAILED', fault: wordsOf(fault) },
        'a fault inside the gateway at a message from the broker',
      );
    }
  };

  const replay = (command: Command, to: ReturnAddress, failed: () => void): void => {
    replaying.set(command.id, to);
    try {
      options.replays().request(command);
    } catch (fault) {
      failed();
      replaying.delete(command.id);
      unjudged(command, fault, to);
    }
    options.pump();
  };

  const ask = async (command: Command, to: ReturnAddress, failed: () => void): Promise<void> => {
    const { id } = command;
    if (asked.size >= rememberedIds) asked.delete(asked.values().next().value as string);
    asked.add(id);
    try {
      replies.push(await host.command(command), to);
    } catch (fault) {
      asked.delete(id);
      guarded(failed);
      guarded(() => unjudged(command, fault, to));
    }
    guarded(options.pump);
  };

  /**
   * An id is answered once, whatever the verb: the house answers for its own, the replays for theirs. `failed`: it could
   * not be judged, and may come again.
   */
  const run = (command: Command, to: ReturnAddress, failed = (): void => {}): void => {
    const { id, verb } = command;
    const before = options.replays().recall(id);
    if (before === 'running') replaying.set(id, to);
    else if (before !== undefined) answer(before, to);
    else if (verb === 'replay' && !asked.has(id)) replay(command, to, failed);
    else void ask(command, to, failed);
  };

  /** Answers what was asked before, and runs nothing. */
  const repeat = async (command: Command, to: ReturnAddress): Promise<void> => {
    const { id } = command;
    const before = options.replays().recall(id);
    if (before === 'running') replaying.set(id, to);
    else answer(before ?? (await host.answerTo(id)) ?? host.gate.forgotten(command), to);
  };

  /** At a rate of its own for what nobody has proven, so that no flood of it keeps a signed command out. */
  const runOpen = (command: Command, to: ReturnAddress): void => {
    if (limits.unproven()) run(command, to);
    else {
      if (mayLog('tooMany'))
        log.warn(
          { code: 'COMMANDS_TOO_MANY', perSecond: commandsPerSecond },
          'too many commands; the excess is refused',
        );
      tooMany(command, to);
    }
  };

  /** What does nothing is answered as far as the rate goes; beyond it a flood would only be echoed. */
  const answerAtMost = (act: () => void): void => {
    if (limits.unproven()) {
      act();
      return;
    }
    unanswered += 1;
    if (mayLog('unanswered'))
      log.warn(
        { code: 'COMMANDS_TOO_MANY', unanswered },
        'too many commands that are refused; the excess is not answered',
      );
  };

  const tooMany = (command: Command, to: ReturnAddress): void => {
    const text =
      languageOf(command) === 'zh'
        ? `一秒内的命令超过 ${commandsPerSecond} 条；请重新发送`
        : `more than ${commandsPerSecond} commands in a second; send it again`;
    answer({ id: command.id, ok: false, code: 'tooMany', message: text }, to, true);
  };

  const follow = (command: Command, verdict: Verdict, to: ReturnAddress): void => {
    if ('refusal' in verdict) {
      if (verdict.refusal.code === 'notAllowed' && mayLog('notAllowed'))
        log.warn(
          { code: 'COMMAND_REFUSED', reason: verdict.refusal.reason, verb: command.verb },
          'a command was refused at the door',
        );
      answerAtMost(() => answer(verdict.refusal, to));
    } else if ('open' in verdict) runOpen(verdict.open, to);
    else if ('again' in verdict)
      answerAtMost(() => {
        repeat(verdict.again, to).catch((fault: unknown) => guarded(() => unjudged(command, fault, to)));
      });
    else if (!limits.proven()) tooMany(command, to);
    else {
      verdict.take();
      run(verdict.run, to, verdict.release);
    }
  };

  /** Signatures are checked side by side, and what comes of them follows in the order of their coming. */
  const prove = (command: Command, proving: () => Promise<() => Verdict>, to: ReturnAddress): void => {
    if (unprovenYet >= mostUnproven) {
      if (mayLog('proofs'))
        log.warn(
          { code: 'COMMANDS_TOO_MANY', most: mostUnproven },
          'too many signatures to be checked at once',
        );
      answerAtMost(() => tooMany(command, to));
      return;
    }
    unprovenYet += 1;
    const proof = proving();
    const work = async (): Promise<void> => {
      try {
        const verdict = await proof;
        guarded(() => follow(command, verdict(), to));
      } catch (fault) {
        guarded(() => unjudged(command, fault, to));
      } finally {
        unprovenYet -= 1;
      }
    };
    proof.catch(() => {}); // told in its turn
    proofs = proofs.then(work);
  };

  const takeCommand = (message: Inbound): void => {
    const { responseTopic, correlationData } = message;
    const to: ReturnAddress = {
      ...(responseTopic !== undefined && { responseTopic }),
      ...(correlationData !== undefined && { correlationData }),
    };
    const judged = judgeCommand(message.payload, options.language);
    if ('dropped' in judged) {
      if (mayLog('dropped'))
        log.warn(
          { code: 'COMMAND_DROPPED', because: judged.dropped },
          'a command that nobody can be answered is dropped',
        );
      return;
    }
    if ('refusal' in judged) {
      answerAtMost(() => answer(judged.refusal, to));
      return;
    }
    const { command } = judged;
    const looked = host.gate.look(command);
    if ('prove' in looked) prove(command, looked.prove, to);
    else follow(command, looked, to);
  };

  const takeReceipt = (payload: Buffer): void => {
    const seq = judgeReceipt(payload);
    if (seq !== undefined) host.receipt(seq);
    else if (mayLog('receipt'))
      log.warn({ code: 'RECEIPT_DROPPED' }, 'a receipt without a whole number in seq is dropped');
  };

  const take = (message: Inbound): void => {
    const { topic, payload, retained } = message;
    if (retained) {
      // what lay there before us is stale: a command must not act twice, our status is about to be written
      if (topic === topics.status) status.found(payload);
      else if (topics.incidentOf(topic) !== undefined) options.found(topic, payload);
      else if (payload.length > 0 && mayLog(topic)) {
        log.warn(
          { code: 'RETAINED_IGNORED', topic },
          'a retained message is ignored; it should be published without the retain flag',
        );
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
