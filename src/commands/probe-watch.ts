// What reading and scanning share: the options of the verb, links that are shown or kept as they are used, and a
// clean end at Ctrl-C. Knows no driver.

import { type LinkOpener, openLink } from '../devices/link.ts';
import type { Clock } from '../lib/clock.ts';
import { type Recorder, recorder } from '../probe/recorder.ts';
import { tapped, traceLine } from '../probe/tap.ts';
import { say, UsageFault } from './verb.ts';

export interface ProbeOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly lang?: string;
  readonly trace?: boolean;
  readonly record?: string;
  /** ms */
  readonly for?: number;
  readonly scan?: boolean;
  readonly path?: string;
  readonly host?: string;
  readonly port?: number;
  readonly from?: number;
  readonly to?: number;
  readonly bauds?: readonly number[];
  readonly parities?: readonly ('none' | 'even' | 'odd')[];
  /** ms */
  readonly timeout?: number;
  readonly exhaustive?: boolean;
}

export interface Watched {
  readonly openLink: LinkOpener;
  /** Ends the recording and says what is in it. */
  done(): void;
}

/** The opener of links, with the trace and the recording that were asked for. `of` is the driver on the line. */
export function watchedLinks(
  options: Pick<ProbeOptions, 'trace' | 'record'>,
  of: string,
  clock: Clock,
): Watched {
  let kept: Recorder | undefined;
  if (options.record !== undefined) {
    try {
      kept = recorder(options.record, of, new Date(clock.wallMs()));
    } catch (error) {
      const there = (error as NodeJS.ErrnoException).code === 'EEXIST';
      const why = there ? 'it is there already; name another' : (error as Error).message;
      throw new UsageFault(`can't record into ${options.record}: ${why}`);
    }
  }
  if (!options.trace && !kept) return { openLink, done() {} };
  return {
    openLink: tapped(openLink, clock, (what) => {
      if (options.trace) say(traceLine(what));
      kept?.listen(what);
    }),
    done() {
      if (!kept) return;
      kept.close();
      say(`recorded in ${options.record}${kept.full ? '; it was full before the end' : ''}`);
    },
  };
}

/** Aborted by the first Ctrl-C or SIGTERM; the second ends the program at once. */
export function interruption(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const stop = (): void => {
    release();
    controller.abort();
  };
  const release = (): void => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return { signal: controller.signal, release };
}
