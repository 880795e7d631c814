// A modem at the end of a real serial line, as the app would open it, and text messages as octets: those that a phone
// sends are made here, those that the modem was given are read here, apart from the code that drives it (3GPP TS 23.040).

import { openModem } from '../../drivers/serial/modem/modem.ts';
import { openLink } from '../../src/devices/link.ts';
import type { OpenTextModem } from '../../src/notify/types.ts';

export const openTextModem: OpenTextModem = async ({ path, baudRate }, { clock, log, signal, lost }) => {
  const settings = { kind: 'serial', path, baudRate, parity: 'none', dataBits: 8, stopBits: 1 } as const;
  const link = await openLink(settings, { clock, signal, lost });
  try {
    const modem = await openModem(link, clock, log);
    return {
      send: modem.send,
      onMessage: modem.onMessage,
      signal: modem.signal,
      async close() {
        await modem.close();
        await link.close();
      },
    };
  } catch (fault) {
    await link.close();
    throw fault;
  }
};

const swapped = (digits: string): string =>
  (digits.length % 2 === 0 ? digits : `${digits}F`).replace(/(.)(.)/g, '$2$1');

/** SMS-DELIVER in UCS-2 from an international number, at a time in UTC. */
export function delivered(
  number: string,
  text: string,
  sentAtMs: number,
  part?: { reference: number; total: number; number: number },
): string {
  const digits = number.replace('+', '');
  const body = Buffer.from(text, 'utf16le').swap16().toString('hex');
  const two = (value: number): string => value.toString(16).padStart(2, '0');
  const header = part ? `050003${two(part.reference)}${two(part.total)}${two(part.number)}` : '';
  const stamp = new Date(sentAtMs).toISOString().replace(/\D/g, '').slice(2, 14);
  const octets = [
    '00',
    part ? '44' : '04',
    two(digits.length),
    '91',
    swapped(digits),
    '0008',
    swapped(stamp),
    '00',
    two((header.length + body.length) / 2),
    header,
    body,
  ];
  return octets.join('').toUpperCase();
}

/** Number and text of an SMS-SUBMIT in UCS-2, with a relative validity. */
export function submitted(pdu: string): { readonly number: string; readonly text: string } {
  const octets = Buffer.from(pdu, 'hex');
  const parts = (octets[1]! & 0x40) !== 0;
  const digits = octets[3]!;
  const addressEnd = 5 + Math.ceil(digits / 2);
  const number = octets
    .subarray(5, addressEnd)
    .toString('hex')
    .replace(/(.)(.)/g, '$2$1')
    .slice(0, digits);
  if (octets[addressEnd + 1] !== 0x08) throw new Error('not UCS-2');
  const body = octets.subarray(addressEnd + 4 + (parts ? 6 : 0));
  return { number, text: Buffer.from(body).swap16().toString('utf16le') };
}
