// Runs the system's programs for an update, apart from the terminal: neither Ctrl-C nor a connection that drops may
// end dpkg half way. Knows no package.

import { spawn } from 'node:child_process';

export interface Ran {
  /** null: ended by a signal, or not in time */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const mostBytes = 64 * 1024 * 1024;

export function run(argv: readonly string[], withinMs = 600_000): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(argv[0]!, argv.slice(1), {
      cwd: '/',
      env: {
        ...process.env,
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        LC_ALL: 'C.UTF-8',
        DEBIAN_FRONTEND: 'noninteractive',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        if (said[name].length < mostBytes) said[name] += text;
      });
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
    child.once('error', ({ message }) => {
      clearTimeout(timer);
      resolve({ code: 127, stdout: '', stderr: message });
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, ...said });
    });
  });
}

/**
 * Locks an open file, for as long as it stays open here: `flock` locks what it was handed, which is the same open file.
 * False: another process has it locked.
 */
export function lockWasTaken(descriptor: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn('/usr/bin/flock', ['--nonblock', '3'], {
      cwd: '/',
      stdio: ['ignore', 'ignore', 'ignore', descriptor],
    });
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0));
  });
}

/** What it wrote; throws with its last words where it failed. */
export async function must(argv: readonly string[], withinMs?: number): Promise<string> {
  const { code, stdout, stderr } = await run(argv, withinMs);
  if (code !== 0) throw new Error(`${argv.slice(0, 2).join(' ')} failed: ${lastWords(stderr || stdout)}`);
  return stdout.trim();
}

export const lastWords = (text: string): string =>
  text.trim().split('\n').slice(-3).join(' · ') || 'it said nothing';
