// Faults: collected while a site is loaded, all of them, and shown one to a line. Knows nothing of YAML, of
// schemas or of what a site means.

import type { Fault } from './types.ts';

/** Where in a file; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface FaultList {
  fault(place: Place, what: string, todo: string): void;
  warn(place: Place, what: string, todo: string): void;
  /** From here on this text is never shown in a fault. */
  conceal(secret: string): void;
  /** Is there anything worse than a warning so far? */
  broken(): boolean;
  /** Each fault once, in order of file, line and column. */
  sorted(): readonly Fault[];
}

/** Secrets shorter than this are not looked for in other words: `a` would be everywhere. */
const shortestConcealed = 4;

/** A list to collect faults in; the file named here comes first in the order. */
export function faultList(firstFile: string): FaultList {
  const found = new Map<string, Fault>();
  const secrets: string[] = [];
  const clean = (text: string): string => {
    let shown = text;
    for (const secret of secrets) shown = shown.replaceAll(secret, '(secret)');
    return shown.replace(/\s+/g, ' ').trim();
  };
  const add = (severity: Fault['severity'], place: Place, what: string, todo: string): void => {
    const { file, line, column } = place;
    const fault: Fault = { severity, file, line, column, what, todo };
    found.set(JSON.stringify([file, line, column, what]), fault);
  };
  return {
    fault: (place, what, todo) => add('fault', place, what, todo),
    warn: (place, what, todo) => add('warning', place, what, todo),
    conceal(secret) {
      if (secret.length >= shortestConcealed && !secrets.includes(secret)) secrets.push(secret);
    },
    broken: () => [...found.values()].some((fault) => fault.severity === 'fault'),
    sorted: () =>
      [...found.values()]
        .map((fault) => ({ ...fault, what: clean(fault.what), todo: clean(fault.todo) }))
        .sort(
          (a, b) =>
            Number(a.file !== firstFile) - Number(b.file !== firstFile) ||
            (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
            a.line - b.line ||
            a.column - b.column,
        ),
  };
}

/** For people: what must be mended before what may be. */
export function faultsFirst(faults: readonly Fault[]): readonly Fault[] {
  const isFault = ({ severity }: Fault): boolean => severity === 'fault';
  return [...faults.filter(isFault), ...faults.filter((fault) => !isFault(fault))];
}

/** `file:line:col: what; what to do`, with `warning:` before the words of a warning. */
export function formatFault(fault: Fault): string {
  const mark = fault.severity === 'warning' ? 'warning: ' : '';
  return `${fault.file}:${fault.line}:${fault.column}: ${mark}${fault.what}; ${fault.todo}`;
}
