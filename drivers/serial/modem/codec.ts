// AT commands of a GSM modem and what it says to them (3GPP TS 27.005 for text messages, 27.007 for the rest);
// pure. Lines in, commands out; which is said when is not known here, nor what a message is made of.

const control = { escape: '\x1b', send: '\x1a' } as const;

/** Commands as they go on the wire, but for `pdu` with their carriage return. */
export const commands = {
  attention: 'AT\r',
  echoOff: 'ATE0\r',
  numericErrors: 'AT+CMEE=1\r',
  sim: 'AT+CPIN?\r',
  registration: 'AT+CREG?\r',
  signal: 'AT+CSQ\r',
  /** 0: PDU mode, 1: text mode */
  format: (mode: 0 | 1): string => `AT+CMGF=${mode}\r`,
  characters: (set: string): string => `AT+CSCS="${set}"\r`,
  /** a message that comes is stored, and told of by +CMTI */
  indications: 'AT+CNMI=2,1,0,0,0\r',
  storage: (memory: string): string => `AT+CPMS="${memory}"\r`,
  listAll: 'AT+CMGL=4\r',
  remove: (index: number): string => `AT+CMGD=${index}\r`,
  /** answered by a prompt, to which `pdu` is sent */
  submit: (length: number): string => `AT+CMGS=${length}\r`,
  pdu: (hex: string): string => `${hex}${control.send}`,
  /** leaves a prompt without sending */
  abandon: control.escape,
} as const;

export type Said =
  /** `> `: it waits for the message's octets */
  | { readonly type: 'prompt' }
  | { readonly type: 'ok' }
  | { readonly type: 'error'; readonly error: ModemError }
  /** +CMTI: a message was stored */
  | { readonly type: 'stored'; readonly memory: string; readonly index: number }
  /** +CMT: a message itself */
  | { readonly type: 'message'; readonly pdu: string }
  | { readonly type: 'line'; readonly text: string };

export interface ModemError {
  readonly of: 'message' | 'equipment' | 'modem';
  readonly code: number | undefined;
  readonly text: string;
}

/** 3GPP TS 27.005, 3.2.5; those under 128 are causes of the network (24.011, annex E). */
const messageErrors: Readonly<Record<number, string>> = {
  1: 'the number does not exist',
  8: 'barred by the operator',
  10: 'the number is barred',
  21: 'rejected',
  27: 'the destination is out of order',
  28: 'the subscriber is unknown',
  29: 'not allowed for this SIM',
  30: 'the subscriber is unknown',
  38: 'the network is out of order',
  41: 'a temporary failure of the network',
  42: 'the network is congested',
  47: 'the network lacks resources',
  50: 'not subscribed to by this SIM',
  69: 'the network does not do this',
  96: 'the network rejects the message',
  300: 'the modem failed',
  301: 'text messages are reserved',
  302: 'not allowed now',
  303: 'the modem can not do this',
  304: 'the modem rejects the message',
  305: 'the modem rejects the text',
  310: 'there is no SIM',
  311: 'the SIM wants its PIN',
  312: 'the SIM is locked to a phone',
  313: 'the SIM failed',
  314: 'the SIM is busy',
  315: 'the SIM is wrong',
  316: 'the SIM wants its PUK',
  320: 'the memory failed',
  322: 'the memory is full',
  330: 'the number of the service centre is unknown',
  331: 'no network',
  332: 'the network did not answer',
  500: 'an unknown failure',
};

/** 3GPP TS 27.007, 9.2 */
const equipmentErrors: Readonly<Record<number, string>> = {
  3: 'not allowed',
  4: 'not known to the modem',
  10: 'there is no SIM',
  11: 'the SIM wants its PIN',
  12: 'the SIM wants its PUK',
  13: 'the SIM failed',
  14: 'the SIM is busy',
  15: 'the SIM is wrong',
  30: 'no network',
  31: 'the network did not answer',
  100: 'an unknown failure',
};

/** Sending the same again can't help: the number or the text is at fault. */
const lasting: ReadonlySet<number> = new Set([1, 28, 30, 304, 305]);

/** May the same message be sent again with some hope? */
export function mayRetry(error: ModemError): boolean {
  return !(error.of === 'message' && error.code !== undefined && lasting.has(error.code));
}

