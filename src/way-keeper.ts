// Holds the one way out that there is: opened, changed, begun anew and stopped one after the other, so that there are
// never two of them under one name. A way that does not stop is not waited for. Knows nothing of what is sent.

import type { Config } from './config/types.ts';
import { atMost, type Clock } from './lib/clock.ts';
import type { WayOut } from './way-out.ts';

/** An orderly stop takes three seconds at most. */
const letGoMs = 5000;

export interface WayKeeper {
  current(): WayOut | undefined;
  /** when it last went on, or was last begun or ended, steady ms */
  wentOnMs(): number;
  /**
   * Stops the way there is and opens that of this configuration. Where it can't be opened, the one of before is opened
   * again, and the reason is given back.
   */
  use(config: Config): Promise<Error | undefined>;
  /** Throws the present one away and opens another: for one that is stuck. */
  restart(): Promise<void>;
  /** For good. */
  stop(): Promise<void>;
}

export function keepWayOut(options: {
  readonly clock: Clock;
  /** rejects where it can't be opened */
  open(config: Config): Promise<WayOut | undefined>;
  /** there is no way at all now */
  lost(because: string): void;
}): WayKeeper {
  let way: WayOut | undefined;
  let opened: Config | undefined;
  let stopped = false;
  let changedMs = options.clock.steadyMs();
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work);
    turn = next.catch(() => {});
    return next;
  };

  const letGo = async (): Promise<void> => {
    const last = way;
    way = undefined;
    changedMs = options.clock.steadyMs();
    // (that it could not stop in an orderly way is no reason not to go on)
    if (last !== undefined) await atMost(options.clock, letGoMs, last.stop()).catch(() => {});
  };

  const open = async (config: Config): Promise<void> => {
    way = await options.open(config);
    opened = config;
  };

  const change = async (config: Config): Promise<Error | undefined> => {
    const before = opened;
    await letGo();
    try {
      await open(config);
      return undefined;
    } catch (error) {
      if (before === undefined) throw error;
      await open(before).catch((again: Error) => options.lost(again.message));
      return error instanceof Error ? error : new Error(String(error));
    }
  };

  return {
    current: () => way,
    wentOnMs: () => way?.wentOnMs() ?? changedMs,
    use: (config) => inTurn(async () => (stopped ? undefined : change(config))),
    restart: () =>
      inTurn(async () => {
        if (stopped || opened === undefined) return;
        await letGo();
        await open(opened);
      }),
    stop() {
      stopped = true;
      return inTurn(letGo);
    },
  };
}
