// What a serial protocol is to the `serial` driver: its own keys, its addresses and its conversation. Types
// only; a new protocol is one file that fills this in and one line in protocols.ts. Knows no protocol.

import type * as z from 'zod';
import type { Connection, Host, PointAddress, Settings } from '../../src/driver.ts';

export interface Protocol {
  /** the word after `protocol:` in a site file */
  readonly id: string;
  /** baud rate where the site file names none */
  readonly baudRate: number;
  /** keys that only this protocol has, for each place in the site file; all of them optional to Zod, because
   *  the driver's schema is the union of all protocols: what is needed is checked by `point` and `bus` */
  readonly keys: {
    readonly bus: z.ZodRawShape;
    readonly device: z.ZodRawShape;
    readonly point: z.ZodRawShape;
  };
  /** the line has one device only; a second one is refused */
  readonly single: boolean;
  /** words that name what of the line only one device may have, such as `address 0A` */
  claims?(device: Settings): readonly string[];
  /** checks the protocol's bus keys; throws AddressFault */
  bus(bus: Settings): void;
  /** resolves a point's keys; throws AddressFault */
  point(bus: Settings, device: Settings, point: Settings): Omit<PointAddress, 'id' | 'device'>;
  /** begins the conversation on `host.link` */
  open(bus: Settings, host: Host): Connection;
}
