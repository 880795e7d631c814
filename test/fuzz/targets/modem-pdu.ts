// Text messages in PDU mode: whatever octets a modem gives are a message of the declared shape or none, and what is
// sent comes back, character for character, when it is turned round and read.

import { septetsOf } from '../../../drivers/serial/modem/gsm7.ts';
import { decodeDeliver, encodeSubmit, mostParts, plainNumber } from '../../../drivers/serial/modem/pdu.ts';
import { must, mustEqual, outline, type Target, textOf } from '../target.ts';

/** An SMS-SUBMIT as the network would deliver it: no reference and no validity, but a time. */
function delivered(pdu: string): string {
  const octets = Buffer.from(pdu, 'hex');
  const headed = octets[1]! & 0x40;
  const addressEnd = 3 + 2 + Math.ceil(octets[3]! / 2);
  const [protocol, coding] = [octets[addressEnd]!, octets[addressEnd + 1]!];
  const time = [0x62, 0x11, 0x22, 0x01, 0x02, 0x03, 0x23];
  return Buffer.from([
    0,
    headed,
    ...octets.subarray(3, addressEnd),
    protocol,
    coding,
    ...time,
    ...octets.subarray(addressEnd + 2),
  ]).toString('hex');
}

function roundTrip(text: string): void {
  const parts = encodeSubmit('+8613800000001', text, { reference: 7 });
  must(parts.length >= 1 && parts.length <= mostParts, () => `${parts.length} parts`);
  let whole = '';
  for (const [index, { pdu, length }] of parts.entries()) {
    must(pdu.length === 2 * (length + 1), 'the length that the modem is told');
    const back = decodeDeliver(delivered(pdu));
    must(back !== undefined, 'what was sent is no message');
    must(back.number === '+8613800000001', () => `number ${back.number}`);
    must(back.sentAtMs === Date.UTC(2026, 10, 22, 10, 20, 30) - 8 * 3_600_000, () => `time ${back.sentAtMs}`);
    const part = parts.length === 1 ? undefined : { reference: 7, total: parts.length, number: index + 1 };
    mustEqual(back.part, part, 'part');
    whole += back.text;
  }
  // a text beyond the last part ends in dots
  const cut = /(?:\.\.\.|…)$/.test(whole) && parts.length === mostParts && whole.length < text.length;
  if (!cut) mustEqual(whole, text, 'sent and received');
  else must(text.startsWith(whole.replace(/(?:\.\.\.|…)$/, '')), 'a part of what was sent');
}

export const modemPdu: Target = {
  name: 'modem-pdu',
  what: 'an SMS-DELIVER of any octets: a message of the declared shape or none; a text that is sent is received as it was',
  seeds: [
    '07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07',
    '0791448720003023240DD0E474D81C0EBB010000111011315214000BE474D81C0EBB5DE3771B',
    '00400B911346610089F6000862112201020323100500030702016536523000490031',
    '收到 i12',
    'ACK i12 {~€}',
  ],
  words: ['00', 'FF', '91', 'D0', '0008', '050003', '06080400', '€', '火'],
  largestBytes: 2600,
  executions: 300_000,
  run(bytes) {
    const text = textOf(bytes);
    const hexadecimal = /^[0-9A-Fa-f]*$/.test(text)
      ? text.slice(0, text.length & ~1)
      : Buffer.from(bytes).toString('hex');
    const read = decodeDeliver(hexadecimal);
    if (read !== undefined) {
      must(typeof read.number === 'string' && read.number.length <= 300, 'number');
      must(
        typeof read.text === 'string' && read.text.length <= 1000 && !read.text.includes('undefined'),
        'text',
      );
      must(read.sentAtMs === null || Number.isFinite(read.sentAtMs), () => `time ${read.sentAtMs}`);
      for (const value of Object.values(read.part ?? {})) must(Number.isInteger(value) && value >= 0, 'part');
    }
    if (text.length <= 400) roundTrip(text);
    const number = plainNumber(text);
    must(number === undefined || /^\+?\d{3,20}$/.test(number), 'a number');
    return `${outline(read)} ${septetsOf(text) === undefined}`;
  },
};
