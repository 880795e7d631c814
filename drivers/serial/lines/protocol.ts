// Printer and event ports of fire panels: every line of text is held against the points' patterns, and what
// matches is sent on unasked. Which words mean what is the site file's business; framing is in codec.ts.

import * as z from 'zod';
import {
  AddressFault,
  DeviceFault,
  type PointAddress,
  type Raw,
  type Settings,
} from '../../../src/driver.ts';
import type { Protocol } from '../protocol.ts';
import { createLineReader } from './codec.ts';
import type { Encoding } from './decode.ts';
import { compile, SearchTimeout, search } from './pattern.ts';

interface Detail {
  /** values come when the panel speaks, never on request */
  readonly unasked: true;
  readonly match: RegExp;
  readonly clear: RegExp | undefined;
  /** group whose text is the value; undefined: the value is true */
  readonly capture: number | string | undefined;
  readonly as: 'text' | 'number';
}

/** A group's text, or its number; null where the group took no part or holds no number. */
function captured(found: RegExpExecArray, detail: Detail): Raw {
  const capture = detail.capture!;
  const text = (typeof capture === 'number' ? found[capture] : found.groups?.[capture])?.trim();
  if (text === undefined) return null;
  if (detail.as === 'text') return text;
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

/**
 * What one line says of one point; undefined: nothing. A line that clears never sets ("RESET ALARM"); one of which it
 * can't be told in time whether it clears does set: better an alarm too many than one lost. Throws SearchTimeout.
 */
function heard(text: string, detail: Detail, untold: (error: SearchTimeout) => void): Raw | undefined {
  let unclear: SearchTimeout | undefined;
  try {
    if (detail.clear && search(detail.clear, text)) return false;
  } catch (error) {
    if (!(error instanceof SearchTimeout)) throw error;
    unclear = error;
  }
  const found = search(detail.match, text);
  if (!found) {
    if (unclear) throw unclear;
    return undefined;
  }
  if (unclear) untold(unclear);
  return detail.capture === undefined ? true : captured(found, detail);
}

/** Throws AddressFault where the pattern has no such group. */
function checkGroup(pattern: RegExp, capture: number | string): void {
  const groups = new RegExp(`${pattern.source}|`, pattern.flags).exec('')!;
  const known = typeof capture === 'number' ? capture < groups.length : capture in (groups.groups ?? {});
  if (known) return;
  throw new AddressFault(
    'capture',
    `\`match\` has no group ${capture}`,
    'count its brackets from 1, or name one as in (?<loop>\\d+)',
  );
}

function pointOf(point: Settings): Detail {
  if (typeof point.match !== 'string') {
    throw new AddressFault(
      'match',
      'the point does not say which lines it is about',
      'add `match:` with a regular expression',
    );
  }
  const match = compile('match', point.match);
  const clear = typeof point.clear === 'string' ? compile('clear', point.clear) : undefined;
  const capture = point.capture as number | string | undefined;
  if (capture === undefined && point.as !== undefined) {
    throw new AddressFault(
      'as',
      '`as` without `capture`',
      'add `capture:` with the number or name of a group in `match`',
    );
  }
  if (capture !== undefined) {
    if (clear)
      throw new AddressFault(
        'clear',
        'a captured value has no cleared state',
        'take `clear` or `capture` out',
      );
    checkGroup(match, capture);
  }
  return { unasked: true, match, clear, capture, as: (point.as as 'text' | 'number' | undefined) ?? 'text' };
}

function typeOf(detail: Detail): PointAddress['type'] {
  if (detail.capture === undefined) return 'bool';
  return detail.as === 'number' ? 'number' : 'string';
}

export const lines: Protocol = {
  id: 'lines',
  baudRate: 9600,
  single: false,
  keys: {
    bus: {
      encoding: z.enum(['gb18030', 'utf-8', 'latin1']).optional().describe('default utf-8'),
      start: z
        .string()
        .min(1)
        .max(16)
        .optional()
        .describe('what begins a line, such as ":" (AFP-2800) or "\\x1b6" (GST9000); default nothing'),
      end: z
        .string()
        .min(1)
        .max(16)
        .optional()
        .describe('what ends a line, such as ";" or "\\n\\n"; default a line feed or a carriage return'),
    },
    device: {},
    point: {
      match: z.string().optional().describe('regular expression; a line that matches sets the point true'),
      clear: z
        .string()
        .optional()
        .describe('a line that matches this sets the point false, whatever `match` says'),
      capture: z
        .union([z.int().min(1), z.string().min(1)])
        .optional()
        .describe('number or name of the group in `match` whose text becomes the value'),
      as: z.enum(['text', 'number']).optional().describe('what is captured; default text'),
    },
  },
  bus() {},
  point(_bus, _device, point) {
    const detail = pointOf(point);
    return { type: typeOf(detail), space: 'lines', start: 0, length: 1, detail };
  },
  open(bus, host) {
    const link = host.link;
    if (!link) throw new DeviceFault('link', 'the protocol lines needs a line');
    const reader = createLineReader({
      encoding: (bus.encoding as Encoding | undefined) ?? 'utf-8',
      start: bus.start as string | undefined,
      end: bus.end as string | undefined,
    });

    function judge(text: string, point: PointAddress): Raw | undefined {
      const untold = (error: SearchTimeout): void =>
        host.log.error({ code: 'LINE_UNREADABLE', point: point.id, line: text.slice(0, 200) }, error.message);
      try {
        return heard(text, point.detail as Detail, untold);
      } catch (error) {
        if (!(error instanceof SearchTimeout)) throw error;
        // the line may have been an alarm: the point is unknown now, and shows it
        untold(error);
        return null;
      }
    }

    link.onData((bytes) => {
      const { lines: texts, dropped } = reader.push(bytes);
      if (dropped > 0)
        host.log.warn(
          { code: 'LINE_GARBLED', dropped },
          'lines without an end were dropped: check `start`, `end` and the baud rate',
        );
      const values: (readonly [PointAddress, Raw])[] = [];
      for (const text of texts) {
        host.log.debug({ line: text }, 'line');
        for (const point of host.points) {
          const value = judge(text, point);
          if (value !== undefined) values.push([point, value]);
        }
      }
      if (values.length > 0) host.emit(values);
    });
    return { async close() {} };
  },
};
