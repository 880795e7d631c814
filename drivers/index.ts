// The list of drivers: a new one is its folder and one line here; the modem; and a look at GPIO. Only the app imports
// this.

import type { Driver } from '../src/driver.ts';
import { gpio } from './gpio/driver.ts';
import type { lookAtGpio as look } from './gpio/look.ts';
import { modbusRtu, modbusTcp } from './modbus/driver.ts';
import { nut } from './nut/driver.ts';
import { recordingOf } from './recording/driver.ts';
import { serial } from './serial/driver.ts';
import type { openModem as open } from './serial/modem/modem.ts';
import { simulator } from './simulator/driver.ts';

/** The modem as a way for text messages: not a bus, but of the same hardware. Loaded only where there is one. */
export const openModem: typeof open = async (...given) =>
  (await import('./serial/modem/modem.ts')).openModem(...given);

/** Finds GPIO lines without taking any, for those who examine or plan a site. */
export const lookAtGpio: typeof look = async (...given) =>
  (await import('./gpio/look.ts')).lookAtGpio(...given);

export const drivers: readonly Driver[] = [
  modbusRtu,
  modbusTcp,
  gpio,
  serial,
  nut,
  simulator,
  recordingOf([modbusRtu, modbusTcp, serial]),
];
