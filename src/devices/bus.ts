// One bus from start to stop: opens its link and connection, runs a session, says up or down, backs off and opens
// again, for ever. A driver that throws or hangs costs its own bus a reconnect and nothing else.

import type { BusConfig, DeviceConfig, OutputConfig } from '../config/types.ts';
import type { Connection, Driver, Host, Log, PointAddress, Raw } from '../driver.ts';
import { backoffMs } from '../lib/backoff.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { attempt, frameGapMs, type Line } from './line.ts';
import type { Link, LinkOpener } from './link.ts';
import { limitedWarn } from './log-limit.ts';
import { letGo } from './output-stop.ts';
import { outputState, reopened, type Wanted, want } from './outputs.ts';
import type { Pacer } from './pacer.ts';
import { type DeviceState, deviceState, planPolls } from './polls.ts';
import { Session, type SessionEnd } from './session.ts';
import { joinStations } from './stations.ts';
import type { BusFigures, DeviceInput } from './types.ts';
import { utilisation, wireShare } from './wire-share.ts';

/** A port that is plugged in again is found within five seconds. */
const reopen = { firstMs: 200, mostMs: 5000 };
/** a connection that held so long, or gave an answer, was a good one: its loss starts from the shortest wait */
const heldMs = 5000;
/** a connection that was closed is made anew without a word, if that takes no longer than this */
const quietMs = 1000;
const openTimeoutMs = 10_000;
const closeTimeoutMs = 2000;
const defaultTimeoutMs = 1000;
/** opening, closing and waiting have limits of their own, all below this; beyond it something does not keep its limit */
const stuckMs = 30_000;
/** the polls of a bus whose devices are all dead come so seldom at worst */
const seldomMs = 30_000;

export interface BusOptions {
  readonly bus: BusConfig;
  readonly devices: readonly DeviceConfig[];
  readonly outputs: readonly OutputConfig[];
  readonly driver: Driver;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly openLink: LinkOpener;
  readonly push: (input: DeviceInput) => void;
  /** 0…1: where in their period this bus's polls fall */
  readonly phase: number;
  readonly wanted: (output: string) => Wanted;
  /** none where time is a test's */
  readonly pacer?: Pacer;
}

type Emitted = readonly (readonly [PointAddress, Raw])[];

export class Bus {
  private readonly options: BusOptions;
  private readonly line: Line;
  private readonly paced: ReturnType<Pacer['line']> | undefined;
  private readonly stopping = new AbortController();
  private readonly points: readonly PointAddress[];
  private readonly byId = new Map<string, DeviceState>();
  private readonly startedMs: number;
  private session: Session | undefined;
  private up: boolean | undefined;
  private because: string | undefined;
  private failures = 0;
  private quietlyMs = Number.NEGATIVE_INFINITY;
  /** what is wrong was written to the log; what follows on it is then written as well */
  private saidDown = true;
  private running: Promise<void> = Promise.resolve();
  /** what it is at, and since when */
  private stage: 'opening' | 'open' | 'closing' | 'waiting' = 'waiting';
  private stageMs: number;

  constructor(options: BusOptions) {
    const { bus, clock, log } = options;
    this.options = options;
    this.startedMs = clock.steadyMs();
    this.stageMs = this.startedMs;
    this.points = options.devices.flatMap((device) => device.points.map((point) => point.address));
    const devices = options.devices.map(deviceState);
    for (const device of devices) this.byId.set(device.id, device);
    const outputs = options.outputs.map((each) => outputState(each, options.wanted(each.id), this.startedMs));
    joinStations(outputs, devices, options.devices);
    const timeouts = options.devices.map((device) => device.timeoutMs);
    this.paced = bus.link?.kind === 'serial' ? options.pacer?.line() : undefined;
    this.line = {
      id: bus.id,
      clock,
      log,
      warn: limitedWarn(log, clock),
      random: options.random,
      push: (input) => this.tell(input),
      devices,
      polls: [],
      outputs,
      kind: bus.link?.kind ?? 'none',
      untagged: bus.link?.kind === 'serial' || (bus.link?.kind === 'tcp' && bus.link.untagged === true),
      lateness: new Map(),
      gapMs: frameGapMs(bus.link),
      ...(this.paced ? { pace: this.paced.pace } : {}),
      outputTimeoutMs: timeouts.length > 0 ? Math.max(...timeouts) : defaultTimeoutMs,
      share: wireShare(this.startedMs),
      counts: {
        requests: 0,
        errors: { timeout: 0, exception: 0, garbled: 0, foreign: 0, link: 0 },
      },
    };
  }

  start(): void {
    this.running = this.run();
  }

  /** Takes new wanted values; on a chip they are driven when this returns. */
  drive(): void {
    const now = this.options.clock.steadyMs();
    let changed = false;
    for (const output of this.line.outputs) {
      changed = want(output, this.options.wanted(output.config.id), now) || changed;
    }
    if (changed) this.session?.pump();
  }

