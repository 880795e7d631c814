// A simulation in a process of its own, as the tests run it: the bundle counts what waits in the event loop, and that must
// be all that is there.

import { spawn } from 'node:child_process';

export interface Outcome {
  readonly status: number | null;
  /** what it printed */
  readonly text: string;
}

export function simulateApart(
  bundled: string,
  asked: readonly string[],
  signal?: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--enable-source-maps', bundled, ...asked], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal && { signal }),
    });
    let text = '';
    const take = (bytes: Buffer): void => {
      text += bytes.toString();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, text }));
  });
}
