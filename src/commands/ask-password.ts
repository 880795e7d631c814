// Asks for a new password: at a terminal twice and without showing it, else one line of standard input. Knows no user and
// keeps nothing.

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { say, UsageFault } from './verb.ts';

const tries = 3;

/** Gives a password with no fault; throws UsageFault where none comes. */
export async function askPassword(
  who: string,
  faultOf: (password: string) => string | undefined,
): Promise<string> {
  if (process.stdin.isTTY !== true) {
    const password = await line('');
    const fault = faultOf(password);
    if (fault !== undefined) throw new UsageFault(fault);
    return password;
  }
  for (let left = tries; left > 0; left -= 1) {
    const password = await line(`password of ${who}: `);
    const fault = faultOf(password);
    if (fault !== undefined) say(fault);
    else if ((await line('once more: ')) === password) return password;
    else say('the two differ');
  }
  throw new UsageFault('no password was given');
}

/** One line of standard input; what is typed is not shown. */
function line(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = process.stdin.isTTY === true;
  const reading = createInterface({ input: process.stdin, output: silent, terminal });
  return new Promise((resolve, reject) => {
    let answered = false;
    const end = (): void => {
      if (prompt !== '') process.stderr.write('\n');
      reading.close();
    };
    reading.once('line', (text) => {
      answered = true;
      end();
      resolve(text);
    });
    reading.once('SIGINT', () => {
      end();
      reject(new UsageFault('given up'));
    });
    reading.once('close', () => {
      if (!answered) reject(new UsageFault('no password was given'));
    });
  });
}