  /** `leaves`: the outputs that nobody drives after this, which go where `onStop` leaves them. */
  async stop(leaves: (output: string) => boolean = () => true): Promise<void> {
    if (this.session) await letGo(this.session, leaves);
    this.stopping.abort();
    this.session?.end('stopped');
    await this.running;
    this.paced?.release();
  }

  /** Lets go of it without waiting: for one that is stuck. What still comes of it is thrown away. */
  abandon(): void {
    this.stopping.abort();
    this.session?.end('stopped');
    this.paced?.release();
  }

  /** When it last went on; undefined where nothing need happen, as on a bus whose devices speak unasked. */
  progressMs(): number | undefined {
    if (this.stage !== 'open') return this.stageMs;
    if (this.line.polls.length === 0 || !this.session?.connection.read) return undefined;
    return Math.max(this.stageMs, this.session.wentOnMs);
  }

  /** How long it may stand still, ms. */
  get mostStillMs(): number {
    const { devices } = this.options;
    const longest = (of: (device: DeviceConfig) => number): number => Math.max(0, ...devices.map(of));
    const everyMs = longest(({ points }) => Math.max(0, ...points.map((point) => point.everyMs)));
    return stuckMs + seldomMs + everyMs + 3 * longest(({ timeoutMs }) => timeoutMs);
  }

  figures(): BusFigures {
    const now = this.options.clock.steadyMs();
    const { counts, polls, devices } = this.line;
    let oldestMs = 0;
    let goodMs = Number.NEGATIVE_INFINITY;
    for (const device of devices) goodMs = Math.max(goodMs, device.lastGoodMs ?? goodMs);
    for (const poll of polls) oldestMs = Math.max(oldestMs, now - (poll.lastGoodMs ?? this.startedMs));
    return {
      id: this.line.id,
      driver: this.options.bus.driver,
      up: this.up === true,
      ...(this.because === undefined ? {} : { because: this.because }),
      requests: counts.requests,
      errors: { ...counts.errors },
      utilisation: utilisation(this.line.share, now),
      oldestMs,
      ...(goodMs > Number.NEGATIVE_INFINITY ? { lastGoodMs: now - goodMs } : {}),
      devices: devices.map((device) => ({
        id: device.id,
        up: this.up === true && device.up === true,
        ...(device.lastGoodMs === undefined ? {} : { lastGoodMs: now - device.lastGoodMs }),
        ...(device.because === undefined ? {} : { because: device.because }),
      })),
    };
  }

  private async run(): Promise<void> {
    const { clock } = this.options;
    let quietly: string | undefined;
    while (!this.stopping.signal.aborted) {
      const openedMs = clock.steadyMs();
      const end = await this.once(quietly);
      if (this.stopping.signal.aborted) return;
      quietly = end.quiet ? end.because : undefined;
      if (end.quiet) {
        // a peer that closes after each answer is not asked without a pause
        const often = clock.steadyMs() - this.quietlyMs < quietMs;
        this.quietlyMs = clock.steadyMs();
        this.at('waiting');
        if (often) await sleep(clock, reopen.firstMs, this.stopping.signal);
        continue;
      }
      this.at('waiting');
      const good = this.session && (this.session.proved || clock.steadyMs() - openedMs > heldMs);
      this.failures = good ? 1 : this.failures + 1;
      this.session = undefined;
      await sleep(clock, backoffMs(this.failures, reopen, this.options.random), this.stopping.signal);
    }
  }

  /** Opens, serves until the end and closes. Never rejects. `quietly`: why it is opened anew, not told so far. */
  private async once(quietly: string | undefined): Promise<SessionEnd> {
    const { bus, clock, driver, openLink } = this.options;
    let link: Link | undefined;
    let connection: Connection | undefined;
    let session: Session | undefined;
    let early: string | undefined;
    let emitted: Emitted[] | undefined = [];
    const lost = (because: string, quiet = false): void => {
      this.line.counts.errors.link += 1;
      early ??= because;
      session?.end(because, quiet);
    };
    const opened = new AbortController();
    if (quietly !== undefined) {
      sleep(this.options.clock, quietMs, opened.signal).then(() => {
        if (!opened.signal.aborted) this.down(quietly);
      });
    }
    // device servers close connections that nobody used for a while
    this.at('opening');
    const closed = (because: string): void => lost(because, session !== undefined && this.wasGood(session));
    const host: Host = {
      points: this.points,
      outputs: this.line.outputs.map((output) => output.config.address),
      emit: (values) => {
        if (emitted) emitted.push(values);
        else if (session && session === this.session) this.emit(session, values);
      },
      stray: (space) => session?.strayed(space),
      fail: (fault) => lost(link ? `${link.name}: ${fault.message}` : fault.message),
      log: this.options.log,
    };
    try {
      if (bus.link) link = await openLink(bus.link, { clock, signal: this.stopping.signal, lost: closed });
      const opening = attempt(() => driver.open(bus.settings, link ? { ...host, link } : host));
      connection = await this.within(opening, openTimeoutMs);
      if (early !== undefined) throw new Error(early);
      session = new Session(this.line, connection, link);
      this.session = session;
      opened.abort();
      this.at('open');
      this.upAgain(link);
      const before = emitted;
      emitted = undefined;
      for (const values of before) this.emit(session, values);
      session.pump();
      if (this.stopping.signal.aborted) session.end('stopped');
      const end = await session.ended;
      if (!end.quiet) this.down(end.because);
      return end;
    } catch (error) {
      opened.abort();
      if (!session) this.session = undefined;
      // (what a driver says by itself was counted when it said it)
      if (early === undefined && !this.stopping.signal.aborted) this.line.counts.errors.link += 1;
      const because = early ?? (error instanceof Error ? error.message : String(error));
      this.down(because);
      return { because, quiet: false };
    } finally {
      session?.end('closed');
      this.at('closing');
      await this.close(connection, link);
    }
  }

