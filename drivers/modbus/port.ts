// What both framings share: the custom port object that modbus-serial talks to, holding at most one question.
// A reply reaches modbus-serial only when a framing found it to answer that question; everything else ends as a
// DeviceFault or is counted and dropped. Knows no timers and no devices.

import { EventEmitter } from 'node:events';
import type { DeviceFault } from '../../src/driver.ts';
import { dataBytes } from './codec.ts';

/** The question that is out, as modbus-serial wrote it (an RTU frame: unit, function, body, CRC). */
export interface Question {
  readonly frame: Buffer;
  readonly unit: number;
  readonly code: number;
  /** bytes of data in the full reply to a read; -1 for a write, which is echoed */
  readonly data: number;
}

export abstract class Port extends EventEmitter {
  // modbus-serial finds its callback under these; with one question at a time they never need to move
  _transactionIdRead = 1;
  _transactionIdWrite = 1;
  isOpen = false;
  /** bytes that came while nothing was asked, or that answered nothing */
  dropped = 0;
  /** told why the question can't be answered */
  refuse: (fault: DeviceFault) => void = () => {};
  protected question: Question | undefined;

  open(callback: (error?: Error) => void): void {
    this.isOpen = true;
    callback();
  }

  close(callback?: () => void): void {
    this.isOpen = false;
    this.forget();
    callback?.();
  }

  /** Called by modbus-serial with the RTU frame of a request. */
  write(frame: Buffer): void {
    const code = frame[1]!;
    this.question = {
      frame,
      unit: frame[0]!,
      code,
      data: code <= 4 ? dataBytes(code, frame.readUInt16BE(4)) : -1,
    };
    this.send(this.question);
  }

  /** Gives up the question; returns why there is no answer where bytes tell more than silence does. */
  abstract forget(): DeviceFault | undefined;
  protected abstract send(question: Question): void;

  protected answer(frame: Buffer): void {
    this.question = undefined;
    this.emit('data', frame);
  }

  protected fault(fault: DeviceFault): void {
    this.question = undefined;
    this.refuse(fault);
  }
}

/** Does the body of a write's reply (address and value) repeat the request? */
export function echoes(question: Question, bytes: Buffer, at: number): boolean {
  for (let index = 2; index < 6; index += 1) {
    if (bytes[at + index] !== question.frame[index]) return false;
  }
  return true;
}
