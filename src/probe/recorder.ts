// Writes what happens on one line into a text file, as it happens: the form is in docs/probe.md, and the driver
// `recording` reads it. Each line is on the disk when the call returns, so that nothing is lost to Ctrl-C.

import { closeSync, openSync, writeSync } from 'node:fs';
import type { Listener, Tapped } from './tap.ts';
import { hex } from './tap.ts';

/** far more than a day of a busy line that is asked once a second */
export const largestRecordingBytes = 20_000_000;

export interface Recorder {
  readonly listen: Listener;
  /** the file is full, and the rest of what happened is not in it */
  readonly full: boolean;
  close(): void;
}

/** Begins a new file; throws where it is there already. `of` is the driver that speaks on the line. */
export function recorder(file: string, of: string, begun: Date, mostBytes = largestRecordingBytes): Recorder {
  const descriptor = openSync(file, 'wx');
  let bytes = 0;
  let full = false;
  let open = true;
  const write = (line: string): void => {
    if (!open) return;
    const text = Buffer.from(`${line}\n`);
    bytes += text.length;
    writeSync(descriptor, text);
  };
  write('# keepwatch recording 1');
  write(`# ${of}, begun ${begun.toISOString()}`);
  return {
    get full() {
      return full;
    },
    listen(tapped) {
      if (full) return;
      const line = recordLine(tapped);
      if (bytes + line.length + 100 > mostBytes) {
        full = true;
        write(`# full at ${mostBytes} bytes; the line went on`);
      } else write(line);
    },
    close() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}

function recordLine(tapped: Tapped): string {
  const at = tapped.atMs.toFixed(3);
  switch (tapped.what) {
    case 'out':
      return `${at} > ${hex(tapped.bytes)}`;
    case 'in':
      return `${at} < ${hex(tapped.bytes)}`;
    case 'opened': {
      const { settings } = tapped;
      const { kind, ...rest } = settings;
      return `${at} opened ${kind} ${Object.values(rest).join(' ')}`;
    }
    case 'lost':
      return `${at} lost ${tapped.because.replaceAll('\n', ' ')}`;
    case 'closed':
      return `${at} closed`;
  }
}
