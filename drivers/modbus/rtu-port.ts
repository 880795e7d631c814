// Modbus RTU framing over a byte link. There is no transaction id on the wire, so a reply counts only with the
// right unit, function, length and CRC; a whole answer to something else is passed over, as the right one may
// still follow. Knows no timers: silences, and how long a late answer must be feared, are the host's.

import { type ByteLink, DeviceFault } from '../../src/driver.ts';
import { crc16, tableOf } from './codec.ts';
import { echoes, Port, type Question } from './port.ts';

/** the longest frame is 256 bytes; room for noise or an echo before it */
const room = 600;

export interface RtuOptions {
  /** what we send comes back to us before the answer, as two-wire adapters do that listen while they talk */
  readonly echo: boolean;
  /** told once where it does so, but is not expected */
  echoing(): void;
  /** an answer came that nobody waits for, of this space */
  stray?(space: string): void;
}

export class RtuPort extends Port {
  private readonly link: ByteLink;
  private readonly options: RtuOptions;
  /** bytes of our own that are still to come back */
  private own = 0;
  private told = false;
  private readonly bytes = Buffer.alloc(room);
  private length = 0;
  /** what came instead of an answer */
  private instead: DeviceFault | undefined;

  constructor(link: ByteLink, options: RtuOptions) {
    super();
    this.link = link;
    this.options = options;
    link.onData((bytes) => this.take(bytes));
  }

  protected send(question: Question): void {
    this.length = 0;
    this.instead = undefined;
    this.own = this.options.echo ? question.frame.length : 0;
    this.link.write(question.frame);
  }

  forget(): DeviceFault | undefined {
    const question = this.question;
    this.question = undefined;
    if (!question || this.length === 0) return this.instead;
    const expected = question.data < 0 ? 8 : question.data + 5;
    return new DeviceFault(
      'garbled',
      `unit ${question.unit} gave ${this.length} bytes that are no answer (${expected} expected)`,
    );
  }

  private take(chunk: Uint8Array): void {
    const question = this.question;
    const bytes = question && this.own > 0 ? this.withoutEcho(question, chunk) : chunk;
    if (bytes.length === 0) return;
    if (!question) {
      this.dropped += bytes.length;
      this.unasked(bytes);
      return;
    }
    if (this.length + bytes.length > room) {
      this.instead = new DeviceFault('garbled', `noise on the line while asking unit ${question.unit}`);
      this.dropped += this.length;
      this.length = 0;
      if (bytes.length > room) return;
    }
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    this.examine(question);
  }

  /** Nothing is asked: a whole answer is a late one. What came of it before the time was up still lies here. */
  private unasked(bytes: Uint8Array): void {
    if (this.length + bytes.length > room) this.length = 0;
    if (bytes.length > room) return;
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    for (let at = 0; at + 5 <= this.length; at += 1) {
      const length = frameLength(this.bytes.subarray(at), this.length - at);
      if (length === 0 || !this.sound(at, length)) continue;
      this.tellStray(at);
      this.bytes.copyWithin(0, at + length, this.length);
      this.length -= at + length;
      at = -1;
    }
  }

  private tellStray(at: number): void {
    const table = tableOf(this.bytes[at + 1]! & 0x7f);
    if (table) this.options.stray?.(`unit ${this.bytes[at]} ${table}`);
  }

  /** What stands behind our own bytes. Where they come back changed, somebody else was talking. */
  private withoutEcho(question: Question, bytes: Uint8Array): Uint8Array {
    const { frame } = question;
    const from = frame.length - this.own;
    const count = Math.min(this.own, bytes.length);
    for (let at = 0; at < count; at += 1) {
      if (bytes[at] === frame[from + at]) continue;
      this.own = 0;
      this.fault(
        new DeviceFault('garbled', `what was sent to unit ${question.unit} did not come back as it was sent`),
      );
      return bytes.subarray(bytes.length);
    }
    this.own -= count;
    return bytes.subarray(count);
  }

  private examine(question: Question): void {
    // a noise byte or the echo of an RS-485 adapter may stand before the reply
    for (let at = 0; at + 5 <= this.length; at += 1) {
      const length = this.matches(question, at);
      if (length > 0 && this.sound(at, length)) {
        this.noteEcho(question, at);
        this.found(at, length);
        return;
      }
    }
    if (this.matches(question, 0) > 0) {
      if (this.length >= this.matches(question, 0)) {
        this.fault(new DeviceFault('garbled', `bad checksum from unit ${question.unit}`));
      }
      return;
    }
    const length = frameLength(this.bytes, this.length);
    if (length === 0 || !this.sound(0, length)) return;
    const what = `unit ${this.bytes[0]} to function ${this.bytes[1]! & 0x7f}`;
    const asked = `asked unit ${question.unit} by function ${question.code}`;
    this.instead = new DeviceFault('foreign', `${asked}, got an answer of ${what}`);
    this.dropped += length;
    this.tellStray(0);
    this.bytes.copyWithin(0, length, this.length);
    this.length -= length;
  }

  /** A whole question before its answer to a read can only be an echo; that of a write looks like its answer. */
  private noteEcho(question: Question, at: number): void {
    const { frame } = question;
    if (this.told || this.options.echo || question.data < 0 || at < frame.length) return;
    if (this.bytes.compare(frame, 0, frame.length, at - frame.length, at) !== 0) return;
    this.told = true;
    this.options.echoing();
  }

  /** Length of the reply to the question whose head stands at `at`; 0 where none does. */
  private matches(question: Question, at: number): number {
    if (this.bytes[at] !== question.unit) return 0;
    const code = this.bytes[at + 1];
    if (code === (question.code | 0x80)) return 5;
    if (code !== question.code) return 0;
    if (question.data < 0) return echoes(question, this.bytes, at) ? 8 : 0;
    return this.bytes[at + 2] === question.data ? question.data + 5 : 0;
  }

  private sound(at: number, length: number): boolean {
    if (at + length > this.length) return false;
    return this.bytes.readUInt16LE(at + length - 2) === crc16(this.bytes, at, at + length - 2);
  }

  private found(at: number, length: number): void {
    this.dropped += this.length - length;
    const frame = Buffer.from(this.bytes.subarray(at, at + length));
    this.length = 0;
    this.answer(frame);
  }
}

/** Length of the frame that stands at the start, judged by its own head; 0 while or where it can't be told. */
function frameLength(bytes: Buffer, available: number): number {
  if (available < 3) return 0;
  const code = bytes[1]!;
  if (code > 0x80) return 5;
  if (code >= 1 && code <= 4) return bytes[2]! + 5;
  return code === 5 || code === 6 || code === 15 || code === 16 ? 8 : 0;
}
