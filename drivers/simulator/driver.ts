// The `simulator` driver: devices without hardware, for trying a site file out. Points follow a script,
// outputs remember what they were driven to. A driver like any other: the house must not be able to tell.

import * as z from 'zod';
import { AddressFault, DeviceFault, type Driver, type Raw, type Settings } from '../../src/driver.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { type Cue, type Script, toMs, valueAt } from './script.ts';

const rawKey = z.union([z.boolean(), z.number(), z.string()], {
  error: 'not a value; write a number, true, false or a text',
});
const durationKey = z.union([z.string(), z.number().min(0)], {
  error: 'not a duration; write 500ms, 3s or 10m',
});

interface Detail {
  readonly script: Script;
}

function ms(key: string, duration: unknown): number {
  const found = toMs(duration as string | number);
  if (found === undefined) {
    throw new AddressFault(
      key,
      `${JSON.stringify(duration)} is not a duration`,
      'write 500ms, 3s or 10m, or milliseconds',
    );
  }
  return found;
}

function scriptOf(point: Settings): Script {
  const first = point.value as Raw;
  const listed = (point.script as readonly { at: string | number; value: Raw }[] | undefined) ?? [];
  const cues: Cue[] = listed.map((cue) => ({ atMs: ms('script', cue.at), value: cue.value }));
  for (const [index, cue] of cues.entries()) {
    if (index > 0 && cue.atMs < cues[index - 1]!.atMs) {
      throw new AddressFault(
        'script',
        'its times go backwards',
        'sort the list by `at`, counted from the start',
      );
    }
    if (cue.value !== null && typeof cue.value !== typeof first) {
      throw new AddressFault(
        'script',
        `${JSON.stringify(cue.value)} is not a ${typeof first} as \`value\` is`,
        'write values of one type; null for no value',
      );
    }
  }
  const repeatMs = point.repeat === undefined ? undefined : ms('repeat', point.repeat);
  if (repeatMs !== undefined && repeatMs <= (cues.at(-1)?.atMs ?? 0)) {
    throw new AddressFault(
      'repeat',
      'it begins anew before its script is over',
      'make it longer than the last `at`',
    );
  }
  return { first, cues, repeatMs };
}

/** The driver with a clock of the caller's choice. */
export function createSimulator(clock: Clock): Driver {
  return {
    id: 'simulator',
    summary: 'Devices without hardware: points that follow a script, outputs that remember',
    keys: {
      bus: {},
      device: {},
      point: {
        value: rawKey.describe('value at first'),
        script: z
          .array(z.strictObject({ at: durationKey, value: rawKey.nullable() }))
          .optional()
          .describe('later values, by time since the start; null for no value'),
        repeat: durationKey.optional().describe('begins anew after this long'),
      },
      output: {},
    },
    link: () => undefined,
    limits: { most: 1, gap: 0, even: false },
    claims: () => [],
    point(_bus, _device, point) {
      const script = scriptOf(point);
      const type = typeof script.first === 'boolean' ? 'bool' : (typeof script.first as 'number' | 'string');
      return { type, space: 'simulator', start: 0, length: 1, detail: { script } satisfies Detail };
    },
    output: () => ({ detail: {} }),
    async open() {
      const openedMs = clock.steadyMs();
      const driven = new Map<string, boolean>();
      let closed = false;
      const check = (): void => {
        if (closed) throw new DeviceFault('link', 'the simulator is closed');
      };
      return {
        async read(request) {
          check();
          const elapsedMs = clock.steadyMs() - openedMs;
          return request.points.map((point) => valueAt((point.detail as Detail).script, elapsedMs));
        },
        async drive(output, value) {
          check();
          driven.set(output.id, value);
        },
        async observe(output) {
          check();
          return driven.get(output.id) ?? false;
        },
        async close() {
          closed = true;
        },
      };
    },
  };
}

export const simulator: Driver = createSimulator(systemClock());
