// The conversation with a Winsen gas module: asked for each reading, or listened to while it sends one frame a
// second. Knows neither polling nor limits; the bytes are in codec.ts.

import * as z from 'zod';
import {
  AddressFault,
  DeviceFault,
  type Host,
  type PointAddress,
  type Raw,
  type Settings,
} from '../../../src/driver.ts';
import { type AnswerReader, createAsker } from '../ask.ts';
import { readKey } from '../keys.ts';
import type { Protocol } from '../protocol.ts';
import {
  createFrameReader,
  decode,
  type FrameReader,
  type Mode,
  type Model,
  models,
  modeRequest,
  modes,
  names,
  readRequest,
  type Values,
} from './codec.ts';

interface Detail {
  readonly name: string;
}

function modelOf(bus: Settings): Model {
  if (typeof bus.model === 'string') return bus.model as Model;
  throw new AddressFault(
    'model',
    'the bus does not say which module is on it',
    `add \`model:\`, one of ${models.join(', ')}`,
  );
}

/** As the site says, else as the module comes from the factory. */
function modeOf(bus: Settings, model: Model): Mode {
  const mode = (bus.mode as Mode | undefined) ?? (model === 'mh-z19b' ? 'ask' : 'upload');
  if (mode in names[model]) return mode;
  throw new AddressFault('mode', `a ${model} sends nothing unasked`, 'write `mode: ask`, or take `mode` out');
}

function namesOf(model: Model, mode: Mode): readonly string[] {
  return (names[model] as Partial<Record<Mode, readonly string[]>>)[mode] ?? [];
}

function valuesOf(points: readonly PointAddress[], values: Values): readonly Raw[] {
  return points.map((point) => values[(point.detail as Detail).name] ?? null);
}

/** The newest reading in the frames that come; remembers what else came, to say so. */
function reading(reader: FrameReader, model: Model, mode: Mode): AnswerReader<Values> {
  let heard = false;
  let otherMode = false;
  return {
    push(bytes) {
      heard = true;
      const frames = reader.push(bytes);
      const other: Mode = mode === 'ask' ? 'upload' : 'ask';
      otherMode ||= frames.some((frame) => decode(frame, model, other) !== undefined);
      const found = frames.map((frame) => decode(frame, model, mode)).filter((each) => each !== undefined);
      const newest = found.at(-1);
      return newest ? { answer: newest } : undefined;
    },
    late() {
      if (otherMode) {
        const hint = mode === 'ask' ? 'it sends unasked: set `mode: upload`' : 'it answers: set `mode: ask`';
        return new DeviceFault('foreign', `the module is in the other mode; ${hint}, or \`setMode: true\``);
      }
      if (heard) return new DeviceFault('garbled', `bytes came, but no frame of a ${model}`);
      return new DeviceFault('timeout', mode === 'ask' ? 'no answer to 0x86' : 'the module sends nothing');
    },
  };
}

export const winsen: Protocol = {
  id: 'winsen',
  baudRate: 9600,
  single: true,
  keys: {
    bus: {
      model: z.enum(models).optional().describe('which module is on the line'),
      mode: z
        .enum(modes)
        .optional()
        .describe(
          'ask: it is asked for each reading; upload: it sends one each second; default as it comes from the factory',
        ),
      setMode: z
        .boolean()
        .optional()
        .describe('true: the module is switched to `mode` whenever the line is opened; default false'),
    },
    device: {},
    point: {
      read: readKey('carbonDioxide, temperature, carbonMonoxide, formaldehyde, formaldehydeMass, fullRange'),
    },
  },
  bus(bus) {
    const model = modelOf(bus);
    modeOf(bus, model);
    if (bus.setMode === true && model === 'mh-z19b') {
      throw new AddressFault('setMode', 'a mh-z19b has one mode only', 'take `setMode` out');
    }
  },
  point(bus, _device, point) {
    const model = modelOf(bus);
    const mode = modeOf(bus, model);
    const known = namesOf(model, mode);
    const name = point.read as string | undefined;
    if (name === undefined || !known.includes(name)) {
      const what =
        name === undefined
          ? 'the point does not say what to read'
          : `a ${model} in mode ${mode} has no "${name}"`;
      throw new AddressFault('read', what, `write \`read: NAME\`, NAME one of ${known.join(', ')}`);
    }
    const detail: Detail = { name };
    return { type: 'number', space: 'frame', start: 0, length: 1, detail };
  },
  open(bus: Settings, host: Host) {
    const link = host.link;
    if (!link) throw new DeviceFault('link', 'the protocol winsen needs a line');
    const model = modelOf(bus);
    const mode = modeOf(bus, model);
    const reader = createFrameReader();
    const asker = createAsker(link, (bytes) => {
      const frames = reader.push(bytes);
      // asked for, and too late: not to be taken for the answer to the next question
      if (mode === 'ask') return;
      const emitted = frames
        .map((frame) => decode(frame, model, mode))
        .filter((values) => values !== undefined)
        .flatMap((values) => {
          const raws = valuesOf(host.points, values);
          return host.points.map((point, index) => [point, raws[index]!] as const);
        });
      if (emitted.length > 0) host.emit(emitted);
    });
    if (bus.setMode === true) link.write(modeRequest(mode));
    return {
      // in mode upload a read waits for the next frame: a module that has died is noticed like one that was asked
      async read(request, signal): Promise<readonly Raw[]> {
        const question = mode === 'ask' ? readRequest : undefined;
        const values = await asker.ask(question, reading(reader, model, mode), signal);
        return valuesOf(request.points, values);
      },
      async close() {
        asker.close();
      },
    };
  },
};
