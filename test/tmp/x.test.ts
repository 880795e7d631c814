import fc from 'fast-check';
import { it } from 'vitest';
import { createLineReader, type Framing } from '../../drivers/serial/lines/codec.ts';
const afp: Framing = { encoding: 'latin1', start: ':', end: ';' };
const afpStream = Buffer.from(`:ALARM Z1;:MAINS FAIL;`, 'latin1');
const gst: Framing = { encoding: 'gb18030', start: '\x1b6', end: '\n\n' };
const gstBlock = Buffer.from('1B3630382F31322F3032202031373A32340A20203030342D3030340A1B39CAD7B4CEBBF0BEAF0AC8B9C2A5D2BBB2E3C9CFBFD50AB8D0D1CCCCBDB2E2C6F70A0A','hex');
const gstText = '08/12/02  17:24\n  004-004\n\x1b9首次火警\n裙楼一层上空\n感烟探测器';
function readAll(framing: Framing, pieces: Iterable<Uint8Array>): string[] {
  const reader = createLineReader(framing);
  return [...pieces].flatMap((piece) => [...reader.push(piece).lines]);
}
function* chop(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0;
  for (let index = 0; at < bytes.length; index++) { const size = sizes[index % sizes.length]!; yield bytes.subarray(at, at + size); at += size; }
}
it('x', () => {
  for (const [f, s, good] of [[afp, afpStream, (l: string[]) => l.at(-1) === 'MAINS FAIL' && l.at(-2)!.endsWith('ALARM Z1')], [gst, gstBlock, (l: string[]) => l.at(-1)?.endsWith(gstText) ?? false]] as const) {
    const r = fc.check(fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (noise, sizes) => good(readAll(f, chop(Buffer.concat([noise, s]), sizes)))), { numRuns: 60000 });
    console.log(f.encoding, r.failed, r.seed, JSON.stringify(r.counterexample), r.errorInstance);
    if (r.counterexample) console.log(JSON.stringify(readAll(f, chop(Buffer.concat([r.counterexample[0], s]), r.counterexample[1]))));
  }
  // last bytes of noise: all two and three byte endings, whole and chopped
  let bad = 0; const seen: string[] = [];
  for (let a = 0; a < 256; a++) for (let b = 0; b < 256; b++) for (const size of [1, 1000]) {
    const l = readAll(gst, chop(Buffer.concat([Uint8Array.of(a, b), gstBlock]), [size]));
    if (!l.at(-1)?.endsWith(gstText)) { bad++; if (seen.length < 20) seen.push(`${a.toString(16)} ${b.toString(16)} /${size} ${JSON.stringify(l)}`); }
  }
  console.log(bad, seen.join('\n'));
  bad = 0; seen.length = 0;
  for (const lead of [0x81, 0x84, 0x90, 0xe3, 0xfe]) for (let b = 0x30; b < 0x3a; b++) for (let c = 0; c < 256; c++) for (const size of [1, 1000]) {
    const l = readAll(gst, chop(Buffer.concat([Uint8Array.of(lead, b, c), gstBlock]), [size]));
    if (!l.at(-1)?.endsWith(gstText)) { bad++; if (seen.length < 20) seen.push(`${lead.toString(16)} ${b.toString(16)} ${c.toString(16)} /${size} ${JSON.stringify(l)}`); }
  }
  console.log(bad, seen.join('\n'));
}, 120000);
