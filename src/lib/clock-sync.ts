// Is the machine's wall clock disciplined by a time server? Asked of what time servers leave behind, and where they
// leave nothing, of the kernel, by way of systemd: so chrony, ntpd and a PTP or GPS clock count as well.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';

/** systemd-timesyncd touches the first at every synchronisation; the second is for who wants to say it himself. */
const marks = ['/run/systemd/timesync/synchronized', '/run/chrony/synchronized'];
const lookEveryMs = 10_000;
/** asking costs a process or two: seldom, and more often while the answer would be news */
const askSyncedEveryMs = 600_000;
const askUnsyncedEveryMs = 60_000;
const askWithinMs = 5000;

/** What the kernel says (the `STA_UNSYNC` of adjtimex), as `timedatectl` shows it; false where it can't be asked. */
export function askKernel(answer: (synced: boolean) => void): void {
  const words = ['show', '--property=NTPSynchronized', '--value'];
  execFile('timedatectl', words, { timeout: askWithinMs }, (fault, stdout) =>
    answer(fault === null && stdout.trim() === 'yes'),
  );
}

/** Returns a question that costs nothing: it answers from what was last seen, at most ten seconds or ten minutes old. */
export function clockSync(
  steadyMs: () => number,
  ask: (answer: (synced: boolean) => void) => void = askKernel,
  marked: () => boolean = () => marks.some((mark) => existsSync(mark)),
): () => boolean {
  let lookedMs = Number.NEGATIVE_INFINITY;
  let askedMs = Number.NEGATIVE_INFINITY;
  let isMarked = false;
  let kernelSays = false;
  let asking = false;

  const askNow = (nowMs: number): void => {
    askedMs = nowMs;
    asking = true;
    try {
      ask((synced) => {
        asking = false;
        kernelSays = synced;
      });
    } catch {
      // no process could be begun for it: asked again in a while
      asking = false;
    }
  };

  return () => {
    const nowMs = steadyMs();
    if (nowMs - lookedMs <= lookEveryMs) return isMarked || kernelSays;
    lookedMs = nowMs;
    isMarked = marked();
    const everyMs = kernelSays ? askSyncedEveryMs : askUnsyncedEveryMs;
    if (!isMarked && !asking && nowMs - askedMs > everyMs) askNow(nowMs);
    return isMarked || kernelSays;
  };
}
