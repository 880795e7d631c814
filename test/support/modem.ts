// A GSM modem at the end of a serial line that behaves as the test says: takes messages in PDU mode and keeps them,
// stores and announces those that come in, refuses, echoes, falls silent. Written apart from the code that drives it.

import { type SerialEnd, serialEnd } from './serial-line.ts';

export interface ScriptedModem {
  readonly path: string;
  /** commands that came, without their carriage return */
  readonly commands: string[];
  /** messages that were to be sent: the length that was announced and the octets in hexadecimal */
  readonly sent: { readonly length: number; readonly pdu: string }[];
  /** received messages on the SIM, by index */
  readonly stored: Map<number, string>;
  sim: string;
  /** as +CREG? and +CSQ give it */
  registration: number;
  level: number;
  /** says nothing more */
  silent: boolean;
  /** answers to the next commands that begin so, once each, in place of its own */
  readonly once: [command: string, answer: string][];
  /** a message arrives: stored and announced */
  receive(pdu: string): void;
  /** says a line of itself */
  say(line: string): void;
  close(): Promise<void>;
}

/** The logic of the modem: bytes in, bytes out. */
export function scriptedModem(reply: (text: string) => void): Omit<ScriptedModem, 'path' | 'close'> & {
  take(bytes: Uint8Array): void;
} {
  let pending = '';
  let echo = true;
  let awaited: number | undefined;
  let reference = 40;
  const line = (text: string): void => reply(`\r\n${text}\r\n`);

  function answer(command: string): void {
    const at = modem.once.findIndex(([begin]) => command.startsWith(begin));
    if (at >= 0) {
      const [[, text]] = modem.once.splice(at, 1) as [[string, string]];
      if (text !== '') line(text);
      return;
    }
    const submit = /^AT\+CMGS=(\d+)$/.exec(command);
    if (submit) {
      awaited = Number(submit[1]);
      reply('\r\n> ');
      return;
    }
    const removed = /^AT\+CMGD=(\d+)$/.exec(command);
    if (removed) modem.stored.delete(Number(removed[1]));
    if (command === 'ATE0') echo = false;
    if (command === 'AT+CPIN?') line(`+CPIN: ${modem.sim}`);
    if (command === 'AT+CREG?') line(`+CREG: 0,${modem.registration}`);
    if (command === 'AT+CSQ') line(`+CSQ: ${modem.level},99`);
    if (command === 'AT+CMGL=4') {
      for (const [index, pdu] of modem.stored)
        line(`+CMGL: ${index},0,,${pdu.length / 2 - 1 - Number.parseInt(pdu.slice(0, 2), 16)}\r\n${pdu}`);
    }
    line('OK');
  }

  const modem = {
    commands: [] as string[],
    sent: [] as { length: number; pdu: string }[],
    stored: new Map<number, string>(),
    sim: 'READY',
    registration: 1,
    level: 20,
    silent: false,
    once: [] as [string, string][],
    say: line,
    receive(pdu: string) {
      let index = 1;
      while (modem.stored.has(index)) index++;
      modem.stored.set(index, pdu);
      line(`+CMTI: "SM",${index}`);
    },
    take(bytes: Uint8Array) {
      if (modem.silent) return;
      for (const byte of bytes) {
        const character = String.fromCharCode(byte);
        if (awaited !== undefined && (character === '\x1a' || character === '\x1b')) {
          const length = awaited;
          awaited = undefined;
          const pdu = pending;
          pending = '';
          if (character === '\x1b') continue;
          const at = modem.once.findIndex(([begin]) => begin === 'PDU');
          if (at >= 0) {
            const [[, text]] = modem.once.splice(at, 1) as [[string, string]];
            if (text !== '') line(text);
            continue;
          }
          modem.sent.push({ length, pdu });
          line(`+CMGS: ${reference++}`);
          line('OK');
          continue;
        }
        if (character === '\x1b') continue;
        if (echo && awaited === undefined) reply(character);
        if (character !== '\r') {
          pending += character;
          continue;
        }
        const command = pending;
        pending = '';
        modem.commands.push(command);
        answer(command);
      }
    },
  };
  return modem;
}

export async function startModem(): Promise<ScriptedModem> {
  const modem = scriptedModem((text) => end.send(Buffer.from(text, 'latin1')));
  const end: SerialEnd = await serialEnd((bytes) => modem.take(bytes));
  return Object.assign(modem, { path: end.path, close: () => end.stop() });
}