  private at(stage: Bus['stage']): void {
    this.stage = stage;
    this.stageMs = this.options.clock.steadyMs();
  }

  /** What a peer closes that never answered is a loss, and so is any other link that goes. */
  private wasGood(session: Session): boolean {
    if (this.line.kind !== 'tcp') return false;
    return session.proved || (!session.asked && this.options.clock.steadyMs() - session.openedMs > heldMs);
  }

  private async within<T extends Connection>(opening: Promise<T>, limitMs: number): Promise<T> {
    const given = new AbortController();
    const slow = sleep(this.options.clock, limitMs, given.signal).then(() => {
      if (!given.signal.aborted) throw new Error(`the driver did not open within ${limitMs / 1000} s`);
      return opening;
    });
    try {
      return await Promise.race([opening, slow]);
    } catch (error) {
      // what opens after all is closed again
      opening.then(
        (late) => late.close().catch(() => {}),
        () => {},
      );
      throw error;
    } finally {
      slow.catch(() => {});
      given.abort();
    }
  }

  private async close(connection: Connection | undefined, link: Link | undefined): Promise<void> {
    const given = new AbortController();
    if (connection) {
      const closing = attempt(() => connection.close()).catch((error: unknown) => {
        this.line.warn(
          'close',
          { code: 'DRIVER_CLOSE', bus: this.line.id, error },
          'the driver failed to close',
        );
      });
      await Promise.race([closing, sleep(this.options.clock, closeTimeoutMs, given.signal)]);
      given.abort();
    }
    // awaited without a limit: there is never a second descriptor on a port
    await link?.close();
  }

  private upAgain(link: Link | undefined): void {
    const now = this.options.clock.steadyMs();
    for (const output of this.line.outputs) reopened(output, now, this.up === true);
    if (this.up === true) return;
    // a quiet reconnect keeps what is known of the devices; after a loss it is found out anew
    this.line.polls = this.options.devices.flatMap((device) => planPolls(device, this.byId.get(device.id)!));
    for (const poll of this.line.polls) {
      poll.dueMs = now;
      // on the beat of the steady clock: buses of one period wake the process together, not one by one
      if (poll.everyMs > 0) poll.nominalMs = now - ((now + poll.everyMs * this.options.phase) % poll.everyMs);
    }
    for (const device of this.line.devices) {
      device.failures = 0;
      device.retryAtMs = Number.NEGATIVE_INFINITY;
      device.up = undefined;
      device.because = undefined;
    }
    const kind = this.line.kind;
    const because =
      kind === 'tcp'
        ? `connected to ${link?.name}`
        : `${kind === 'none' ? this.line.id : link?.name} is open`;
    this.up = true;
    this.because = undefined;
    if (this.saidDown) this.options.log.info({ code: 'BUS_UP', bus: this.line.id }, because);
    this.tell({ type: 'link', of: 'bus', id: this.line.id, up: true, because });
  }

  private down(because: string): void {
    if (this.stopping.signal.aborted) return;
    const changed = this.up !== false;
    this.up = false;
    this.because = because;
    this.saidDown = this.line.warn(`down ${because}`, { code: 'BUS_DOWN', bus: this.line.id }, because);
    if (changed) this.tell({ type: 'link', of: 'bus', id: this.line.id, up: false, because });
  }

  private emit(session: Session, values: Emitted): void {
    if (values.length === 0) return;
    const now = this.options.clock.steadyMs();
    for (const [point] of values) {
      const device = this.byId.get(point.device);
      if (device && device.lastGoodMs !== now) session.contact(device, now);
    }
    this.tell({ type: 'reading', values: values.map(([point, raw]) => [point.id, raw] as const) });
  }

  /** The door must not bring a bus down; and what was abandoned has nothing to say. */
  private tell(input: DeviceInput): void {
    if (this.stopping.signal.aborted) return;
    try {
      this.options.push(input);
    } catch (error) {
      this.options.log.error(
        { code: 'INPUT_FAILED', bus: this.line.id, error },
        'an input could not be handed on',
      );
    }
  }
}
