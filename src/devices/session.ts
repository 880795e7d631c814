// One bus while its connection is open: picks what goes on the wire next, one request at a time, and turns what
// comes back into inputs. Outputs go first, then alarm points, then meters. Opens and closes nothing; knows no
// protocol and no engine.

import { type Connection, DeviceFault, type FaultKind, type Raw } from '../driver.ts';
import type { Timer } from '../lib/clock.ts';
import { answered, strayed } from './lateness.ts';
import { attempt, holdSpace, type Line, silenceMs } from './line.ts';
import type { Link } from './link.ts';
import { hasGaps } from './merge.ts';
import { canDrive, checkAtMs, checkOutput, driveAtMs, driveOutput } from './output-turns.ts';
import type { OutputState } from './outputs.ts';
import type { Pace } from './pacer.ts';
import {
  advance,
  type Choice,
  choose,
  type DeviceState,
  failing,
  isLiving,
  makeDue,
  type Poll,
  withoutGaps,
} from './polls.ts';
import { release } from './stations.ts';
import { Turn } from './turn.ts';
import { used, wasted } from './wire-share.ts';

/** unanswered requests in a row, with no byte at all, after which a TCP connection is made anew */
const silentToReconnect = 3;
/** so many silences in a row waited for are a full line, where lost time counts */
const waitsToPace = 16;

export interface SessionEnd {
  readonly because: string;
  /** a fresh connection is wanted, but nothing shows that the bus is down */
  readonly quiet: boolean;
}

export class Session {
  readonly ended: Promise<SessionEnd>;
  readonly openedMs: number;
  readonly line: Line;
  readonly connection: Connection;
  private readonly link: Link | undefined;
  private resolveEnd: (end: SessionEnd) => void = () => {};
  over = false;
  /** something answered */
  proved = false;
  /** when the last request came to its end, whatever that was, steady ms */
  get wentOnMs(): number {
    return this.turn.finishedMs;
  }
  /** something was asked */
  asked = false;
  private readonly turn: Turn;
  private current: Poll | undefined;
  private disturbedMs: number | undefined;
  /** unanswered polls in a row; of outputs too where there is nothing else to tell by */
  private silent = 0;
  /** the last turn had no answer: a poll that will have one goes next */
  private unanswered = false;
  failingUntilMs = Number.NEGATIVE_INFINITY;
  private alarmStreak = 0;
  /** silences waited for in a row, with something due at the end of each */
  private waits = 0;
  private timer: Timer | undefined;
  private timerAtMs = Number.POSITIVE_INFINITY;
  private readonly choice: Choice = { poll: undefined, nextMs: 0 };

  constructor(line: Line, connection: Connection, link: Link | undefined) {
    this.line = line;
    this.openedMs = line.clock.steadyMs();
    this.connection = connection;
    this.link = link;
    this.turn = new Turn(line.clock, () => this.end('the driver does not let go of a request'));
    this.ended = new Promise((resolve) => {
      this.resolveEnd = resolve;
    });
  }

  /** Something may be due: starts it now where the line is free. */
  pump(): void {
    if (this.over) return;
    const now = this.line.clock.steadyMs();
    // a chip has no line to share: its outputs are driven before this returns
    if (this.line.kind === 'none') {
      for (const output of this.line.outputs)
        if (canDrive(this, output, now)) driveOutput(this, output, false);
    }
    if (this.turn.busy) return;
    let nextMs = Number.POSITIVE_INFINITY;
    let drive: OutputState | undefined;
    let check: OutputState | undefined;
    for (const output of this.line.outputs) {
      if (output.driving) continue;
      if (canDrive(this, output, now)) {
        if (!drive || goesBefore(output, drive)) drive = output;
        continue;
      }
      const atMs = checkAtMs(this, output);
      if (atMs > now) nextMs = Math.min(nextMs, atMs);
      else if (!check || output.checkAtMs < check.checkAtMs) check = output;
      if (output.pending) {
        const driveMs = driveAtMs(this, output);
        if (driveMs > now) nextMs = Math.min(nextMs, driveMs);
      }
    }
    let poll: Poll | undefined;
    if ((!drive || this.unanswered) && this.connection.read) {
      const { deadUntilMs } = this.line.share;
      choose(this.line.polls, now, this.alarmStreak, deadUntilMs, this.unanswered, this.choice);
      nextMs = Math.min(nextMs, this.choice.nextMs);
      poll = this.choice.poll;
    }
    if (!drive && !check && !poll) {
      this.waits = 0;
      if (nextMs < Number.POSITIVE_INFINITY) this.arm(now, Math.ceil(nextMs - now));
      return;
    }
    const waitMs = this.silenceMs(now);
    if (waitMs > 0) this.hush(now, waitMs);
    else if (poll && this.unanswered && isLiving(poll)) this.read(poll, now);
    else if (drive) driveOutput(this, drive, true);
    else if (check && !(poll?.lane === 'alarm' && poll.dueMs < check.checkAtMs))
      checkOutput(this, check, now);
    else if (poll) this.read(poll, now);
  }

