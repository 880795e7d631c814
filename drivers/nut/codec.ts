// The text protocol of NUT's upsd, to and from values; pure. Commands, replies and error words: Network UPS Tools,
// developer guide, chapter 9 (also RFC 9271). Knows no socket and no time.

/** Words of `ups.status` that drivers of NUT report (new-drivers.txt, status data). */
export const statusFlags = [
  'OL',
  'OB',
  'LB',
  'HB',
  'RB',
  'CHRG',
  'DISCHRG',
  'BYPASS',
  'CAL',
  'OFF',
  'OVER',
  'TRIM',
  'BOOST',
  'FSD',
  'ALARM',
  'COMMOK',
  'ECO',
  'TEST',
] as const;

/** Names of UPSs and variables: no blank, quote or line end can be in a command. */
export const upsName = /^[A-Za-z0-9._-]{1,64}$/;
export const variableName = /^[a-z][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)+$/;

function quoted(text: string): string {
  return `"${text.replaceAll(/(["\\])/g, '\\$1')}"`;
}

export const commands = {
  list: (ups: string): string => `LIST VAR ${ups}\n`,
  get: (ups: string, variable: string): string => `GET VAR ${ups} ${variable}\n`,
  username: (name: string): string => `USERNAME ${quoted(name)}\n`,
  password: (word: string): string => `PASSWORD ${quoted(word)}\n`,
} as const;

/** The words of a line; quoted ones without their quotes. Undefined where a quote does not end. */
export function words(line: string): string[] | undefined {
  const found: string[] = [];
  let rest = line.trimStart();
  while (rest !== '') {
    const match = /^"((?:[^"\\]|\\.)*)"(?=\s|$)|^([^\s"]+)(?=\s|$)/.exec(rest);
    if (!match) return undefined;
    found.push(match[2] ?? match[1]!.replaceAll(/\\(.)/g, '$1'));
    rest = rest.slice(match[0].length).trimStart();
  }
  return found;
}

export type Variables = ReadonlyMap<string, string>;

export type Reply =
  | { readonly type: 'ok' }
  | { readonly type: 'variables'; readonly ups: string; readonly values: Variables }
  /** `ERR WORD`, such as DATA-STALE */
  | { readonly type: 'error'; readonly word: string }
  | { readonly type: 'garbled'; readonly line: string };

export interface ReplyReader {
  /** Takes the next bytes, in any pieces; gives the replies that they complete, in the order of the commands. */
  push(bytes: Uint8Array): readonly Reply[];
  /** Did anything come of a reply that is not whole? */
  readonly begun: boolean;
}

/** A list of a UPS with every variable there is has some 10 KB. */
const mostPendingCharacters = 65_536;
const mostVariables = 2000;

/** Puts the lines of upsd together to replies. */
export function createReplyReader(): ReplyReader {
  const decoder = new TextDecoder('utf-8');
  let pending = '';
  let list: { readonly ups: string; readonly values: Map<string, string> } | undefined;

  function take(line: string): Reply | undefined {
    const parts = words(line);
    if (!parts || parts.length === 0) return line.trim() === '' ? undefined : { type: 'garbled', line };
    const [first, second, third, ups] = parts;
    if (first === 'ERR') {
      // also in the midst of a list: what came of it is not the whole
      list = undefined;
      return { type: 'error', word: second ?? 'UNKNOWN' };
    }
    if (list) {
      if (first === 'VAR' && second === list.ups && parts.length === 4 && list.values.size < mostVariables) {
        list.values.set(third!, parts[3]!);
        return undefined;
      }
      const { ups: of, values } = list;
      list = undefined;
      const ended = first === 'END' && second === 'LIST' && third === 'VAR' && ups === of;
      return ended ? { type: 'variables', ups: of, values } : { type: 'garbled', line };
    }
    if (first === 'BEGIN' && second === 'LIST' && third === 'VAR' && parts.length === 4) {
      list = { ups: ups!, values: new Map() };
      return undefined;
    }
    if (first === 'VAR' && parts.length === 4) {
      return { type: 'variables', ups: second!, values: new Map([[third!, parts[3]!]]) };
    }
    return first === 'OK' ? { type: 'ok' } : { type: 'garbled', line };
  }

  return {
    get begun() {
      return pending !== '' || list !== undefined;
    },
    push(bytes) {
      pending += decoder.decode(bytes, { stream: true });
      const lines = pending.split('\n');
      pending = lines.pop()!;
      const replies = lines.map((line) => take(line)).filter((reply) => reply !== undefined);
      if (pending.length > mostPendingCharacters) {
        replies.push({ type: 'garbled', line: `${pending.slice(0, 80)}…` });
        pending = '';
      }
      return replies;
    },
  };
}

/** What a point shows of a UPS. */
export type Want =
  | { readonly type: 'flag'; readonly flag: string }
  | { readonly type: 'number' | 'text'; readonly variable: string };

/** A point's value; null where the UPS has no such variable, or does not know yet. */
export function shownValue(variables: Variables, want: Want): boolean | number | string | null {
  if (want.type === 'flag') {
    const flags = (variables.get('ups.status') ?? '').split(/\s+/).filter((word) => word !== '');
    // WAIT: the driver has begun and not heard of its UPS
    return flags.length === 0 || flags.includes('WAIT') ? null : flags.includes(want.flag);
  }
  const text = variables.get(want.variable);
  if (text === undefined) return null;
  if (want.type === 'text') return text;
  return /^[+-]?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : null;
}
