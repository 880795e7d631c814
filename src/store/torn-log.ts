// Looks into SQLite's log after an unclean end, before SQLite does: it takes what it can read from the beginning and
// silently forgets the rest. A last transaction that is torn was never told to anybody; but where another one follows
// the tear, what was torn had been durable, and whoever opens the file must know that something is missing.
// The layout is that of https://www.sqlite.org/fileformat2.html#walformat. Reads only.

import { readFileSync, statSync } from 'node:fs';

const headerBytes = 32;
const frameHeaderBytes = 24;
/** A log as long as this was never written by us; it is not worth holding up a start. */
const mostBytes = 64 * 1024 * 1024;

/** What can't be read as a log at all; one that was never made safe is all zeroes. */
type Unreadable = 'nothing' | 'garbled';

interface Log {
  readonly bytes: Buffer;
  readonly frameBytes: number;
  readonly frames: number;
  readonly littleEndian: boolean;
}

/** The two sums that run through the whole log, over the 32-bit words from one place to another. */
function sumOver({ bytes, littleEndian }: Log, from: number, to: number, sums: [number, number]): void {
  const word = (at: number): number => (littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  let [first, second] = sums;
  for (let at = from; at < to; at += 8) {
    first = (first + word(at) + second) >>> 0;
    second = (second + word(at + 4) + first) >>> 0;
  }
  sums[0] = first;
  sums[1] = second;
}

function read(file: string): Log | Unreadable {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= headerBytes + frameHeaderBytes || size > mostBytes) return 'nothing';
  const bytes = readFileSync(file);
  if (bytes.subarray(0, headerBytes).every((byte) => byte === 0)) return 'nothing';
  const magic = bytes.readUInt32BE(0);
  if (magic !== 0x377f0682 && magic !== 0x377f0683) return 'garbled';
  const pageBytes = bytes.readUInt32BE(8);
  if (pageBytes < 512 || pageBytes > 65_536 || pageBytes % 8 !== 0) return 'garbled';
  const frameBytes = frameHeaderBytes + pageBytes;
  const frames = Math.floor((bytes.length - headerBytes) / frameBytes);
  return { bytes, frameBytes, frames, littleEndian: magic === 0x377f0682 };
}

const placeOf = (log: Log, frame: number): number => headerBytes + frame * log.frameBytes;

/** Was this frame written since the log was last begun anew? */
function isOfThisLog({ bytes }: Log, at: number): boolean {
  return (
    bytes.readUInt32BE(at + 8) === bytes.readUInt32BE(16) &&
    bytes.readUInt32BE(at + 12) === bytes.readUInt32BE(20)
  );
}

const endsTransaction = ({ bytes }: Log, at: number): boolean => bytes.readUInt32BE(at + 4) !== 0;

/** How many frames from the beginning are whole; undefined: not even the header is. */
function soundFrames(log: Log): number | undefined {
  const { bytes, frames, frameBytes } = log;
  const sums: [number, number] = [0, 0];
  sumOver(log, 0, 24, sums);
  if (sums[0] !== bytes.readUInt32BE(24) || sums[1] !== bytes.readUInt32BE(28)) return undefined;
  for (let frame = 0; frame < frames; frame += 1) {
    const at = placeOf(log, frame);
    sumOver(log, at, at + 8, sums);
    sumOver(log, at + frameHeaderBytes, at + frameBytes, sums);
    const whole = sums[0] === bytes.readUInt32BE(at + 16) && sums[1] === bytes.readUInt32BE(at + 20);
    if (!whole || !isOfThisLog(log, at)) return frame;
  }
  return frames;
}

/** Is something missing from this log that had been durable once? */
export function hasLostTransactions(file: string): boolean {
  const log = read(file);
  if (typeof log === 'string') return log === 'garbled';
  const sound = soundFrames(log);
  if (sound === undefined) return log.frames > 0;
  let ended = false;
  for (let frame = sound; frame < log.frames; frame += 1) {
    const at = placeOf(log, frame);
    if (!isOfThisLog(log, at)) continue;
    // frames of a next transaction are written only when the one before is safe
    if (ended) return true;
    ended = endsTransaction(log, at);
  }
  return false;
}