  /** Ends the session once: no more requests, and what still comes back is ignored. */
  end(because: string, quiet = false): void {
    if (this.over) return;
    this.over = true;
    this.timer?.cancel();
    this.turn.close();
    this.resolveEnd({ because, quiet });
  }

  private arm(now: number, waitMs: number, pace?: Pace): void {
    const atMs = now + waitMs;
    if (this.timer && Math.abs(this.timerAtMs - atMs) < 0.01) return;
    this.timer?.cancel();
    this.timerAtMs = atMs;
    this.timer = pace ? pace(waitMs, this.timeUp) : this.line.clock.after(waitMs, this.timeUp);
  }

  private readonly timeUp = (): void => {
    this.timer = undefined;
    this.pump();
  };

  /** Waits for the line to have been silent: to the tenth of a millisecond where turns follow each other closely. */
  private hush(now: number, waitMs: number): void {
    this.waits += 1;
    const full = this.waits > waitsToPace && waitMs <= 2 * this.line.gapMs;
    this.arm(now, waitMs, full ? this.line.pace : undefined);
  }

  private silenceMs(now: number): number {
    if (!this.line.untagged || !this.link) return 0;
    const { lastByteMs } = this.link;
    // an answer ended with its last byte, and what was made of it since is silence already
    const lastMs = this.disturbedMs === undefined ? lastByteMs : Math.max(lastByteMs, this.turn.finishedMs);
    const waitMs = silenceMs(this.line.gapMs, lastMs, this.disturbedMs, now);
    if (waitMs <= 0) this.disturbedMs = undefined;
    return waitMs;
  }

  get startedMs(): number {
    return this.turn.startedMs;
  }

  begin(timeoutMs: number): AbortSignal {
    this.line.counts.requests += 1;
    this.asked = true;
    this.unanswered = false;
    return this.turn.begin(this.line.clock.steadyMs(), timeoutMs);
  }

  /** Returns whether the request ran out of time. */
  finish(now: number): boolean {
    this.current = undefined;
    used(this.line.share, this.turn.startedMs, now);
    return this.turn.finish(now);
  }

  private read(poll: Poll, now: number): void {
    advance(poll, now);
    this.current = poll;
    this.alarmStreak = poll.lane === 'alarm' ? this.alarmStreak + 1 : 0;
    const signal = this.begin(poll.device.timeoutMs);
    attempt(() => this.connection.read!(poll.request, signal))
      .then(this.answered, this.refused)
      .catch(this.failed);
  }

  private readonly answered = (raws: readonly Raw[]): void => {
    if (this.over || !this.current) return;
    const poll = this.current;
    const now = this.line.clock.steadyMs();
    this.finish(now);
    this.alive(poll, now);
    poll.lastGoodMs = now;
    answered(this.line.lateness, poll.request.space, now);
    const { points } = poll.request;
    let values = poll.values;
    for (let index = 0; index < points.length; index += 1) {
      const raw = raws[index] ?? null;
      if (values && values[index]![1] === raw) continue;
      values = points.map((point, at) => [point.id, raws[at] ?? null] as const);
      break;
    }
    poll.values = values;
    if (values) this.line.push({ type: 'reading', values });
    this.pump();
  };

  /** An answer came to a question of this space that nobody asks any more. */
  strayed(space: string): void {
    if (this.over || !this.line.untagged) return;
    const lateMs = strayed(this.line.lateness, space, this.line.clock.steadyMs());
    if (lateMs === undefined) return;
    const fields = { code: 'LATE_ANSWER', bus: this.line.id, space, lateMs: Math.round(lateMs) };
    this.line.warn(
      `late ${space}`,
      fields,
      'an answer came later than was waited for: after a time-out these registers now rest longer',
    );
  }

  /** A mistake of ours must cost a reconnect, not the polling. */
  private readonly failed = (error: unknown): void => {
    this.line.log.error(
      { code: 'POLL_FAILED', bus: this.line.id, error },
      'a fault inside the gateway while polling',
    );
    this.end('a fault inside the gateway; connecting anew');
  };

