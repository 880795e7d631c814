// The device layer by itself with many Modbus TCP buses, for rtu-tcp-many.mjs: eight registers of each, once a
// second, and readings counted. Environment: PORT of the slave, COUNT of buses. Says how many when a line comes in.

import { modbusTcp } from '../../drivers/modbus/driver.ts';
import { createDevices } from '../../src/devices/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { config, lan1 } from '../devices/rig.ts';

const nothing = () => {};
let readings = 0;
const devices = createDevices({
  drivers: [modbusTcp],
  clock: systemClock(),
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  push: (input) => {
    if (input.type === 'reading') readings += 1;
  },
});
const points = Object.fromEntries([0, 1, 2, 3, 4, 5, 6, 7].map((cell) => [`r${cell}`, `holding:${cell}`]));
const settings = { host: '127.0.0.1', port: Number(process.env.PORT) };
const buses = Array.from({ length: Number(process.env.COUNT) }, (_, at) => ({
  ...lan1([{ id: `d${at}`, settings: { unit: 1 }, everyMs: 1000, points }], { settings }),
  id: `lan${at}`,
}));
await devices.use(config(...buses));
process.stdin.on('data', () => console.log(readings));
