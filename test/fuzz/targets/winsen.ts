// The nine-byte frames of gas modules: only frames with a good checksum, the same in any pieces, and of every model in
// every mode numbers that are numbers, or none.

import {
  checksum,
  createFrameReader,
  decode,
  models,
  modeRequest,
  modes,
  readRequest,
} from '../../../drivers/serial/winsen/codec.ts';
import { must, outline, type Target } from '../target.ts';
import { allOf } from './answers.ts';

const framed = (...body: number[]): Uint8Array => {
  const frame = Uint8Array.of(0xff, ...body, 0);
  frame[8] = checksum(frame);
  return frame;
};

export const winsen: Target = {
  name: 'winsen',
  what: 'frames with a good checksum out of a stream, the same in any pieces; values finite and not negative, or none',
  seeds: [
    framed(0x86, 0x02, 0x60, 0x47, 0, 0, 0),
    framed(0x04, 0x03, 0x01, 0x00, 0x10, 0x13, 0x88),
    framed(0x17, 0x04, 0x00, 0x00, 0x25, 0x13, 0x88),
    Buffer.concat([Uint8Array.of(0xff, 0xff, 0), framed(0x86, 0, 0x2a, 0, 0, 0, 0x20)]),
    framed(0x86, 1, 2, 3, 4, 0x3a, 0x98),
    readRequest,
    modeRequest('ask'),
  ],
  words: [framed(0x86, 0, 0, 0, 0, 0, 0), framed(0x04, 0x03, 3, 0xff, 0xff, 0xff, 0xff), Uint8Array.of(0xff)],
  executions: 1_000_000,
  run(bytes) {
    const seen: string[] = [];
    for (const frame of allOf(createFrameReader, bytes)) {
      must(frame.length === 9 && frame[0] === 0xff, 'a frame of nine bytes');
      const sum = frame.subarray(1).reduce((total, byte) => total + byte, 0);
      must(sum % 256 === 0, 'a frame with a bad checksum');
      must(Buffer.from(bytes).includes(Buffer.from(frame)), 'a frame that never came');
      for (const model of models)
        for (const mode of modes) {
          const values = decode(frame, model, mode);
          for (const [name, value] of Object.entries(values ?? {}))
            must(
              value === null || (Number.isFinite(value) && value >= (name === 'temperature' ? -39 : 0)),
              () => `${model} ${mode} ${name}: ${value}`,
            );
          if (seen.length < 12) seen.push(outline(values));
        }
    }
    return seen.join(' ');
  },
  endless: () => {
    const reader = createFrameReader();
    return (bytes) => void reader.push(bytes);
  },
};
