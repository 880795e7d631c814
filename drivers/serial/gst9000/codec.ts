// The printer stream of GST (海湾) GST9000 fire panels, blocks of GB18030 text between escape codes, to events; pure.
// Two copies of one vendor note (bingoex.cn/news/119, vgte.net/zjwx/230): what it says of byte offsets does not hold
// for every event, so the text is matched. Knows no points and no link.

import { createDecoder } from '../lines/decode.ts';

export type GstEvent =
  | {
      readonly type: 'fire';
      /** 首次火警, the first since the reset; else 火警后续, a further one */
      readonly first: boolean;
      /** null where the block names none */
      readonly loop: number | null;
      readonly point: number | null;
      readonly location: string;
      /** what kind of detector, in the panel's words */
      readonly detector: string;
    }
  | { readonly type: 'reset' };

const firstFire = '首次火警';
const furtherFire = '火警后续';
const systemReset = '系统复位';
/** printer commands: larger letters, smaller letters */
const codes = /\x1b[0-9A-Za-z@]/g;

/** The event of a block, from its ESC 6 to its end; undefined where it holds none that is known. */
export function parseBlock(block: string): GstEvent | undefined {
  const lines = block
    .replaceAll(codes, '')
    .split('\n')
    .map((line) => line.trim());
  const at = lines.findIndex((line) => line.includes(firstFire) || line.includes(furtherFire));
  // a block that holds both is a fire: what was reset may burn again, what burns is not over
  if (at >= 0) {
    const place = /(?<!\d)(\d{1,3})-(\d{1,3})(?!\d)/.exec(lines.slice(0, at).join('\n'));
    return {
      type: 'fire',
      first: lines[at]!.includes(firstFire),
      loop: place ? Number(place[1]) : null,
      point: place ? Number(place[2]) : null,
      location: lines[at + 1] ?? '',
      detector: lines[at + 2] ?? '',
    };
  }
  return lines.some((line) => line.includes(systemReset)) ? { type: 'reset' } : undefined;
}

export interface BlockReader {
  /** Takes the next bytes; gives the blocks that they complete, in order. */
  push(bytes: Uint8Array): { readonly blocks: readonly string[]; readonly dropped: number };
}

const begin = '\x1b6';
/** A longer block is dropped, and the next beginning is sought. */
export const mostCharacters = 4096;

/** Where the block that begins `text` ends: at its blank line, at the next block, or with the line of a reset. */
function endOf(text: string): number {
  const ends = [text.indexOf('\n\n'), text.indexOf(begin, begin.length)].filter((at) => at >= 0);
  // no document shows how the block of a reset ends, and nothing may follow it for days
  const reset = text.indexOf(systemReset);
  const line = reset < 0 ? -1 : text.indexOf('\n', reset);
  if (line >= 0) ends.push(line);
  return ends.length === 0 ? -1 : Math.min(...ends);
}

export function createBlockReader(): BlockReader {
  // decoded before it is cut: in GB18030 a digit may be part of a character
  const decode = createDecoder('gb18030');
  let pending = '';
  return {
    push(bytes) {
      pending += decode(bytes).replaceAll('\r', '');
      const blocks: string[] = [];
      let dropped = 0;
      for (;;) {
        const at = pending.indexOf(begin);
        // its first half may be the last character so far
        if (at < 0) {
          pending = pending.endsWith(begin[0]!) ? begin[0]! : '';
          break;
        }
        pending = pending.slice(at);
        const end = endOf(pending);
        if (end < 0) {
          if (pending.length <= mostCharacters) break;
          dropped++;
          pending = pending.slice(begin.length);
          continue;
        }
        blocks.push(pending.slice(begin.length, end));
        pending = pending.slice(end);
      }
      return { blocks, dropped };
    },
  };
}
