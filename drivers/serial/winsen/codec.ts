// The nine-byte frames of Winsen's gas modules, asked for and sent unasked, to and from values; pure. Layouts:
// MH-Z19B manual p. 7, ZE07-CO p. 5, ZE07-CH2O p. 5; two public drivers agree on the ZE07-CO's answer. Knows no
// port, no time and no site file.

export const models = ['mh-z19b', 'ze07-co', 'ze08-ch2o'] as const;
export const modes = ['ask', 'upload'] as const;
export type Model = (typeof models)[number];
export type Mode = (typeof modes)[number];

export const frameLength = 9;
const start = 0xff;
const readCommand = 0x86;
const switchCommand = 0x78;

/** Two's complement of the sum of bytes 1 to 7. */
export function checksum(frame: Uint8Array): number {
  let sum = 0;
  for (let index = 1; index < 8; index++) sum += frame[index]!;
  return -sum & 0xff;
}

function command(number: number, argument: number): Uint8Array {
  const frame = Uint8Array.of(start, 0x01, number, argument, 0, 0, 0, 0, 0);
  frame[8] = checksum(frame);
  return frame;
}

/** Asks for the concentration. */
export const readRequest: Uint8Array = command(readCommand, 0);

/** Tells a ZE module to answer questions, or to send a frame each second. It stays so through a power cut. */
export function modeRequest(mode: Mode): Uint8Array {
  return command(switchCommand, mode === 'ask' ? 0x41 : 0x40);
}

/**
 * What a point of each model can show, in each mode it has. carbonDioxide and carbonMonoxide: ppm; formaldehyde:
 * ppb; formaldehydeMass: µg/m³; temperature: °C inside the module; fullRange: in the unit of the concentration.
 */
export const names = {
  'mh-z19b': { ask: ['carbonDioxide', 'temperature'] },
  'ze07-co': { ask: ['carbonMonoxide'], upload: ['carbonMonoxide', 'fullRange'] },
  'ze08-ch2o': { ask: ['formaldehyde', 'formaldehydeMass'], upload: ['formaldehyde', 'fullRange'] },
} as const satisfies Record<Model, Partial<Record<Mode, readonly string[]>>>;

export type Values = Readonly<Record<string, number | null>>;

/** what the second and third byte of an unasked frame say: gas and unit */
const uploads: Partial<Record<Model, { gas: number; unit: number; name: string }>> = {
  'ze07-co': { gas: 0x04, unit: 0x03, name: 'carbonMonoxide' },
  'ze08-ch2o': { gas: 0x17, unit: 0x04, name: 'formaldehyde' },
};

/** The MH-Z19B sends this in bytes 6 and 7 until it has warmed up; what it measures then means nothing. */
const bootMark = 15_000;
const mostDecimals = 3;

function word(frame: Uint8Array, at: number): number {
  return frame[at]! * 256 + frame[at + 1]!;
}

function answered(frame: Uint8Array, model: Model): Values {
  switch (model) {
    case 'mh-z19b': {
      const ready = word(frame, 6) !== bootMark;
      return {
        carbonDioxide: ready ? word(frame, 2) : null,
        // no manual has it: a reply as they print it is zero there
        temperature: ready && frame[4] !== 0 ? frame[4]! - 40 : null,
      };
    }
    case 'ze07-co':
      return { carbonMonoxide: word(frame, 2) / 10 };
    case 'ze08-ch2o':
      return { formaldehydeMass: word(frame, 2), formaldehyde: word(frame, 6) };
  }
}

/** The values in a whole frame with a good checksum; undefined where it is none of this model in this mode. */
export function decode(frame: Uint8Array, model: Model, mode: Mode): Values | undefined {
  if (mode === 'ask') return frame[1] === readCommand ? answered(frame, model) : undefined;
  const upload = uploads[model];
  const decimals = frame[3]!;
  if (!upload || frame[1] !== upload.gas || frame[2] !== upload.unit || decimals > mostDecimals)
    return undefined;
  // the module itself says how many decimals it sends: a tenth read as a whole is an alarm, not a silence
  const scale = 10 ** decimals;
  return { [upload.name]: word(frame, 4) / scale, fullRange: word(frame, 6) / scale };
}

export interface FrameReader {
  /** Takes the next bytes, in any pieces; gives the whole frames with a good checksum, in order. */
  push(bytes: Uint8Array): readonly Uint8Array[];
}

/** Finds frames in a stream: 0xFF begins one, but stands inside frames and in noise as well. */
export function createFrameReader(): FrameReader {
  let pending = new Uint8Array(0);
  return {
    push(bytes) {
      const stream = new Uint8Array(pending.length + bytes.length);
      stream.set(pending);
      stream.set(bytes, pending.length);
      const frames: Uint8Array[] = [];
      let at = 0;
      while (at < stream.length) {
        if (stream[at] !== start) {
          at++;
          continue;
        }
        if (stream.length - at < frameLength) break;
        const frame = stream.slice(at, at + frameLength);
        if (frame[8] === checksum(frame)) {
          frames.push(frame);
          at += frameLength;
        } else {
          at++;
        }
      }
      pending = stream.slice(at);
      return frames;
    },
  };
}
