// What takes long is made in a process of its own: the command line's program, asked as a person would ask it, one after
// the other and with limits, so that the daemon's loop never waits for it and no memory of it stays. Knows neither what
// is asked nor who wants it.

import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { papers as limits } from './limits.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { createPlaces } from './places.ts';
import { Refusal } from './types.ts';

const behind = 10;
const tooMuch = { zh: '用时太长，或内容太大', en: 'it took too long, or became too large' } as const;
const stopping = { zh: '网关正在停止', en: 'the daemon is stopping' } as const;

export interface Done {
  readonly code: number | null;
  readonly output: Buffer;
  readonly words: string;
}

export interface Work {
  /** Runs the program with these words for somebody; `input` goes to its standard input. Rejects with a Refusal. */
  run(whose: string, argv: readonly string[], input?: string): Promise<Done>;
  close(): void;
}

export function createWork(program: string): Work {
  const turns = oneAtATime(limits.mostWaiting);
  const places = createPlaces(limits.mostOfOne);
  let closed = false;
  const children = new Set<ChildProcess>();

  const start = (argv: readonly string[], input: string | undefined): Promise<Done> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, ...argv], {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { ...process.env, NODE_OPTIONS: '', NOTIFY_SOCKET: '', WATCHDOG_PID: '' },
      });
      children.add(child);
      try {
        if (child.pid !== undefined) setPriority(child.pid, behind);
      } catch {
        // it is only slower than it could be for the others
      }
      const output: Buffer[] = [];
      let bytes = 0;
      let words = '';
      const stop = setTimeout(() => child.kill('SIGKILL'), limits.longestMs);
      child.stdout.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > limits.mostBytes) child.kill('SIGKILL');
        else output.push(piece);
      });
      child.stderr.setEncoding('utf8').on('data', (piece: string) => {
        words = (words + piece).slice(-4000);
      });
      child.stdin.on('error', () => {}); // it has ended before it read all
      child.stdin.end(input ?? '');
      child.once('error', (error) =>
        reject(
          new Refusal(503, 'failed', {
            zh: `无法启动（${(error as NodeJS.ErrnoException).code ?? 'error'}）：请过几秒再试`,
            en: `it can't be started (${(error as NodeJS.ErrnoException).code ?? 'error'}): try again in some seconds`,
          }),
        ),
      );
      child.once('close', (code) => {
        clearTimeout(stop);
        children.delete(child);
        if (code === null) reject(new Refusal(503, 'failed', tooMuch));
        else resolve({ code, output: Buffer.concat(output), words });
      });
    });

  return {
    async run(whose, argv, input) {
      if (closed) throw new Refusal(503, 'busy', stopping);
      return places.hold(whose, () => turns.run(() => start(argv, input)));
    },
    close() {
      closed = true;
      for (const child of children) child.kill('SIGKILL');
    },
  };
}
