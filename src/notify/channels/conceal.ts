// Strikes out of a server's or a modem's answer where a person can be reached: such answers become part of incidents,
// which go to the centre and into reports. Pure; knows no channel.

import type { Recipient } from './channel.ts';

/** shorter ones are words that an answer may have for another reason */
const shortest = 6;
/** digits of a country's number, at most */
const longestCountry = 3;

/** The address, the e-mail address and the phone number, in the ways in which they are usually repeated. */
export function concealingRecipient({
  address,
  email,
  phone,
}: Pick<Recipient, 'address' | 'email' | 'phone'>): (text: string) => string {
  const patterns = [address, email, phone].flatMap((words) =>
    words === undefined || words.length < shortest ? [] : [RegExp(escaped(words), 'giu')],
  );
  for (const number of [phone, address]) {
    const pattern = number === undefined ? undefined : phonePattern(number);
    if (pattern !== undefined) patterns.push(pattern);
  }
  return (text) => patterns.reduce((left, pattern) => left.replace(pattern, '***'), text);
}

/** The same digits with or without those of the country, and with anything that people write between digits. */
function phonePattern(number: string): RegExp | undefined {
  if (!/^[\d\s()+.-]+$/.test(number)) return undefined;
  const bare = number.replace(/[^\d+]/g, '');
  const digits = bare.replace(/^(\+|00|0)/, '');
  if (digits.length < shortest) return undefined;
  const between = String.raw`[\s().-]*`;
  const kept = /^(\+|00)/.test(bare) && digits.length >= shortest + longestCountry ? longestCountry : 0;
  let before = '';
  for (const digit of digits.slice(0, kept)) before = `(?:${before}${digit}${between})?`;
  return RegExp(String.raw`(?:\+|\b0{1,2})?${before}${[...digits.slice(kept)].join(between)}`, 'g');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
