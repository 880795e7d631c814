// Node-RED with node-red-contrib-modbus, the usual way to build a gateway by hand: the same job as a flow.
// Used where PEERS names a folder with `nodered/node_modules`; nothing of it is installed here.

import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The program, or undefined where it is not installed. */
export function nodeRed() {
  const folder = process.env.PEERS;
  if (folder === undefined) return undefined;
  const program = path.join(folder, 'nodered/node_modules/node-red/red.js');
  return existsSync(program) ? program : undefined;
}

const rule = (again) => `
const value = msg.payload[0];
const was = context.get('active') || false;
const again = ${again ? '{ payload: { fc: 3, unitid: 1, address: 0, quantity: 8 } }' : 'null'};
if (was ? value >= 550 : value <= 600) return [null, again];
context.set('active', !was);
return [{ topic: 'alarm', payload: { active: !was, value } }, again];`;

/** Writes flow and settings into `folder`; gives the arguments of node. `pollMs` 0: as fast as it goes. */
export function nodeRedArguments({ program, folder, ports, broker, editor, pollMs }) {
  const free = pollMs === 0;
  const nodes = [
    { id: 'tab', type: 'tab', label: 'watch' },
    {
      id: 'broker',
      type: 'mqtt-broker',
      broker: '127.0.0.1',
      port: String(broker),
      clientid: '',
      autoConnect: true,
      usetls: false,
      protocolVersion: '4',
      keepalive: '60',
      cleansession: true,
    },
    {
      id: 'out',
      type: 'mqtt out',
      z: 'tab',
      topic: '',
      qos: '1',
      retain: 'false',
      broker: 'broker',
      wires: [],
    },
  ];
  ports.forEach((port, index) => {
    nodes.push({
      id: `line${index}`,
      type: 'modbus-client',
      name: `d${index}`,
      clienttype: 'tcp',
      bufferCommands: true,
      stateLogEnabled: false,
      queueLogEnabled: false,
      failureLogEnabled: true,
      tcpHost: '127.0.0.1',
      tcpPort: String(port),
      tcpType: 'DEFAULT',
      serialPort: '/dev/ttyUSB',
      serialType: 'RTU-BUFFERD',
      serialBaudrate: 9600,
      serialDatabits: 8,
      serialStopbits: 1,
      serialParity: 'none',
      serialConnectionDelay: 100,
      unit_id: 1,
      commandDelay: 1,
      clientTimeout: 1000,
      reconnectOnTimeout: true,
      reconnectTimeout: 2000,
      parallelUnitIdsAllowed: true,
    });
    nodes.push({
      id: `rule${index}`,
      type: 'function',
      z: 'tab',
      func: rule(free),
      outputs: 2,
      timeout: 0,
      initialize: '',
      finalize: '',
      libs: [],
      wires: [['out'], free ? [`read${index}`] : []],
    });
    const read = { id: `read${index}`, z: 'tab', server: `line${index}`, useIOFile: false, ioFile: '' };
    const wires = [[`rule${index}`], []];
    if (!free) {
      const asked = { unitid: '1', dataType: 'HoldingRegister', adr: '0', quantity: '8' };
      nodes.push({ ...read, type: 'modbus-read', ...asked, rate: String(pollMs), rateUnit: 'ms', wires });
      return;
    }
    nodes.push({ ...read, type: 'modbus-flex-getter', keepMsgProperties: false, wires });
    nodes.push({
      id: `first${index}`,
      type: 'inject',
      z: 'tab',
      props: [{ p: 'payload' }],
      repeat: '',
      crontab: '',
      once: true,
      onceDelay: 2,
      payload: '{"fc":3,"unitid":1,"address":0,"quantity":8}',
      payloadType: 'json',
      wires: [[`read${index}`]],
    });
  });
  const flow = path.join(folder, 'flow.json');
  const settings = path.join(folder, 'settings.cjs');
  writeFileSync(flow, JSON.stringify(nodes));
  const kept = {
    uiPort: editor,
    uiHost: '127.0.0.1',
    flowFile: flow,
    nodesDir: path.join(process.env.PEERS, 'nodered/node_modules'),
    credentialSecret: 'bench',
    telemetry: { enabled: false, updateNotification: false },
    diagnostics: { enabled: false },
  };
  writeFileSync(settings, `module.exports = ${JSON.stringify(kept)};\n`);
  return [program, '-u', folder, '-s', settings, flow];
}
