// One line, opened to be asked single questions: the driver over its link, one question at a time, with the
// silences that a serial line wants. Only ever reads. Knows no profile and no policy of when to ask again.

import { frameGapMs } from '../devices/line.ts';
import type { LinkOpener } from '../devices/link.ts';
import type { Raw } from '../driver.ts';
import { DeviceFault, type Driver, type FaultKind, type ReadRequest, type Settings } from '../driver.ts';
import { type Clock, sleep } from '../lib/clock.ts';

/** after anything but a clean answer: past the 16 ms in which USB adapters gather bytes */
const leastQuietMs = 25;

export type Answer =
  | { readonly kind: 'values'; readonly raws: readonly Raw[] }
  | { readonly kind: 'exception'; readonly message: string }
  | { readonly kind: Exclude<FaultKind, 'exception'>; readonly message: string };

export interface Line {
  readonly driver: Driver;
  readonly settings: Settings;
  /** Never rejects. `kind: 'link'` means that the line has gone, or that asking was given up. */
  ask(request: ReadRequest, timeoutMs: number): Promise<Answer>;
  /** questions that were put on the wire */
  readonly asked: number;
  close(): Promise<void>;
}

export interface LineOptions {
  readonly driver: Driver;
  /** the bus's settings as the driver's own schema gave them */
  readonly settings: Settings;
  readonly openLink: LinkOpener;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Opens a line; rejects with an Error whose message is fit for people. */
export async function openLine({ driver, settings, openLink, clock, signal }: LineOptions): Promise<Line> {
  const to = driver.link(settings);
  if (!to) throw new Error(`a bus of ${driver.id} has no line to ask`);
  const gapMs = frameGapMs(to);
  let gone: string | undefined;
  let current: AbortController | undefined;
  const lost = (because: string): void => {
    gone ??= because;
    current?.abort();
  };
  const giveUp = (): void => lost('given up');
  const link = await openLink(to, { clock, signal, lost });
  signal.addEventListener('abort', giveUp, { once: true });
  const connection = await driver.open(settings, {
    link,
    points: [],
    outputs: [],
    emit() {},
    fail: (fault) => lost(fault.message),
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  let asked = 0;
  let finishedMs = Number.NEGATIVE_INFINITY;
  let disturbed = false;

  const quiet = async (): Promise<void> => {
    if (to.kind !== 'serial') return;
    const wantedMs = disturbed ? Math.max(leastQuietMs, 2 * gapMs) : gapMs;
    // a line that babbles is asked all the same in the end
    for (let tries = 0; tries < 20; tries += 1) {
      const waitMs = Math.max(link.lastByteMs, finishedMs) + wantedMs - clock.steadyMs();
      if (waitMs <= 0) break;
      await sleep(clock, Math.ceil(waitMs), signal);
    }
    disturbed = false;
  };

  return {
    driver,
    settings,
    get asked() {
      return asked;
    },
    async ask(request, timeoutMs) {
      await quiet();
      if (gone !== undefined) return { kind: 'link', message: gone };
      const controller = new AbortController();
      current = controller;
      const timer = clock.after(timeoutMs, () => controller.abort());
      asked += 1;
      try {
        const raws = await connection.read!(request, controller.signal);
        return { kind: 'values', raws };
      } catch (error) {
        if (gone !== undefined) return { kind: 'link', message: gone };
        const kind = error instanceof DeviceFault ? error.kind : 'garbled';
        disturbed = kind !== 'exception';
        return { kind, message: error instanceof Error ? error.message : String(error) };
      } finally {
        timer.cancel();
        current = undefined;
        finishedMs = clock.steadyMs();
      }
    },
    async close() {
      signal.removeEventListener('abort', giveUp);
      await connection.close().catch(() => {});
      await link.close();
    },
  };
}

/** A request for one thing of one unit, such as `holding:0`. */
export function singleRead(line: Pick<Line, 'driver' | 'settings'>, unit: number, read: string): ReadRequest {
  const device = `unit_${unit}`;
  const point = { ...line.driver.point(line.settings, { unit }, { read }), id: `${device}.x`, device };
  return { device, space: point.space, start: point.start, length: point.length, points: [point] };
}
