// The lane of the replies to commands, kept over a lost connection as far as a small queue goes. Knows
// nothing of what a command does.

import type { Reply } from '../core/types.ts';
import type { Clock } from '../lib/clock.ts';
import type { Message } from './connection.ts';
import { explainReason } from './explain.ts';
import { type Log, rarely } from './log.ts';
import type { Lane } from './sender.ts';
import { isResponseTopic, type Topics } from './topics.ts';

/** Where an MQTT 5 requester wants its answer beside the reply topic. */
export interface ReturnAddress {
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
}

export interface ReplyLane extends Lane {
  /** A `minor` reply (too many commands) is dropped first, so that a flood cannot push out real answers. */
  push(reply: Reply, to: ReturnAddress, minor?: boolean): void;
}

interface Waiting {
  readonly message: Message;
  readonly tries: number;
}

const mostTries = 3;
const mostWaiting = 100;
const mostMinorWaiting = 50;
const longestCorrelation = 1024;

export function createReplyLane(options: {
  readonly topics: Topics;
  readonly clock: Clock;
  readonly log: Log;
}): ReplyLane {
  const { topics, log } = options;
  const mayLog = rarely(options.clock);
  let waiting: Waiting[] = [];
  let inFlight: Waiting[] = [];

  const enqueue = (message: Message): void => {
    waiting.push({ message, tries: 0 });
    if (waiting.length <= mostWaiting) return;
    waiting.shift();
    if (mayLog('full'))
      log.warn(
        { code: 'REPLIES_DROPPED', kept: mostWaiting },
        'too many replies wait for the broker; the oldest is dropped',
      );
  };

  return {
    polite: false,
    push(reply, { responseTopic, correlationData }, minor = false) {
      if (minor && waiting.length >= mostMinorWaiting) return;
      const payload = JSON.stringify(reply);
      const back =
        correlationData !== undefined && correlationData.length <= longestCorrelation
          ? { correlationData }
          : {};
      const asked = isResponseTopic(responseTopic, topics) ? responseTopic : undefined;
      // both were asked for and are the same: answered once
      const same = asked === topics.reply;
      enqueue({ topic: topics.reply, payload, retain: false, ...(same && back) });
      if (asked !== undefined && !same) enqueue({ topic: asked, payload, retain: false, ...back });
      if (responseTopic !== undefined && asked === undefined && mayLog('topic')) {
        log.warn(
          { code: 'RESPONSE_TOPIC' },
          'a response topic is not one that may be replied to; answered on the reply topic only',
        );
      }
    },
    next() {
      const one = waiting.shift();
      if (one === undefined) return undefined;
      inFlight.push(one);
      const { message } = one;
      return {
        ...message,
        settled(reason) {
          inFlight = inFlight.filter((other) => other !== one);
          if (reason < 0x80) return;
          const because = explainReason(reason);
          if (mayLog(because))
            log.warn({ code: 'REPLY_REFUSED', topic: message.topic, because }, 'the broker refused a reply');
        },
      };
    },
    lost() {
      // a reply at which the broker hangs up must not do it for ever
      const again = inFlight.map(({ message, tries }) => ({ message, tries: tries + 1 }));
      waiting = [...again.filter(({ tries }) => tries < mostTries), ...waiting].slice(-mostWaiting);
      inFlight = [];
    },
  };
}