function errorOf(line: string): ModemError | undefined {
  if (line === 'ERROR') return { of: 'modem', code: undefined, text: 'the modem refuses' };
  const match = /^\+(CMS|CME) ERROR: ?(.*)$/.exec(line);
  if (!match) return undefined;
  const of = match[1] === 'CMS' ? 'message' : 'equipment';
  const code = /^\d+$/.test(match[2]!) ? Number(match[2]) : undefined;
  // a modem that was told to use words, or knows only those
  if (code === undefined) return { of, code, text: match[2]! };
  const known = (of === 'message' ? messageErrors : equipmentErrors)[code] ?? 'an unknown reason';
  return { of, code, text: `${known} (${match[1]} ${code})` };
}

export interface SaidReader {
  /** Takes the next bytes, in any pieces. */
  push(bytes: Uint8Array): readonly Said[];
}

/** Longer than any line: 255 octets of a PDU in hexadecimal are 510 characters. */
const mostPendingCharacters = 2048;

export function createSaidReader(): SaidReader {
  let pending = '';
  /** +CMT stood on the line before: this one is the message */
  let message = false;

  function take(line: string): Said {
    if (message) {
      message = false;
      if (/^[0-9A-Fa-f]+$/.test(line)) return { type: 'message', pdu: line };
    }
    if (line === 'OK') return { type: 'ok' };
    const error = errorOf(line);
    if (error) return { type: 'error', error };
    const stored = /^\+CMTI: ?"([^"]*)", ?(\d+)$/.exec(line);
    if (stored) return { type: 'stored', memory: stored[1]!, index: Number(stored[2]) };
    message = /^\+CMT:/.test(line);
    return { type: 'line', text: line };
  }

  return {
    push(bytes) {
      const said: Said[] = [];
      for (const byte of bytes) {
        const character = String.fromCharCode(byte);
        if (character === '\r' || character === '\n') {
          const line = pending.trim();
          pending = '';
          if (line !== '') said.push(take(line));
          continue;
        }
        pending = (pending + character).slice(-mostPendingCharacters);
        if (pending === '> ') {
          pending = '';
          said.push({ type: 'prompt' });
        }
      }
      return said;
    },
  };
}

/** READY, or what the SIM wants; undefined where no line says. */
export function simState(lines: readonly string[]): string | undefined {
  return first(lines, /^\+CPIN: ?(.+)$/)?.[1]?.trim();
}

export type Registration = 'home' | 'roaming' | 'searching' | 'denied' | 'none' | 'unknown';

const registrations: Readonly<Record<number, Registration>> = {
  0: 'none',
  1: 'home',
  2: 'searching',
  3: 'denied',
  5: 'roaming',
  // for text messages only
  6: 'home',
  7: 'roaming',
};

export function registrationOf(lines: readonly string[]): Registration {
  const match = first(lines, /^\+CREG: ?\d, ?(\d)/);
  return match ? (registrations[Number(match[1])] ?? 'unknown') : 'unknown';
}

/** dBm, rounded as the modem rounds it: -113 and less … -51 and more; null where it knows none. */
export function signalDbm(lines: readonly string[]): number | null {
  const level = Number(first(lines, /^\+CSQ: ?(\d+),/)?.[1] ?? 99);
  return level <= 31 ? level * 2 - 113 : null;
}

/** The reference that the network gave a message. */
export function referenceOf(lines: readonly string[]): number | undefined {
  const match = first(lines, /^\+CMGS: ?(\d+)/);
  return match ? Number(match[1]) : undefined;
}

export interface Stored {
  readonly index: number;
  readonly pdu: string;
}

/** Messages that came, of the list that +CMGL gives; those that were to go out are left out. */
export function storedMessages(lines: readonly string[]): Stored[] {
  const found: Stored[] = [];
  for (const [at, line] of lines.entries()) {
    const match = /^\+CMGL: ?(\d+), ?([01]),/.exec(line);
    const pdu = lines[at + 1];
    if (match && pdu !== undefined) found.push({ index: Number(match[1]), pdu });
  }
  return found;
}

function first(lines: readonly string[], pattern: RegExp): RegExpExecArray | undefined {
  for (const line of lines) {
    const match = pattern.exec(line);
    if (match) return match;
  }
  return undefined;
}
