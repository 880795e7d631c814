// A GSM modem that is set up, sends, receives, refuses, falls silent and comes back: on a link of the test's own with
// a clock of its own, and on a serial line. What it says stands in 3GPP TS 27.005 and in its makers' manuals.

import { afterEach, describe, expect, it } from 'vitest';
import {
  createSaidReader,
  mayRetry,
  referenceOf,
  registrationOf,
  signalDbm,
  simState,
  storedMessages,
} from '../../drivers/serial/modem/codec.ts';
import { type Message, type Modem, ModemFault, openModem } from '../../drivers/serial/modem/modem.ts';
import type { Log } from '../../src/driver.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type VirtualClock, virtualClock } from '../support/clock.ts';
import { scriptedModem, startModem } from '../support/modem.ts';
import { haveSocat } from '../support/serial-line.ts';
import { fakeLink, open as openLink, until } from '../support/ups.ts';

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
// python-gsmmodem, and the classic example
const test2 = '06917228195339040B917228214365F700003130805120618005D4F29C2E03';
const hellohello = '07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37';

const quiet = (): void => {};
function logged(): Log & { readonly warnings: string[] } {
  const warnings: string[] = [];
  return {
    debug: quiet,
    info: quiet,
    error: quiet,
    warn: (_fields, message) => void warnings.push(message),
    warnings,
  };
}

describe('what a modem says', () => {
  const spoken =
    '\r\nOK\r\n\r\n+CMTI: "SM",3\r\n\r\n> \r\n+CMS ERROR: 38\r\n\r\n+CMT: ,24\r\n0791AB\r\nERROR\r\n';
  const said = [
    { type: 'ok' },
    { type: 'stored', memory: 'SM', index: 3 },
    { type: 'prompt' },
    {
      type: 'error',
      error: { of: 'message', code: 38, text: 'the network is out of order (CMS 38)' },
    },
    { type: 'line', text: '+CMT: ,24' },
    { type: 'message', pdu: '0791AB' },
    { type: 'error', error: { of: 'modem', code: undefined, text: 'the modem refuses' } },
  ];

  it('is heard cut at every position', () => {
    for (let at = 0; at <= spoken.length; at++) {
      const reader = createSaidReader();
      expect([...reader.push(latin1(spoken.slice(0, at))), ...reader.push(latin1(spoken.slice(at)))]).toEqual(
        said,
      );
    }
  });

  it('is understood', () => {
    expect(simState(['+CPIN: READY'])).toBe('READY');
    expect(simState(['+CPIN: SIM PIN'])).toBe('SIM PIN');
    expect(simState([])).toBeUndefined();
    expect(registrationOf(['+CREG: 0,1'])).toBe('home');
    expect(registrationOf(['+CREG: 2,5,"00C3","0000A1B2"'])).toBe('roaming');
    expect(registrationOf(['+CREG: 0,2'])).toBe('searching');
    expect(registrationOf(['+CREG: 0,9'])).toBe('unknown');
    expect(signalDbm(['+CSQ: 20,99'])).toBe(-73);
    expect(signalDbm(['+CSQ: 0,99'])).toBe(-113);
    expect(signalDbm(['+CSQ: 99,99'])).toBeNull();
    expect(referenceOf(['+CMGS: 215'])).toBe(215);
    expect(
      storedMessages(['+CMGL: 1,0,,24', 'AA', '+CMGL: 4,3,,24', 'BB', '+CMGL: 7,1,"",30', 'CC']),
    ).toEqual([
      { index: 1, pdu: 'AA' },
      { index: 7, pdu: 'CC' },
    ]);
    expect(mayRetry({ of: 'message', code: 38, text: '' })).toBe(true);
    expect(mayRetry({ of: 'message', code: 1, text: '' })).toBe(false);
    expect(mayRetry({ of: 'equipment', code: 30, text: '' })).toBe(true);
  });
});

