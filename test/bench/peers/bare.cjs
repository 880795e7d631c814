// The bare minimum of the same job: modbus-serial and mqtt.js, one threshold with hysteresis, nothing kept on
// disk. Environment: PORTS of the slaves, BROKER port, POLL in ms (0: as fast as it goes), PUBLISH=all to publish
// every reading as well.
'use strict';
const ModbusRTU = require('modbus-serial');
const mqtt = require('mqtt');

const ports = process.env.PORTS.split(',').map(Number);
const pollMs = Number(process.env.POLL);
const client = mqtt.connect(`mqtt://127.0.0.1:${process.env.BROKER}`, { clientId: `bare${process.pid}` });
client.on('error', () => {});

async function watch(port) {
  const master = new ModbusRTU();
  master.on('error', () => {});
  let active = false;
  const open = async () => {
    while (!master.isOpen) {
      try {
        await master.connectTCP('127.0.0.1', { port });
        master.setID(1);
        master.setTimeout(1000);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  };
  const once = async () => {
    try {
      const value = (await master.readHoldingRegisters(0, 8)).data[0];
      if (process.env.PUBLISH === 'all')
        client.publish(`value/${port}`, JSON.stringify({ value, at: new Date().toISOString() }), {
          qos: 1,
          retain: true,
        });
      if (active ? value >= 550 : value <= 600) return;
      active = !active;
      client.publish('alarm', JSON.stringify({ active, value }), { qos: 1 });
    } catch {
      await open();
    }
  };
  await open();
  if (pollMs === 0) for (;;) await once();
  let next = performance.now() + (ports.length > 1 ? Math.random() * pollMs : 0);
  const tick = async () => {
    await once();
    next += pollMs;
    setTimeout(tick, Math.max(0, next - performance.now()));
  };
  setTimeout(tick, Math.max(0, next - performance.now()));
}

for (const port of ports) watch(port);
