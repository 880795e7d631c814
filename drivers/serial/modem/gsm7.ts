// The seven-bit alphabet of text messages and its packing into octets (3GPP TS 23.038, 6.1.2 and 6.2.1); pure.
// Knows no message and no modem.

/** position is code; 0x1B leads to the second table */
const alphabet =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const leading = 0x1b;
const second: Readonly<Record<string, number>> = {
  '\f': 0x0a,
  '^': 0x14,
  '{': 0x28,
  '}': 0x29,
  '\\': 0x2f,
  '[': 0x3c,
  '~': 0x3d,
  ']': 0x3e,
  '|': 0x40,
  '€': 0x65,
};
const secondByCode = new Map(Object.entries(second).map(([character, code]) => [code, character]));

/** One or two septets for each character; undefined where the alphabet lacks one. */
export function septetsOf(text: string): number[][] | undefined {
  const septets: number[][] = [];
  for (const character of text) {
    const code = character === '\x1b' ? -1 : alphabet.indexOf(character);
    const extended = second[character];
    if (code >= 0) septets.push([code]);
    else if (extended !== undefined) septets.push([leading, extended]);
    else return undefined;
  }
  return septets;
}

export function textOf(septets: readonly number[]): string {
  let text = '';
  for (let index = 0; index < septets.length; index++) {
    const code = septets[index]!;
    if (code !== leading) text += alphabet[code];
    // a code that the second table lacks is shown as in the first (6.2.1.1)
    else if (++index < septets.length)
      text += secondByCode.get(septets[index]!) ?? alphabet[septets[index]!]!.replace('\x1b', ' ');
  }
  return text;
}

/** Packs septets, the first one after `skip` bits, which stay zero. */
export function pack(septets: readonly number[], skip = 0): Uint8Array {
  const octets = new Uint8Array(Math.ceil((septets.length * 7 + skip) / 8));
  septets.forEach((septet, index) => {
    const bit = skip + index * 7;
    const shifted = septet << (bit % 8);
    const at = bit >> 3;
    octets[at] = octets[at]! | (shifted & 0xff);
    if (shifted > 0xff) octets[at + 1] = octets[at + 1]! | (shifted >> 8);
  });
  return octets;
}

/** `count` septets, or as many as there are octets for. */
export function unpack(octets: Uint8Array, count: number, skip = 0): number[] {
  const septets: number[] = [];
  for (let index = 0; index < count; index++) {
    const bit = skip + index * 7;
    const at = bit >> 3;
    if (bit + 7 > octets.length * 8) break;
    const pair = octets[at]! | ((octets[at + 1] ?? 0) << 8);
    septets.push((pair >> (bit % 8)) & 0x7f);
  }
  return septets;
}
