// THE driver contract, types only: the one file to read before writing a driver. A driver speaks one
// protocol and holds no policy: no polling, retry, back-off, debounce, alarm logic or reconnecting, and no
// timers beyond the protocol's own. All that is done once for all drivers, in src/devices/.

import type * as z from 'zod';

export type Value = boolean | number | string;
/** null: the device answered, but gave no value (NaN, a field of dashes). */
export type Raw = Value | null;

/** Where a point's bytes are. Points with the same `space` may be read by one request that covers them. */
export interface PointAddress {
  /** `device.point`, put in by the caller */
  readonly id: string;
  readonly device: string;
  readonly type: 'bool' | 'number' | 'string';
  /** what one request can cover, such as `unit 3 holding`; a driver that answers everything at once has one space */
  readonly space: string;
  /** first cell (register, bit, field) in that space and how many cells */
  readonly start: number;
  readonly length: number;
  /** the driver's own data, for decoding */
  readonly detail: unknown;
}

/** Where an output is written and read back. */
export interface OutputAddress {
  readonly id: string;
  /** as for points: after an unanswered request, what else could take a late answer for its own */
  readonly space?: string;
  readonly detail: unknown;
}

/** How far one request may reach; a profile narrows what the driver gives as default. */
export interface RequestLimits {
  /** most cells in one request */
  readonly most: number;
  /** largest run of unwanted cells read to join two points */
  readonly gap: number;
  /** start and length must be even (Eastron SDM) */
  readonly even: boolean;
}

/** One request for the wire: the cells `start … start + length - 1` of `space`, and the points inside. */
export interface ReadRequest {
  readonly device: string;
  readonly space: string;
  readonly start: number;
  readonly length: number;
  readonly points: readonly PointAddress[];
}

/** A byte link that the host opens and owns: a serial port or a socket. */
export interface ByteLink {
  write(bytes: Uint8Array): void;
  /** One listener; bytes come as they arrive, in any pieces. */
  onData(listener: (bytes: Uint8Array) => void): void;
}

export type LinkSettings =
  | {
      readonly kind: 'serial';
      readonly path: string;
      readonly baudRate: number;
      readonly parity: 'none' | 'even' | 'odd';
      readonly dataBits: 7 | 8;
      readonly stopBits: 1 | 2;
      /** the kernel switches direction by the RTS line */
      readonly rs485?: boolean;
    }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      /** answers carry no id: after a fault the line rests, as a serial one does */
      readonly untagged?: boolean;
      /** how many connections the devices of the bus may be spread over; one unless told */
      readonly connections?: number;
    };

/**
 * Why a read or a drive failed. `timeout`: nothing came. `exception`: the device refused, the link is fine.
 * `garbled`: bytes that fail the checks. `foreign`: a whole answer to something else. `link`: the link is gone.
 */
export type FaultKind = 'timeout' | 'exception' | 'garbled' | 'foreign' | 'link';

export class DeviceFault extends Error {
  readonly kind: FaultKind;
  constructor(kind: FaultKind, message: string) {
    super(message);
    this.name = 'DeviceFault';
    this.kind = kind;
  }
}

/** Thrown by `point` and `output` for an address that can't be: says what, and what to write instead. */
export class AddressFault extends Error {
  readonly hint: string;
  /** the key at fault, such as `read` */
  readonly key: string;
  constructor(key: string, message: string, hint: string) {
    super(message);
    this.name = 'AddressFault';
    this.key = key;
    this.hint = hint;
  }
}

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** All that a connection may reach of the house. */
export interface Host {
  /** open when `Driver.link` names one */
  readonly link?: ByteLink;
  /** every point on this bus, for drivers whose devices speak unasked */
  readonly points: readonly PointAddress[];
  readonly outputs: readonly OutputAddress[];
  /** values that the device sent unasked; an event and its opposite in one call are both seen, in order */
  emit(values: readonly (readonly [PointAddress, Raw])[]): void;
  /**
   * A whole answer came that belongs to no question that is out, of this space. Only where answers carry no id: the host
   * learns from it how long a late answer must be feared.
   */
  stray?(space: string): void;
  /** the link is gone: nothing more will come from this connection */
  fail(fault: Error): void;
  readonly log: Log;
}

export interface Connection {
  /**
   * Reads one request; the answers are in the order of `request.points`. Rejects with DeviceFault. The host
   * never has two reads or drives out on one connection, and aborts `signal` when the time is up.
   */
  read?(request: ReadRequest, signal: AbortSignal): Promise<readonly Raw[]>;
  /**
   * Writes an output. Of a driver without a link, drives of several outputs are begun in one go, also beside a read:
   * a chip's outputs are driven before the host's own call returns.
   */
  drive?(output: OutputAddress, value: boolean, signal: AbortSignal): Promise<void>;
  /** Reads an output back from the device; null where the device can't tell. */
  observe?(output: OutputAddress, signal: AbortSignal): Promise<boolean | null>;
  close(): Promise<void>;
}

/** Settings as the driver's own schemas gave them. */
export type Settings = Readonly<Record<string, unknown>>;

export interface Driver {
  /** the word after `driver:` in a site file */
  readonly id: string;
  /** one line for people */
  readonly summary: string;
  /** keys beside the common ones, for each place in the site file; a Zod strict object's shape */
  readonly keys: {
    readonly bus: z.ZodRawShape;
    readonly device: z.ZodRawShape;
    readonly point: z.ZodRawShape;
    readonly output: z.ZodRawShape;
  };
  /** the link that the host is to open; undefined for drivers that need none or open a chip by themselves */
  link(bus: Settings): LinkSettings | undefined;
  readonly limits: RequestLimits;
  /** words that name what must be owned by one only, such as `line GPIO17` or `unit 3`; clashes are refused */
  claims(place: { bus: Settings; device?: Settings; point?: Settings; output?: Settings }): readonly string[];
  /** resolves a point's keys; throws AddressFault */
  point(bus: Settings, device: Settings, point: Settings): Omit<PointAddress, 'id' | 'device'>;
  /** resolves an output's keys; throws AddressFault */
  output(bus: Settings, output: Settings): Omit<OutputAddress, 'id'>;
  /** Opens the protocol on the bus; rejects when the bus can't be used now (it is tried again). */
  open(bus: Settings, host: Host): Promise<Connection>;
}
