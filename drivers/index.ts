// The list of drivers: a new one is its folder and one line here. Only the app imports this.

import type { Driver } from '../src/driver.ts';
import { gpio } from './gpio/driver.ts';
import { modbusRtu, modbusTcp } from './modbus/driver.ts';
import { nut } from './nut/driver.ts';
import { recordingOf } from './recording/driver.ts';
import { serial } from './serial/driver.ts';
import { simulator } from './simulator/driver.ts';

export const drivers: readonly Driver[] = [
  modbusRtu,
  modbusTcp,
  gpio,
  serial,
  nut,
  simulator,
  recordingOf([modbusRtu, modbusTcp, serial]),
];
