// The imitated devices of the demo, for real: whatever a client sends to the UPS or the Modbus gateway, the servers
// live on, end only that connection, and answer the next client.

import net from 'node:net';
import { type ModbusServer, startModbusServer } from '../../../drivers/simulator/modbus-server.ts';
import { startUpsServer, type UpsServer } from '../../../drivers/simulator/ups-server.ts';
import { must, outline, piecesOf, type Target } from '../target.ts';

let ups: UpsServer;
let modbus: ModbusServer;

/** What a server says to these bytes until it, or we, have nothing more to say. */
function converse(port: number, pieces: readonly Uint8Array[]): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    const said: Buffer[] = [];
    const end = (): void => resolve(Buffer.concat(said));
    socket.on('data', (bytes) => said.push(bytes));
    socket.on('error', end);
    socket.on('close', end);
    for (const piece of pieces) socket.write(piece);
    socket.end();
  });
}

export const simulatorStage: Target = {
  name: 'simulator-stage',
  what: 'bytes to the imitated UPS and Modbus gateway: answers of their form, and the next client is served as before',
  seeds: [
    'Q1\r',
    'F\rQ1\rQ1',
    Uint8Array.of(0, 1, 0, 0, 0, 6, 2, 2, 0, 0, 0, 8),
    Uint8Array.of(0, 2, 0, 0, 0, 6, 2, 5, 0, 0, 0xff, 0),
    Uint8Array.of(0, 3, 0, 0, 0, 11, 2, 16, 0, 0, 0, 2, 4, 1, 2, 3, 4),
  ],
  words: ['Q1\r', 'F\r', Uint8Array.of(0, 0, 0, 6), Uint8Array.of(0xff, 0xff)],
  largestBytes: 300,
  executions: 5_000,
  async open() {
    ups = await startUpsServer({ port: 0 });
    modbus = await startModbusServer({ host: '127.0.0.1', port: 0 });
    modbus.unit(2).discrete.set(0, true);
    return async () => {
      await Promise.all([ups.close(), modbus.close()]);
    };
  },
  async run(bytes) {
    const pieces = piecesOf(bytes);
    const [line, frames] = await Promise.all([converse(ups.port, pieces), converse(modbus.port, pieces)]);
    for (const answer of line.toString('latin1').split('\r').slice(0, -1))
      must(/^[(#][\d. ]+$/.test(answer), () => `the UPS says ${answer}`);
    let at = 0;
    while (at + 8 <= frames.length) {
      must(frames.readUInt16BE(at + 2) === 0, 'an answer that is no Modbus TCP');
      at += 6 + frames.readUInt16BE(at + 4);
    }
    must(at === frames.length, 'half an answer');
    return `${outline(line)} ${outline(frames)} ${frames[7] ?? ''}`;
  },
};
