// Reads the text of a recorded line (`keepwatch probe --record`; the form is in docs/probe.md) into exchanges:
// what was written, and what came before the next thing was written. Pure; knows no protocol.

export interface Piece {
  /** ms after the request of its exchange */
  readonly afterMs: number;
  readonly bytes: Uint8Array;
}

export interface Exchange {
  /** undefined: what came after the line was opened and before anything was asked */
  readonly request: Uint8Array | undefined;
  readonly pieces: readonly Piece[];
  /** the line was lost in this exchange */
  readonly lost?: { readonly afterMs: number; readonly because: string };
}

export class RecordingFault extends Error {
  constructor(line: number, what: string) {
    super(`line ${line}: ${what}`);
    this.name = 'RecordingFault';
  }
}

const heading = /^# keepwatch recording (\d+)$/;
const entry = /^(\d+(?:\.\d+)?) (>|<|opened|lost|closed)(?: (.*))?$/;

/** The exchanges of a recording, in order. Throws RecordingFault, which names the line. */
export function parseRecording(text: string): Exchange[] {
  const lines = text.split(/\r?\n/);
  const version = heading.exec(lines[0] ?? '')?.[1];
  if (version === undefined) throw new RecordingFault(1, 'this is no recording of a line');
  if (version !== '1') throw new RecordingFault(1, `version ${version} is not known here; 1 is`);
  const exchanges: Exchange[] = [];
  let beganMs = 0;
  let pieces: Piece[] = [];
  let lost = false;
  const begin = (atMs: number, request: Uint8Array | undefined): void => {
    beganMs = atMs;
    pieces = [];
    lost = false;
    exchanges.push({ request, pieces });
  };
  let lastMs = 0;
  for (const [index, line] of lines.entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const match = entry.exec(line);
    if (!match) throw new RecordingFault(index + 1, 'neither a comment nor TIME and what happened');
    const atMs = Number(match[1]);
    if (atMs < lastMs) throw new RecordingFault(index + 1, 'its time is before that of the line above');
    lastMs = atMs;
    const rest = match[3] ?? '';
    if (match[2] === 'opened') begin(atMs, undefined);
    else if (match[2] === '>') begin(atMs, bytesOf(rest, index + 1));
    else if (match[2] === '<') {
      if (lost) throw new RecordingFault(index + 1, 'the line was lost above, and not opened again');
      if (exchanges.length === 0) begin(atMs, undefined);
      pieces.push({ afterMs: atMs - beganMs, bytes: bytesOf(rest, index + 1) });
    } else if (match[2] === 'lost') {
      const last = exchanges.pop() ?? { request: undefined, pieces };
      exchanges.push({ ...last, lost: { afterMs: atMs - beganMs, because: rest } });
      lost = true;
    }
  }
  return exchanges;
}

function bytesOf(text: string, line: number): Uint8Array {
  if (!/^[0-9a-f]{2}( [0-9a-f]{2})*$/i.test(text))
    throw new RecordingFault(line, 'no bytes such as 01 04 FF');
  return Uint8Array.from(text.split(' '), (byte) => Number.parseInt(byte, 16));
}
