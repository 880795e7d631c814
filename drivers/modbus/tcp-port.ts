// Modbus TCP framing over a byte link: our own MBAP transaction ids, which rise and are never used twice while
// out, so that a late reply is known by its id and dropped. modbus-serial sees RTU frames, as it checks their CRC.
// Knows no timers; a stream that lost its framing is told to the host as a lost link.

import { type ByteLink, DeviceFault } from '../../src/driver.ts';
import { crc16 } from './codec.ts';
import { echoes, Port, type Question } from './port.ts';

const headBytes = 7;

export class TcpPort extends Port {
  private readonly link: ByteLink;
  private readonly lost: (fault: Error) => void;
  private transaction = 0;
  private rest: Buffer | undefined;
  private broken = false;

  /** `lost` is called once where the stream can't be followed any more. */
  constructor(link: ByteLink, lost: (fault: Error) => void) {
    super();
    this.link = link;
    this.lost = lost;
    link.onData((bytes) => this.take(bytes));
  }

  protected send(question: Question): void {
    this.transaction = (this.transaction % 0xffff) + 1;
    const body = question.frame.length - 2;
    const bytes = Buffer.allocUnsafe(6 + body);
    bytes.writeUInt16BE(this.transaction, 0);
    bytes.writeUInt16BE(0, 2);
    bytes.writeUInt16BE(body, 4);
    question.frame.copy(bytes, 6, 0, body);
    this.link.write(bytes);
  }

  forget(): undefined {
    this.question = undefined;
    return undefined;
  }

  private take(chunk: Uint8Array): void {
    if (this.broken) return;
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.rest) {
      bytes = Buffer.concat([this.rest, bytes]);
      this.rest = undefined;
    }
    let at = 0;
    while (bytes.length - at >= headBytes) {
      const protocol = bytes.readUInt16BE(at + 2);
      const length = bytes.readUInt16BE(at + 4);
      if (protocol !== 0 || length < 2 || length > 254) {
        this.breakOff(protocol, length);
        return;
      }
      if (bytes.length - at < 6 + length) break;
      this.frame(bytes, at, length);
      at += 6 + length;
    }
    // the rest is copied: the host may use the chunk's memory again
    if (at < bytes.length) this.rest = Buffer.from(bytes.subarray(at));
  }

  private breakOff(protocol: number, length: number): void {
    this.broken = true;
    const text = `bytes that are no Modbus TCP (protocol ${protocol}, length ${length})`;
    if (this.question) this.fault(new DeviceFault('garbled', text));
    this.lost(new Error(text));
  }

  private frame(bytes: Buffer, at: number, length: number): void {
    const question = this.question;
    if (!question || bytes.readUInt16BE(at) !== this.transaction) {
      this.dropped += 6 + length;
      return;
    }
    const unit = bytes[at + 6]!;
    const code = bytes[at + 7]!;
    if (unit !== question.unit) {
      this.fault(new DeviceFault('foreign', `asked unit ${question.unit}, unit ${unit} answered`));
      return;
    }
    if (!answers(question, bytes, at + 6, length)) {
      this.fault(
        new DeviceFault(
          'garbled',
          `unit ${unit} gave an answer of the wrong shape (function ${code}, ${length} bytes)`,
        ),
      );
      return;
    }
    const frame = Buffer.allocUnsafe(length + 2);
    bytes.copy(frame, 0, at + 6, at + 6 + length);
    frame.writeUInt16LE(crc16(frame, 0, length), length);
    this.answer(frame);
  }
}

function answers(question: Question, bytes: Buffer, at: number, length: number): boolean {
  const code = bytes[at + 1]!;
  if (code === (question.code | 0x80)) return length === 3;
  if (code !== question.code) return false;
  if (question.data < 0) return length === 6 && echoes(question, bytes, at);
  return bytes[at + 2] === question.data && length === question.data + 3;
}
