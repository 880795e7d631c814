// A UPS on a serial line as three see it: the driver of Network UPS Tools, our own protocol, and our client of upsd.
// The UPS is a pseudo terminal that answers with documented lines, so that a second opinion on each line is at hand.

import { afterEach, describe, expect, it } from 'vitest';
import { nut } from '../../drivers/nut/driver.ts';
import type { PointAddress } from '../../src/driver.ts';
import { haveNut, startNut } from '../support/nut.ts';
import { openSerialBus, pointOf, readPoints } from '../support/serial-bus.ts';
import { haveSocat } from '../support/serial-line.ts';
import { open as openLink, type PtyUps, startPtyUps } from '../support/ups.ts';

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

interface Product {
  readonly protocol: 'megatec' | 'voltronic';
  /** answers by command, without carriage returns */
  readonly answers: Record<string, string>;
  readonly status: string;
  /** the same on battery, by the layouts' bit for it */
  readonly onBattery: string;
  /** what our protocol calls what NUT calls so */
  readonly names: Readonly<Record<string, string>>;
}

const products: readonly Product[] = [
  {
    protocol: 'megatec',
    // NUT's testing table
    answers: {
      Q1: '(226.0 195.0 226.0 014 49.0 27.5 30.0 00001000',
      F: '#230.0 000 024.0 50.0',
      I: '#NOT_A_LIVE_UPS  TESTING    TESTING   ',
    },
    status: 'Q1',
    onBattery: '(000.0 195.0 226.0 014 49.0 24.5 30.0 10001000',
    names: {
      'input.voltage': 'inputVoltage',
      'output.voltage': 'outputVoltage',
      'ups.load': 'load',
      'input.frequency': 'frequency',
      'battery.voltage': 'batteryVoltage',
      'ups.temperature': 'temperature',
    },
  },
  {
    protocol: 'voltronic',
    // NUT's testing table of its Voltronic driver
    answers: {
      QGS: '(234.9 50.0 229.8 50.0 000.0 000 369.1 ---.- 026.5 ---.- 018.8 100000000001',
      QPI: '(PI09',
      QRI: '(230.0 004 024.0 50.0',
      QMF: '(#####VOLTRONIC',
      I: '#-------------   ------     VT12046Q  ',
      F: '#220.0 000 024.0 50.0',
      QMD: '(#######OLHVT1K0 ###1000 80 2/2 230 230 02 12.0',
      QMOD: '(L',
      QVFW: '(VERFW:00322.02',
      QID: '(685653211455',
      QBV: '(026.5 02 01 068 255',
      QFLAG: '(EpashcjDbroegfl',
      QWS: '(0000000000000000000000000000000000000000000000000000000000000000',
    },
    status: 'QGS',
    onBattery: '(000.0 00.0 229.8 50.0 000.5 012 369.1 ---.- 024.5 ---.- 018.8 101000000001',
    names: {
      'input.voltage': 'inputVoltage',
      'input.frequency': 'inputFrequency',
      'output.voltage': 'outputVoltage',
      'output.frequency': 'outputFrequency',
      'output.current': 'outputCurrent',
      'ups.load': 'load',
      'battery.voltage': 'batteryVoltage',
      'ups.temperature': 'temperature',
    },
  },
];

describe.skipIf(!haveNut() || !haveSocat())('a UPS, read by Network UPS Tools and by us', () => {
  const clean: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const each of clean.splice(0).reverse()) await each();
  });

  it.each(products)(
    'that speaks $protocol',
    async ({ protocol, answers, status, onBattery, names }) => {
      const current = { ...answers };
      const ups: PtyUps = await startPtyUps((command) => {
        const answer = current[command] ?? (protocol === 'voltronic' ? '(NAK' : undefined);
        return answer === undefined ? undefined : latin1(`${answer}\r`);
      });
      clean.push(() => ups.close());
      const server = await startNut({
        shop: { driver: 'nutdrv_qx', port: ups.path, protocol, pollinterval: '1', pollfreq: '1' },
      });
      clean.push(() => server.stop());
      expect(ups.commands).toContain(status);

      const nutBus = { host: '127.0.0.1', port: server.port };
      const nutPoint = (read: string): PointAddress => ({
        id: `ups.${read}`,
        device: 'ups',
        ...nut.point(nutBus, { ups: 'shop' }, { read }),
      });
      const nutPoints = ['ups.status:OB', ...Object.keys(names)].map(nutPoint);
      const link = await openLink(nut.link(nutBus)!);
      clean.push(() => link.close());
      const quiet = (): void => {};
      const client = await nut.open(nutBus, {
        link,
        points: [],
        outputs: [],
        emit: quiet,
        fail: quiet,
        log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      });

      const bus = { protocol, path: ups.path };
      const ours = ['utilityFail', ...Object.values(names)].map((read) =>
        pointOf(bus, `ups.${read}`, { read }),
      );
      /** what our protocol makes of a line */
      const expected = async (line: string) => {
        const { connection, link: fake } = await openSerialBus(bus, ours);
        const answer = readPoints(connection, ours);
        fake.arrive(latin1(`${line}\r`));
        return answer;
      };
      const settles = async (line: string): Promise<void> => {
        const want = await expected(line);
        expect(want).not.toContain(null);
        const endMs = Date.now() + 20_000;
        for (;;) {
          const seen = await readPoints(client, nutPoints, AbortSignal.timeout(5000));
          if (String(seen) === String(want)) return;
          if (Date.now() > endMs) expect(seen).toEqual(want);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      };
      await settles(current[status]!);
      current[status] = onBattery;
      // NUT takes mode and battery from other answers as well
      if (protocol === 'voltronic') Object.assign(current, { QMOD: '(B', QBV: '(024.5 02 01 040 020' });
      await settles(onBattery);
    },
    60_000,
  );
});
