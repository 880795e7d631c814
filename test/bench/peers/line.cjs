// A bare modbus-serial loop on a serial line: read, and read again at once. Environment: TTY, BAUD.
// GAP=1 waits 3.5 characters between an answer and the next question, as whoever has read the standard would.
'use strict';
const ModbusRTU = require('modbus-serial');

const baud = Number(process.env.BAUD);
const gapMs = process.env.GAP === '1' ? Math.ceil(35_000 / baud) : 0;
const master = new ModbusRTU();
master.on('error', () => {});
(async () => {
  await master.connectRTUBuffered(process.env.TTY, { baudRate: baud });
  master.setID(1);
  master.setTimeout(1000);
  for (;;) {
    await master.readHoldingRegisters(0, 8).catch(() => {});
    if (gapMs > 0) await new Promise((resolve) => setTimeout(resolve, gapMs));
  }
})();
