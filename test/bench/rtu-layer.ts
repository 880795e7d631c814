// The device layer by itself on one serial line, for line.mjs: eight registers of one unit, as fast as the line
// goes, and nothing done with what is read. Environment: TTY, BAUD.

import { modbusRtu } from '../../drivers/modbus/driver.ts';
import { createDevices } from '../../src/devices/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { config, line1 } from '../devices/rig.ts';

const nothing = () => {};
const devices = createDevices({
  drivers: [modbusRtu],
  clock: systemClock(),
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  push: nothing,
});
const points = Object.fromEntries([0, 1, 2, 3, 4, 5, 6, 7].map((cell) => [`r${cell}`, `holding:${cell}`]));
const settings = {
  path: process.env.TTY,
  baudRate: Number(process.env.BAUD),
  parity: 'none',
  dataBits: 8,
  stopBits: 1,
};
await devices.use(config(line1([{ id: 'd', settings: { unit: 1 }, everyMs: 0, points }], { settings })));
