// Notices that a second gateway runs under this one's name: a card that was cloned, a site file that was copied. Both
// would push each other off the broker, and each would look like the other. Knows no topics and no connection.

import type { Clock, Timer } from '../lib/clock.ts';

/** One sign may be a mistake of the moment, such as a process that was started twice for a second. */
const signsToBelieve = 2;
/** Signs older than this say nothing; so long without one, and the other is gone. */
const forgottenAfterMs = 10 * 60_000;

export interface IdentityWatch {
  /**
   * The client id to connect with. While the name is contested each gateway adds what is its own, so that both stay
   * connected: an alarm must not wait until the other has been pushed off again.
   */
  clientId(): string;
  contested(): boolean;
  /** The broker ended our connection because another client came with the same id. */
  pushedOff(): void;
  /** Another session says under our name that it is online. */
  heard(session: string): void;
  stop(): void;
}

export function watchIdentity(options: {
  readonly clock: Clock;
  readonly clientId: string;
  /** identity of this run of the daemon */
  readonly session: string;
  /** the name is contested, or no longer; told at each change, and once that it is not when nothing was seen for a while */
  health(ok: boolean, because: string): void;
}): IdentityWatch {
  const { clock, clientId, session } = options;
  let signsAtMs: number[] = [];
  let contested = false;
  let calm: Timer | undefined;

  const waitForCalm = (): void => {
    calm?.cancel();
    calm = clock.after(forgottenAfterMs, () => {
      signsAtMs = [];
      contested = false;
      options.health(true, 'no other gateway was seen under this name for ten minutes');
    });
  };

  const sign = (because: string): void => {
    const nowMs = clock.steadyMs();
    signsAtMs = [...signsAtMs.filter((atMs) => nowMs - atMs < forgottenAfterMs), nowMs].slice(
      -signsToBelieve,
    );
    waitForCalm();
    if (contested || signsAtMs.length < signsToBelieve) return;
    contested = true;
    options.health(false, because);
  };

  // a trouble of before a restart ends as one of now does
  waitForCalm();
  return {
    clientId: () => (contested ? `${clientId}-${session.slice(0, 8)}` : clientId),
    contested: () => contested,
    pushedOff: () => sign(`another client connects to the broker as ${clientId}`),
    heard: (other) =>
      sign(`another gateway publishes under this name (its session is ${other.slice(0, 36)})`),
    stop: () => calm?.cancel(),
  };
}
