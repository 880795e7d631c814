// The installed service of this machine: where its unit looks for a site and may write, and how it is started. Knows
// nothing of what is in a site file.

import { existsSync } from 'node:fs';
import type { Language } from '../core/types.ts';
import { lastWords, run } from '../update/run.ts';

export const service = { folder: '/etc/keepwatch', data: '/var/lib/keepwatch' };
const unit = 'keepwatch.service';
/** The unit gives itself up after 90 s. */
const startWithinMs = 100_000;

/** Throws with a hint where there is none, or where it is not for this user to start. */
export function mustBeStartable(): void {
  const because = (message: string, hint: string) => Object.assign(new Error(message), { hint });
  if (process.getuid?.() !== 0) throw because('only root may start the service', 'run it with sudo');
  if (!existsSync(service.folder))
    throw because(
      'the service is not installed here',
      'install the package first: apt install ./keepwatch_….deb',
    );
}

/** Comes back when every line was opened, or it was said why not, and the loop has gone round once; gives a word on it. */
export async function startService(language: Language): Promise<string> {
  const { code, stderr } = await run(['systemctl', 'start', unit], startWithinMs);
  if (code !== 0)
    throw Object.assign(
      new Error(`the site file is written, but the daemon does not start: ${lastWords(stderr)}`),
      { hint: 'look at: journalctl -u keepwatch -n 50' },
    );
  return language === 'zh' ? 'keepwatch: 已启动，正在值守' : 'keepwatch: the daemon runs and watches';
}
