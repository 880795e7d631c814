// Letters as text messages by a modem on a serial line, and the answers that come back. Keeps the modem open, also
// without a letter to send: what is answered must be heard, and a modem that is gone must be known before it is needed.

import type { SmsConfig } from '../../config/types.ts';
import { backoffMs } from '../../lib/backoff.ts';
import type { Timer } from '../../lib/clock.ts';
import type { TextModem } from '../types.ts';
import type { Channel, ChannelHost, Outcome } from './channel.ts';
import { concealingRecipient } from './conceal.ts';
import { oneLine } from './faults.ts';

const reopening = { firstMs: 1000, mostMs: 60_000 };
/** how often the modem is asked for its network; it also looks then for messages whose announcement was lost */
const lookEveryMs = 120_000;
/** letters that may have gone out and may not, remembered so that they are tried once more and no oftener */
const mostDoubtful = 100;
const mostAnswers = 5;

interface Fault {
  readonly kind: string;
  readonly retry: boolean;
  readonly message: string;
}

/** `number`: of whom it is about, which must not be shown. */
function faultOf(thrown: unknown, number?: string): Fault {
  const { kind, retry, message } = (thrown ?? {}) as Partial<Fault>;
  const conceal = concealingRecipient(number === undefined ? {} : { address: number });
  return {
    kind: typeof kind === 'string' ? kind : 'closed',
    retry: retry !== false,
    message: oneLine(conceal(message ?? String(thrown))),
  };
}

export function openSms(config: SmsConfig, host: ChannelHost): Channel {
  const { clock, log } = host;
  const closing = new AbortController();
  const doubtful = new Set<string>();
  let modem: TextModem | undefined;
  let because = 'the modem is being opened';
  let failures = 0;
  let timer: Timer | undefined;
  let opening: Promise<void> | undefined;
  let answers = 0;
  let answering = Promise.resolve();

  const again = (): void => {
    timer?.cancel();
    failures += 1;
    timer = clock.after(backoffMs(failures, reopening), begin);
  };

  const down = (why: string): void => {
    if (closing.signal.aborted) return;
    because = why;
    host.line(false, why);
    again();
  };

  const leave = (gone: TextModem | undefined, why: string): void => {
    if (gone === undefined || modem !== gone) return;
    modem = undefined;
    // the line must be free before it can be opened anew
    opening = gone.close().catch(() => {});
    down(why);
  };

  const begin = (): void => {
    const before = opening ?? Promise.resolve();
    opening = before.then(openIt).catch((thrown: unknown) => down(faultOf(thrown).message));
  };

  const openIt = async (): Promise<void> => {
    if (closing.signal.aborted) return;
    if (host.openModem === undefined) throw new Error('no modem can be opened here');
    let opened: TextModem | undefined;
    let lost: string | undefined;
    opened = await host.openModem(config, {
      clock,
      log,
      signal: closing.signal,
      lost(why) {
        lost = why;
        leave(opened, why);
      },
    });
    if (closing.signal.aborted || lost !== undefined) {
      await opened.close().catch(() => {});
      if (lost !== undefined) throw new Error(lost);
      return;
    }
    modem = opened;
    const mine = opened;
    opened.onMessage((message) => host.onReply(message, (text) => answer(message.number, text)));
    await look(mine);
  };

  /** Is there a network? Without one the modem takes texts, and keeps them. */
  const look = async (mine: TextModem): Promise<void> => {
    timer?.cancel();
    try {
      const { registration } = await mine.signal();
      if (modem !== mine) return;
      failures = 0;
      const served = registration === 'home' || registration === 'roaming' || registration === 'unknown';
      because = `${config.path}: ${served ? 'ready' : `no network (${registration})`}`;
      host.line(served, because);
      timer = clock.after(lookEveryMs, () => void look(mine));
    } catch (thrown) {
      leave(mine, `${config.path}: ${faultOf(thrown).message}`);
    }
  };

  /** Answers are a courtesy: few at a time, and no second try. */
  const answer = (number: string, text: string): Promise<void> => {
    if (answers >= mostAnswers) return Promise.resolve();
    answers += 1;
    answering = answering
      .then(async () => {
        await modem?.send(number, text);
      })
      .catch((thrown: unknown) => {
        log.warn(
          { code: 'SMS_ANSWER_FAILED', because: faultOf(thrown, number).message },
          'an answer by text message could not be sent',
        );
      })
      .finally(() => {
        answers -= 1;
      });
    return answering;
  };

  const failed = (id: string, mine: TextModem, fault: Fault): Outcome => {
    const said = `${config.path}: ${fault.message}`;
    if (fault.kind === 'number' || (fault.kind === 'refused' && !fault.retry))
      return { outcome: 'refused', because: said };
    if (fault.kind === 'refused') return { outcome: 'retry', because: said, whole: true };
    // it fell silent: set up anew before the next one
    leave(mine, said);
    if (fault.kind !== 'timeout') return { outcome: 'retry', because: said, whole: true };
    if (doubtful.delete(id))
      return { outcome: 'refused', because: `${said}, twice; the text may have gone out`, whole: true };
    doubtful.add(id);
    if (doubtful.size > mostDoubtful) doubtful.delete([...doubtful][0]!);
    return { outcome: 'retry', because: `${said}; the text may have gone out`, whole: true };
  };

  begin();

  return {
    async send(letter) {
      const { address } = letter.to;
      if (address === undefined) return { outcome: 'refused', because: 'no phone number' };
      // (over already where it is only waited for until it is tried again)
      if (modem === undefined) await opening;
      const mine = modem;
      if (mine === undefined) return { outcome: 'retry', because, whole: true };
      try {
        await mine.send(address, letter.short);
        doubtful.delete(letter.id);
        return { outcome: 'delivered', because: 'the network took it' };
      } catch (thrown) {
        return failed(letter.id, mine, faultOf(thrown, address));
      }
    },
    async close() {
      closing.abort();
      timer?.cancel();
      const last = modem;
      modem = undefined;
      await last?.close().catch(() => {});
      await opening;
    },
  };
}
