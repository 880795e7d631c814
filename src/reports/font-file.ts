// Writes a small TrueType file (OpenType 1.9, `glyf` outlines) from outlines that are given: one font that holds just
// the characters of a report. Knows bytes and tables, nothing of where outlines come from. What it leaves out —
// hinting, kerning, ligatures — a report does without.

export interface Outline {
  readonly codePoint: number;
  /** font units */
  readonly advance: number;
  /** closed contours of quadratic curves, as font programs give them */
  readonly commands: readonly { readonly command: string; readonly args: readonly number[] }[];
}

export interface FontFacts {
  /** a PostScript name: ASCII, no blanks */
  readonly name: string;
  readonly unitsPerEm: number;
  readonly ascent: number;
  /** below the line is negative */
  readonly descent: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly on: boolean;
}

/** A font with these characters; glyph 0, for any other, is empty. */
export function fontFile(facts: FontFacts, outlines: readonly Outline[]): Buffer {
  const sorted = [...outlines].sort((a, b) => a.codePoint - b.codePoint);
  const drawn = [{ advance: facts.unitsPerEm, bytes: Buffer.alloc(0) }, ...sorted.map(glyphOf)];
  const loca = Buffer.alloc(4 * (drawn.length + 1));
  let offset = 0;
  drawn.forEach(({ bytes }, index) => {
    loca.writeUInt32BE(offset, 4 * index);
    offset += bytes.length;
  });
  loca.writeUInt32BE(offset, 4 * drawn.length);
  const hmtx = Buffer.alloc(4 * drawn.length);
  drawn.forEach(({ advance, bytes }, index) => {
    hmtx.writeUInt16BE(advance, 4 * index);
    hmtx.writeInt16BE(bytes.length === 0 ? 0 : bytes.readInt16BE(2), 4 * index + 2);
  });
  return joined({
    cmap: cmapOf(sorted.map(({ codePoint }) => codePoint)),
    glyf: Buffer.concat(drawn.map(({ bytes }) => bytes)),
    head: headOf(facts),
    hhea: hheaOf(facts, drawn.length),
    hmtx,
    loca,
    maxp: maxpOf(drawn.length),
    name: nameOf(facts.name),
    post: postOf(),
  });
}

function glyphOf({ advance, commands }: Outline): { advance: number; bytes: Buffer } {
  const contours = contoursOf(commands);
  const points = contours.flat();
  if (points.length === 0) return { advance: Math.round(advance), bytes: Buffer.alloc(0) };
  const bytes = Buffer.alloc(10 + 2 * contours.length + 2 + 5 * points.length);
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  let at = bytes.writeInt16BE(contours.length, 0);
  for (const edge of [least(xs), least(ys), most(xs), most(ys)]) at = bytes.writeInt16BE(edge, at);
  let last = -1;
  for (const contour of contours) {
    last += contour.length;
    at = bytes.writeUInt16BE(last, at);
  }
  at = bytes.writeUInt16BE(0, at); // no instructions
  for (const { on } of points) at = bytes.writeUInt8(on ? 1 : 0, at);
  for (const axis of [xs, ys]) {
    let before = 0;
    for (const value of axis) {
      at = bytes.writeInt16BE(value - before, at);
      before = value;
    }
  }
  const padding = Buffer.alloc((4 - (bytes.length % 4)) % 4);
  return { advance: Math.round(advance), bytes: Buffer.concat([bytes, padding]) };
}

const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b));
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b));

function contoursOf(commands: Outline['commands']): Point[][] {
  const contours: Point[][] = [];
  let contour: Point[] = [];
  const close = (): void => {
    const [first, last] = [contour[0], contour.at(-1)];
    // a contour closes by itself
    if (contour.length > 1 && first && last?.on && first.x === last.x && first.y === last.y) contour.pop();
    if (contour.length > 0) contours.push(contour);
    contour = [];
  };
  for (const { command, args } of commands) {
    if (command === 'moveTo' || command === 'closePath') close();
    for (let index = 0; index + 1 < args.length; index += 2) {
      const on = !(command === 'quadraticCurveTo' && index === 0);
      contour.push({ x: Math.round(args[index]!), y: Math.round(args[index + 1]!), on });
    }
  }
  close();
  return contours;
}

function words16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, index) => void bytes.writeUInt16BE(value & 0xffff, 2 * index));
  return bytes;
}

function words32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => void bytes.writeUInt32BE(value >>> 0, 4 * index));
  return bytes;
}

/** Format 12: a group for each character, which is simple and reaches beyond the first plane. */
function cmapOf(codePoints: readonly number[]): Buffer {
  const groups = codePoints.flatMap((codePoint, index) => [codePoint, codePoint, index + 1]);
  return Buffer.concat([
    words16(0, 1, 3, 10),
    words32(12),
    words16(12, 0),
    words32(16 + 12 * codePoints.length, 0, codePoints.length, ...groups),
  ]);
}

function headOf({ unitsPerEm, ascent, descent }: FontFacts): Buffer {
  return Buffer.concat([
    words32(0x10000, 0x10000, 0, 0x5f0f3cf5),
    words16(0, unitsPerEm),
    Buffer.alloc(16), // made and changed: no date, so that the same report gives the same file
    words16(0, descent, unitsPerEm, ascent, 0, 8, 2, 1, 0),
  ]);
}

function hheaOf({ unitsPerEm, ascent, descent }: FontFacts, count: number): Buffer {
  return Buffer.concat([
    words32(0x10000),
    words16(ascent, descent, 0, unitsPerEm, 0, 0, unitsPerEm, 1, 0, 0, 0, 0, 0, 0, 0, count),
  ]);
}

function maxpOf(count: number): Buffer {
  return Buffer.concat([words32(0x10000), words16(count, 4096, 512, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0)]);
}

function nameOf(name: string): Buffer {
  const text = Buffer.from(name, 'utf16le').swap16();
  const records = [1, 4, 6].flatMap((id) => [3, 1, 0x409, id, text.length, 0]);
  return Buffer.concat([words16(0, 3, 6 + 2 * records.length, ...records), text]);
}

function postOf(): Buffer {
  return words32(0x30000, 0, 0, 0, 0, 0, 0, 0);
}

function joined(tables: Readonly<Record<string, Buffer>>): Buffer {
  const entries = Object.entries(tables);
  const power = Math.floor(Math.log2(entries.length));
  const range = 16 * 2 ** power;
  const head = [words32(0x10000), words16(entries.length, range, power, 16 * entries.length - range)];
  let offset = 12 + 16 * entries.length;
  const bodies: Buffer[] = [];
  for (const [tag, bytes] of entries) {
    const padded = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
    let sum = 0;
    for (let at = 0; at < padded.length; at += 4) sum = (sum + padded.readUInt32BE(at)) >>> 0;
    head.push(Buffer.from(tag, 'latin1'), words32(sum, offset, bytes.length));
    bodies.push(padded);
    offset += padded.length;
  }
  return Buffer.concat([...head, ...bodies]);
}
