// Writes a small tar archive in memory, compressed: files only, in the form that every tar reads (POSIX ustar). Knows
// nothing of what is in them.

import { gzipSync } from 'node:zlib';

export interface Packed {
  /** path within the archive, without `..` */
  readonly name: string;
  readonly body: string | Buffer;
}

const block = 512;

export function tarGz(files: readonly Packed[], wallMs: number): Buffer {
  const parts = files.flatMap(({ name, body }) => {
    const bytes = Buffer.from(body);
    const rest = (block - (bytes.length % block)) % block;
    return [header(name, bytes.length, wallMs), bytes, Buffer.alloc(rest)];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * block)]));
}

function header(name: string, size: number, wallMs: number): Buffer {
  const { prefix, rest } = split(name);
  const head = Buffer.alloc(block);
  const octal = (value: number, length: number): string =>
    `${Math.floor(value)
      .toString(8)
      .padStart(length - 1, '0')}\0`;
  head.write(rest, 0, 100, 'utf8');
  head.write(octal(0o600, 8), 100, 'latin1');
  head.write(octal(0, 8), 108, 'latin1');
  head.write(octal(0, 8), 116, 'latin1');
  head.write(octal(size, 12), 124, 'latin1');
  head.write(octal(Math.max(0, wallMs / 1000), 12), 136, 'latin1');
  head.write(' '.repeat(8), 148, 'latin1');
  head.write('0', 156, 'latin1');
  head.write('ustar\u000000', 257, 'latin1');
  head.write(prefix, 345, 155, 'utf8');
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return head;
}

/** A long name is split at a slash; one that can't be is cut. */
function split(name: string): { prefix: string; rest: string } {
  if (Buffer.byteLength(name) <= 100) return { prefix: '', rest: name };
  for (let at = name.indexOf('/'); at > 0; at = name.indexOf('/', at + 1)) {
    const [prefix, rest] = [name.slice(0, at), name.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(rest) <= 100) return { prefix, rest };
  }
  return { prefix: '', rest: Buffer.from(name).subarray(0, 100).toString('utf8').replaceAll('\ufffd', '') };
}
