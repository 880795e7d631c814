// A folder shaped like parts of /sys, /proc, /etc and /dev, for code that asks the machine through files. Plain files
// stand for the kernel's; nothing of it behaves.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Tree {
  readonly root: string;
  /** Writes a file, with the folders above it. */
  put(file: string, text: string, mode?: number): void;
  /** A link; `to` is taken as it is. */
  link(file: string, to: string): void;
  remove(): void;
}

export function newTree(files: Readonly<Record<string, string>> = {}): Tree {
  const root = mkdtempSync(path.join(tmpdir(), 'keepwatch-tree-'));
  const place = (file: string): string => {
    const at = path.join(root, file);
    mkdirSync(path.dirname(at), { recursive: true });
    return at;
  };
  const tree: Tree = {
    root,
    put: (file, text, mode = 0o644) => writeFileSync(place(file), text, { mode }),
    link: (file, to) => symlinkSync(to, place(file)),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
  for (const [file, text] of Object.entries(files)) tree.put(file, text);
  return tree;
}