/** A modem on a virtual clock: what it answers is there at once. */
function bench() {
  const clock: VirtualClock = virtualClock();
  const link = fakeLink();
  const device = scriptedModem((text) => queueMicrotask(() => link.arrive(latin1(text))));
  const log = logged();
  const wired = { ...link, write: (bytes: Uint8Array) => device.take(bytes) };
  const settling = async <T>(work: Promise<T>, ms = 2000): Promise<T> => {
    const caught = work.catch((error: unknown) => ({ thrown: error }));
    await clock.advance(ms);
    const result = await caught;
    if (result && typeof result === 'object' && 'thrown' in result) throw result.thrown;
    return result as T;
  };
  return { clock, device, log, settling, opening: () => openModem(wired, clock, log) };
}

describe('a modem', () => {
  it('is set up, and sends in PDU mode', async () => {
    const { device, settling, opening } = bench();
    const modem = await settling(opening());
    expect(device.commands).toEqual([
      'AT',
      'ATE0',
      'AT+CPIN?',
      'ATE0',
      'AT+CMEE=1',
      'AT+CSCS="GSM"',
      'AT+CMGF=0',
      'AT+CNMI=2,1,0,0,0',
    ]);
    expect(await settling(modem.send('+27 82 000-1111', 'Hello World!'))).toEqual({ reference: 40 });
    // python-gsmmodem's vector, with a validity of a day (A7)
    expect(device.sent).toEqual([
      { length: 25, pdu: '0011000B917228001011F10000A70CC8329BFD065DDF72363904' },
    ]);
    expect(device.commands.slice(-6)).toContain('AT+CMGF=0');
    expect(await settling(modem.signal())).toEqual({ dbm: -73, registration: 'home' });
    await modem.close();
    await expect(modem.send('10086', 'late')).rejects.toMatchObject({ kind: 'closed' });
  });

  it('sends a long Chinese text in parts of one reference, two messages never mixed', async () => {
    const { device, settling, opening } = bench();
    const modem = await settling(opening());
    const [first, second] = await settling(
      Promise.all([modem.send('10086', '火'.repeat(100)), modem.send('10086', '水'.repeat(100))]),
    );
    expect([first, second]).toEqual([{ reference: 41 }, { reference: 43 }]);
    const headers = device.sent.map(({ pdu }) => /0500(03..0201|03..0202)(706B|6C34)/.exec(pdu)!.slice(1));
    expect(headers.map(([, character]) => character)).toEqual(['706B', '706B', '6C34', '6C34']);
    expect(headers[0]![0]!.slice(2, 4)).toBe(headers[1]![0]!.slice(2, 4));
    expect(headers[1]![0]!.slice(2, 4)).not.toBe(headers[2]![0]!.slice(2, 4));
  });

  it('that refuses says why, and whether it is worth another try', async () => {
    const { device, settling, opening } = bench();
    const modem = await settling(opening());
    device.once.push(['PDU', '+CMS ERROR: 38']);
    const fault = await settling(modem.send('10086', 'x')).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(ModemFault);
    expect(fault).toMatchObject({ kind: 'refused', retry: true });
    device.once.push(['PDU', '+CMS ERROR: 28']);
    await expect(settling(modem.send('10086', 'x'))).rejects.toMatchObject({ kind: 'refused', retry: false });
    device.once.push(['AT+CMGS', '+CME ERROR: 30']);
    await expect(settling(modem.send('10086', 'x'))).rejects.toMatchObject({
      message: expect.stringContaining('no network'),
    });
    await expect(modem.send('reception', 'x')).rejects.toMatchObject({ kind: 'number', retry: false });
    // a refusal of what it can do without stops nothing
    device.once.push(['AT+CNMI', 'ERROR'], ['AT+CSCS', '+CME ERROR: 4']);
    expect(await settling(modem.send('10086', 'x'))).toMatchObject({ reference: 40 });
  });

  it('that falls silent times out, is found again, and a late answer is not taken for another', async () => {
    const { clock, device, settling, opening } = bench();
    const modem = await settling(opening());
    device.once.push(['PDU', '']);
    const lost = modem.send('10086', 'lost').catch((error: unknown) => error);
    await clock.advance(60_500);
    expect(await lost).toMatchObject({ kind: 'timeout', retry: true });
    const after = modem.send('10086', 'found');
    device.say('+CMGS: 99');
    device.say('OK');
    expect(await settling(after, 3000)).toEqual({ reference: 40 });
    expect(device.sent).toHaveLength(1);
  });

  it('without a SIM that is ready, or without a modem, does not open', async () => {
    const locked = bench();
    locked.device.sim = 'SIM PIN';
    await expect(locked.settling(locked.opening())).rejects.toMatchObject({ kind: 'sim', retry: false });
    expect(locked.device.commands.some((command) => command.startsWith('AT+CPIN='))).toBe(false);
    const silent = bench();
    silent.device.silent = true;
    await expect(silent.settling(silent.opening(), 30_000)).rejects.toMatchObject({ kind: 'timeout' });
    const dumb = bench();
    dumb.device.once.push(['AT+CMGF', 'ERROR']);
    await expect(dumb.settling(dumb.opening())).rejects.toMatchObject({ kind: 'refused' });
  });

  it('hands on what comes in, also from before, and removes it', async () => {
    const { clock, device, log, settling, opening } = bench();
    device.stored.set(2, test2);
    const modem = await settling(opening());
    const messages: Message[] = [];
    device.say('+CMT: ,24'); // a modem that hands messages straight on
    device.say(hellohello);
    await clock.advance(10);
    modem.onMessage((message) => messages.push(message));
    await clock.advance(10);
    expect(messages.map(({ number, text }) => [number, text])).toEqual([
      ['27838890001', 'hellohello'],
      ['+27821234567', 'Test2'],
    ]);
    expect(device.stored.size).toBe(0);
    device.receive(hellohello);
    device.receive(test2);
    await clock.advance(10);
    expect(messages).toHaveLength(4);
    expect(device.stored.size).toBe(0);
    expect(device.commands).toContain('AT+CPMS="SM"');
    device.receive('0006D60B911326880736F4111011719551401110117195714000'); // a status report
    await clock.advance(10);
    expect(log.warnings).toHaveLength(1);
    expect(device.stored.size).toBe(0);
  });

  it('joins the parts of a long message in any order, and gives out what stays incomplete', async () => {
    const { clock, device, settling, opening } = bench();
    const modem = await settling(opening());
    const texts: string[] = [];
    modem.onMessage(({ text }) => texts.push(text));
    // node-sms-pdu's parts, as a network delivers them
    const part = (reference: string, number: string, body: string): string => {
      const octets = `050003${reference}02${number}${body}`;
      return `00440B819010325476F8000862112201000023${(octets.length / 2).toString(16).padStart(2, '0')}${octets}`;
    };
    device.receive(part('07', '02', '5230')); // 到
    device.receive(part('07', '01', '6536')); // 收
    await clock.advance(10);
    expect(texts).toEqual(['收到']);
    device.receive(part('08', '02', '5230'));
    await clock.advance(599_000);
    expect(texts).toHaveLength(1);
    await clock.advance(2000);
    expect(texts[1]).toBe('[…]到');
    await modem.close();
    expect(clock.pending()).toBe(0);
  });
});

describe.skipIf(!haveSocat())('a modem on a serial line', () => {
  const clean: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const each of clean.splice(0).reverse()) await each();
  });

  it('sends and receives', async () => {
    const device = await startModem();
    clean.push(() => device.close());
    const link = await openLink({
      kind: 'serial',
      path: device.path,
      baudRate: 115_200,
      parity: 'none',
      dataBits: 8,
      stopBits: 1,
    });
    clean.push(() => link.close());
    const modem: Modem = await openModem(link, systemClock(), logged());
    clean.push(() => modem.close());
    const messages: Message[] = [];
    modem.onMessage((message) => messages.push(message));
    expect(await modem.send('+8613800000000', '火警：人民路店')).toEqual({ reference: 40 });
    expect(device.sent[0]!.pdu).toBe('0011000D91683108000000F00008A70E706B8B66FF1A4EBA6C118DEF5E97');
    device.receive(test2);
    await until(() => messages.length === 1 && device.stored.size === 0);
    expect(messages[0]).toMatchObject({ number: '+27821234567', text: 'Test2' });
    expect(await modem.signal()).toEqual({ dbm: -73, registration: 'home' });
  });
});
