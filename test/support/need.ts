// Says what of the machine a test needs. On the build server a missing tool is a failure; on a laptop the test
// is left out, with a word why. Knows no test.

import { spawnSync } from 'node:child_process';

/** True where all tools run; false after a message. Throws on the build server. */
export function haveTools(...commands: readonly (readonly [string, ...string[]])[]): boolean {
  const missing = commands.filter(
    ([command, ...args]) => spawnSync(command, args, { stdio: 'ignore' }).status !== 0,
  );
  if (missing.length === 0) return true;
  const text = `missing: ${missing.map((each) => each.join(' ')).join(', ')}`;
  if (process.env.CI === 'true') throw new Error(text);
  console.warn(`left out, ${text}`);
  return false;
}
