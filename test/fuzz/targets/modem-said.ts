// What a GSM modem says: the same in any pieces, every line whole and trimmed, and what is read out of lines is of its
// declared kind.

import {
  createSaidReader,
  mayRetry,
  referenceOf,
  registrationOf,
  type Said,
  signalDbm,
  simState,
  storedMessages,
} from '../../../drivers/serial/modem/codec.ts';
import { must, outline, type Target } from '../target.ts';
import { allOf } from './answers.ts';

function checkLines(lines: readonly string[]): unknown {
  const dbm = signalDbm(lines);
  must(dbm === null || (Number.isInteger(dbm) && dbm >= -113 && dbm <= -51), () => `${dbm} dBm`);
  const reference = referenceOf(lines);
  must(reference === undefined || Number.isFinite(reference), () => `reference ${reference}`);
  const registration = registrationOf(lines);
  must(['home', 'roaming', 'searching', 'denied', 'none', 'unknown'].includes(registration), registration);
  const sim = simState(lines);
  must(sim === undefined || sim === sim.trim(), 'the state of the SIM');
  const stored = storedMessages(lines);
  for (const { index, pdu } of stored)
    must(Number.isFinite(index) && lines.includes(pdu), 'a stored message');
  return [dbm, registration, sim === undefined, stored.length];
}

function check(said: Said): void {
  if (said.type === 'line') must(said.text !== '' && said.text === said.text.trim(), 'a line');
  if (said.type === 'message') must(/^[0-9A-Fa-f]+$/.test(said.pdu), 'a message is hexadecimal');
  if (said.type === 'stored') must(Number.isFinite(said.index), () => `index ${said.index}`);
  if (said.type === 'error') {
    must(typeof mayRetry(said.error) === 'boolean' && typeof said.error.text === 'string', 'an error');
    must(said.error.code === undefined || Number.isFinite(said.error.code), () => `code ${said.error.code}`);
  }
}

export const modemSaid: Target = {
  name: 'modem-said',
  what: 'lines of a modem: the same in any pieces; errors, prompts and messages of their declared shape; figures in range',
  seeds: [
    '\r\nOK\r\n',
    'AT+CSQ\r\r\n+CSQ: 17,99\r\n\r\nOK\r\n',
    '\r\n+CREG: 0,5\r\n\r\n+CPIN: READY\r\nOK\r\n> ',
    '\r\n+CMS ERROR: 38\r\n\r\n+CME ERROR: SIM busy\r\n',
    '\r\n+CMTI: "SM",3\r\n+CMT: ,24\r\n0791448720003023240DD0E474D81C0EBB010000111011315214000BE474D81C0EBB5DE3771B\r\n',
    '+CMGL: 1,1,,24\r\n00AABB\r\n+CMGS: 200\r\nERROR\r\n',
  ],
  words: [
    '\r\n',
    '> ',
    '+CMS ERROR: ',
    '+CME ERROR: ',
    '+CMT: ',
    '+CMTI: "SM",',
    '+CSQ: ',
    '+CREG: 0,',
    '+CMGL: 1,0,',
    '+CPIN: ',
    'OK',
  ],
  executions: 300_000,
  run(bytes) {
    const said = allOf(createSaidReader, bytes);
    for (const each of said) check(each);
    const lines = said.flatMap((each) => (each.type === 'line' ? [each.text] : []));
    return outline([
      said.map((each) => [each.type, each.type === 'error' ? each.error : 0]),
      checkLines(lines),
    ]);
  },
  endless: () => {
    const reader = createSaidReader();
    return (bytes) => void reader.push(bytes);
  },
};
