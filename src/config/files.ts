// Reads the bytes of a configuration file as text, with one clear fault for each way in which that can go
// wrong. Knows nothing of what the text means.

import { readFileSync, statSync } from 'node:fs';
import type { FaultList, Place } from './faults.ts';

export const largestFileBytes = 1_000_000;

function code(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'error';
}

/** What is wrong when the system refuses a file, and what to do. */
export function accessFault(error: unknown, file: string): readonly [what: string, todo: string] {
  switch (code(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return [`there is no file ${file}`, 'check the path, or create the file'];
    case 'EACCES':
    case 'EPERM':
      return [`${file} may not be read`, 'give the user that runs keepwatch the right to read it'];
    default:
      return [`${file} can't be read (${code(error)})`, 'check the path and the disk'];
  }
}

function columnAndLine(file: string, text: string, offset: number): Place {
  const before = text.slice(0, offset).split('\n');
  return { file, line: before.length, column: before.at(-1)!.length + 1 };
}

/**
 * The text of a file, or undefined after a fault. Faults of access are put at `from`, the place that names
 * the file, where there is one.
 */
export function readText(file: string, faults: FaultList, from?: Place): string | undefined {
  const top: Place = { file, line: 1, column: 1 };
  let bytes: Buffer;
  try {
    const status = statSync(file);
    if (!status.isFile()) {
      faults.fault(from ?? top, `${file} is not a file`, 'name a file, not a folder or a device');
      return undefined;
    }
    if (status.size > largestFileBytes) {
      const size = (status.size / 1e6).toFixed(1);
      faults.fault(from ?? top, `${file} has ${size} MB, more than 1 MB`, 'check that it is the right file');
      return undefined;
    }
    bytes = readFileSync(file);
  } catch (error) {
    faults.fault(from ?? top, ...accessFault(error, file));
    return undefined;
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const lossy = bytes.toString('utf8');
    const place = columnAndLine(file, lossy, Math.max(0, lossy.indexOf('\uFFFD')));
    faults.fault(place, 'this is not UTF-8', 'save the file in the encoding UTF-8');
    return undefined;
  }
  if (text.startsWith('\uFEFF')) {
    faults.fault(top, 'the file begins with a byte order mark', 'save it as UTF-8 without BOM');
    return text.slice(1);
  }
  return text;
}