  private readonly refused = (error: unknown): void => {
    if (this.over || !this.current) return;
    const poll = this.current;
    const now = this.line.clock.steadyMs();
    const ranOut = this.finish(now);
    const { kind, message } = this.fault(error, ranOut, poll.device.timeoutMs);
    if (kind === 'link') {
      this.end(message);
      return;
    }
    const silent = kind === 'timeout' && ranOut;
    if (kind === 'exception') {
      this.alive(poll, now);
      this.line.warn(
        `exception ${poll.device.id} ${poll.request.space} ${poll.request.start}`,
        { code: 'DEVICE_REFUSES', bus: this.line.id, device: poll.device.id },
        message,
      );
      if (poll.request.points.length > 1 && hasGaps(poll.request)) this.split(poll, now);
      else {
        poll.values = poll.request.points.map((point) => [point.id, null] as const);
        this.line.push({ type: 'reading', values: poll.values });
      }
    } else {
      const { device } = poll;
      if (device.up === false && this.line.devices.some((each) => each.up)) {
        wasted(this.line.share, this.turn.startedMs, now);
      }
      const down = failing(poll, this.line.devices.length === 1, now, this.line.random);
      device.because = `${message}, ${device.failures} times`;
      if (ranOut) holdSpace(this.line, poll.request.space, this.turn.startedMs, device.timeoutMs);
      if (down) {
        device.up = false;
        device.saidDown = this.line.warn(
          `device ${device.id}`,
          { code: 'DEVICE_DOWN', bus: this.line.id, device: device.id, because: device.because },
          'device is down',
        );
        this.line.push({ type: 'link', of: 'device', id: device.id, up: false, because: device.because });
      }
    }
    if (kind !== 'exception') this.afterSilence(silent, 'poll');
    this.pump();
  };

  /** The device refuses cells that nobody wants: from now on each run of wanted cells is asked for by itself. */
  private split(poll: Poll, now: number): void {
    poll.dueMs = now;
    const parts = withoutGaps(poll);
    for (const part of parts) part.nominalMs = poll.nominalMs;
    this.line.polls = this.line.polls.flatMap((each) => (each === poll ? parts : [each]));
    this.line.log.info(
      { code: 'REQUEST_SPLIT', bus: this.line.id, device: poll.device.id, requests: parts.length },
      'device refused a request across unused addresses; asking for the parts',
    );
  }

  /** A good answer, or a refusal, which shows as well that the device is there. */
  private alive(poll: Poll, now: number): void {
    this.answeredBy();
    poll.failures = 0;
    poll.dueMs = poll.nominalMs > now || poll.everyMs <= 0 ? poll.nominalMs : now;
    if (poll.everyMs <= 0) poll.dueMs = this.line.kind === 'none' ? now + 1 : now;
    this.contact(poll.device, now, poll);
  }

  answeredBy(): void {
    this.silent = 0;
    this.proved = true;
  }

  /** `answered`: the poll that showed it, if it was one */
  contact(device: DeviceState, now: number, answered?: Poll): void {
    this.proved = true;
    device.failures = 0;
    device.retryAtMs = Number.NEGATIVE_INFINITY;
    device.lastGoodMs = now;
    if (device.up) return;
    const because = device.up === false ? 'it answers again' : 'it answers';
    device.up = true;
    device.because = undefined;
    if (device.station) release(device.station, now);
    makeDue(this.line.polls, device, answered, now);
    if (device.saidDown)
      this.line.log.info({ code: 'DEVICE_UP', bus: this.line.id, device: device.id }, 'device is up');
    this.line.push({ type: 'link', of: 'device', id: device.id, up: true, because });
  }

  /** Counts a failure and puts it into words. */
  fault(error: unknown, ranOut: boolean, timeoutMs: number): { kind: FaultKind; message: string } {
    const known = error instanceof DeviceFault;
    const kind = known ? error.kind : 'garbled';
    const text = error instanceof Error ? error.message : String(error);
    const message = kind === 'timeout' && ranOut ? `${text} within ${timeoutMs / 1000} s` : text;
    this.line.counts.errors[kind] += 1;
    if (!known)
      this.line.warn(
        `driver ${text}`,
        { code: 'DRIVER_FAILED', bus: this.line.id, error },
        'the driver failed',
      );
    if (kind !== 'exception' && this.line.untagged) this.disturbedMs = this.line.clock.steadyMs();
    return { kind, message };
  }

  /**
   * A turn had no good answer. A peer that lost its power leaves a connection that looks open: only a new one tells.
   * An output's silence shows nothing of the connection while polls do.
   */
  afterSilence(ranOut: boolean, of: 'poll' | 'output'): void {
    this.unanswered = true;
    if (!ranOut) {
      this.silent = 0;
      return;
    }
    if (of === 'poll' || this.line.polls.length === 0) this.silent += 1;
    if (this.line.kind !== 'tcp' || this.silent < silentToReconnect) return;
    if (this.link && this.link.lastByteMs >= this.turn.startedMs) return;
    this.end('no answers; connecting anew', true);
  }
}

/** An output whose unit is not known to fail goes first, then the one that has waited longest. */
function goesBefore(output: OutputState, other: OutputState): boolean {
  const [failures, others] = [output, other].map((each) => each.failures + (each.station?.failures ?? 0));
  if ((failures === 0) !== (others === 0)) return failures === 0;
  return failures !== 0 && output.notBeforeMs < other.notBeforeMs;
}
