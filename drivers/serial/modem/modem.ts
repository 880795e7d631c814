// A GSM modem as a way for text messages: sends them in PDU mode, Chinese and long ones too, and hands on those that
// come in. Whom to tell what, and whether to try again, is the business of whoever opens it. It enters no PIN: a
// wrong one, tried three times, locks the SIM.

import type { ByteLink, Log } from '../../../src/driver.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import {
  commands,
  type Registration,
  referenceOf,
  registrationOf,
  signalDbm,
  simState,
  storedMessages,
} from './codec.ts';
import { createInbox, type Message } from './inbox.ts';
import { decodeDeliver, encodeSubmit, plainNumber } from './pdu.ts';
import { createTalk, ModemFault, type Talk } from './talk.ts';

export type { Message } from './inbox.ts';
export { ModemFault } from './talk.ts';

export interface Signal {
  /** dBm; null where the modem knows none */
  readonly dbm: number | null;
  readonly registration: Registration;
}

export interface Modem {
  /**
   * Sends a text, in parts where it is long; resolves when the network has taken all of it, with the reference that
   * it gave the last part. Rejects with ModemFault; after a `timeout` it may have gone out all the same.
   */
  send(number: string, text: string): Promise<{ readonly reference: number }>;
  /** One listener. What is stored on the SIM, also from before, is given to it and removed. */
  onMessage(listener: (message: Message) => void): void;
  signal(): Promise<Signal>;
  /** Refuses what is under way. The link stays open: it is the opener's. */
  close(): Promise<void>;
}

const shortMs = 5000;
/** modems wake their SIM up, and list a full memory, slowly */
const longMs = 20_000;
/** manuals allow the network up to two and a half minutes; a person waits for this one */
const sendMs = 60_000;
/** what could not be delivered for a day is no news */
const validityMs = 24 * 3_600_000;
/** messages that wait for a listener */
const mostEarly = 16;

/** A command whose refusal does no harm. */
async function perhaps(talk: Talk, command: string): Promise<void> {
  try {
    await talk.command(command, shortMs);
  } catch (error) {
    if (!(error instanceof ModemFault) || error.kind !== 'refused') throw error;
  }
}

/**
 * Says how we want it, before each turn: a modem that lost its power in between has forgotten, and would take the
 * length of a PDU for a phone number.
 */
async function prepare(talk: Talk): Promise<void> {
  await perhaps(talk, commands.echoOff);
  await perhaps(talk, commands.numericErrors);
  await perhaps(talk, commands.characters('GSM'));
  await talk.command(commands.format(0), shortMs);
  await perhaps(talk, commands.indications);
}

async function checkSim(talk: Talk): Promise<void> {
  const state = simState(await talk.command(commands.sim, longMs));
  if (state === 'READY') return;
  const what =
    state === 'SIM PIN' ? 'the SIM wants a PIN: turn that off in a phone' : `the SIM says ${state}`;
  throw new ModemFault('sim', what, false);
}

/** Sets the modem up on an open link; rejects with ModemFault where there is none, or it can't send. */
export async function openModem(link: ByteLink, clock: Clock, log: Log): Promise<Modem> {
  let listener: ((message: Message) => void) | undefined;
  /** where the modem says that it stores; undefined: where it looks by itself */
  let memory: string | undefined;
  let looked: string | undefined;
  let collecting = false;
  let reference = clock.wallMs() & 0xff;

  const early: Message[] = [];
  const inbox = createInbox(clock, (message) => {
    if (listener) listener(message);
    else if (early.push(message) > mostEarly) early.shift();
  });
  const receive = (pdu: string): void => {
    const delivered = decodeDeliver(pdu);
    if (delivered) inbox.take(delivered);
    else log.warn({ code: 'MODEM_GARBLED', pdu }, 'the modem received what is no text message');
  };
  const talk = createTalk(link, clock, (said) => {
    if (said.type === 'message') receive(said.pdu);
    if (said.type !== 'stored') return;
    memory = said.memory;
    collect();
  });

  /** Takes all stored messages in, each removed once it was handed on. */
  function collect(): void {
    if (collecting || !listener) return;
    collecting = true;
    const turn = talk.turn(async () => {
      // told of another one from here on: looks again
      collecting = false;
      await prepare(talk);
      if (memory !== undefined && memory !== looked) {
        await perhaps(talk, commands.storage(memory));
        looked = memory;
      }
      for (const { index, pdu } of storedMessages(await talk.command(commands.listAll, longMs))) {
        receive(pdu);
        await talk.command(commands.remove(index), shortMs);
      }
    });
    turn.catch((error: unknown) => {
      const { message, kind } = error as ModemFault;
      if (kind !== 'closed')
        log.warn({ code: 'MODEM_UNREAD', because: message }, 'stored text messages could not be read');
    });
  }

  try {
    await talk.turn(async () => {
      await perhaps(talk, commands.echoOff);
      await checkSim(talk);
      await prepare(talk);
    });
  } catch (error) {
    talk.close();
    inbox.close();
    throw error;
  }

  return {
    async send(number, text) {
      const plain = plainNumber(number);
      if (plain === undefined) throw new ModemFault('number', `"${number}" is no phone number`, false);
      reference = (reference + 1) & 0xff;
      const parts = encodeSubmit(plain, text, { validityMs, reference });
      return talk.turn(async () => {
        await prepare(talk);
        let given = 0;
        for (const { pdu, length } of parts) {
          const lines = await talk.command(commands.submit(length), sendMs, commands.pdu(pdu));
          given = referenceOf(lines) ?? given;
        }
        return { reference: given };
      });
    },
    onMessage(given) {
      listener = given;
      for (const message of early.splice(0)) given(message);
      collect();
    },
    async signal() {
      const signal = await talk.turn(async () => ({
        dbm: signalDbm(await talk.command(commands.signal, shortMs)),
        registration: registrationOf(await talk.command(commands.registration, shortMs)),
      }));
      // a message whose announcement was lost is found at the next occasion
      collect();
      return signal;
    },
    async close() {
      talk.close();
      inbox.close();
    },
  };
}
