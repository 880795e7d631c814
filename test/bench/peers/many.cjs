// Many bare modbus-serial clients, each reading eight registers once a second, and nothing done with what is read.
// Environment: PORT of the slave, COUNT of clients. Says how many readings came when a line comes in.
'use strict';
const ModbusRTU = require('modbus-serial');

const count = Number(process.env.COUNT);
let readings = 0;
async function watch(at) {
  const master = new ModbusRTU();
  master.on('error', () => {});
  await master.connectTCP('127.0.0.1', { port: Number(process.env.PORT) });
  master.setID(1);
  master.setTimeout(1000);
  let next = performance.now() + (1000 * at) / count;
  const tick = async () => {
    if ((await master.readHoldingRegisters(0, 8)).data.length === 8) readings += 1;
    next += 1000;
    setTimeout(tick, Math.max(0, next - performance.now()));
  };
  setTimeout(tick, Math.max(0, next - performance.now()));
}
for (let at = 0; at < count; at += 1) watch(at);
process.stdin.on('data', () => console.log(readings));
