// A Modbus TCP slave that answers every read at once from 64 registers; in the benchmark's own process, so that
// answer and subscriber are timed by one clock. As a program (`slave.mjs COUNT`) it is many slaves, on ports
// that it prints, and it prints again how many questions it has answered when a line comes in. With `moving` as
// second word the first register is another at each answer.

import { createServer } from 'node:net';

/** Starts on a free port. `answered` is called after each answer was written, `written` when a coil was switched. */
export async function startSlave(answered = () => {}, written = () => {}) {
  const registers = new Uint16Array(64).fill(500);
  const coils = new Map();
  const sockets = new Set();
  const slave = { registers, questions: 0, answered, port: 0, close };
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let bytes = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      bytes = bytes.length > 0 ? Buffer.concat([bytes, chunk]) : chunk;
      while (bytes.length >= 12) {
        const length = 6 + bytes.readUInt16BE(4);
        if (bytes.length < length) break;
        const [from, count] = [bytes.readUInt16BE(8), bytes.readUInt16BE(10)];
        const code = bytes[7];
        if (code === 5 || code === 1) {
          // one coil: switched, or read back
          if (code === 5) {
            coils.set(from, count === 0xff00);
            written(from, count === 0xff00);
            socket.write(Buffer.from(bytes.subarray(0, 12)));
          } else {
            const read = Buffer.from([
              ...bytes.subarray(0, 4),
              0,
              4,
              bytes[6],
              1,
              1,
              coils.get(from) ? 1 : 0,
            ]);
            socket.write(read);
          }
          bytes = bytes.subarray(length);
          continue;
        }
        const answer = Buffer.alloc(9 + 2 * count);
        bytes.copy(answer, 0, 0, 8);
        answer.writeUInt16BE(3 + 2 * count, 4);
        answer[8] = 2 * count;
        for (let index = 0; index < count; index += 1)
          answer.writeUInt16BE(registers[(from + index) & 63], 9 + 2 * index);
        socket.write(answer);
        bytes = bytes.subarray(length);
        slave.questions += 1;
        slave.answered();
      }
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  slave.port = server.address().port;
  return slave;

  function close() {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  }
}

if (process.argv[1] === import.meta.filename) {
  const slaves = [];
  const moving = process.argv[3] === 'moving';
  for (let count = Number(process.argv[2]); count > 0; count -= 1) {
    const slave = await startSlave(() => {
      if (moving) slave.registers[0] = 400 + (slave.questions % 100);
    });
    slaves.push(slave);
  }
  console.log(JSON.stringify(slaves.map((slave) => slave.port)));
  process.stdin.on('data', () => console.log(slaves.reduce((sum, slave) => sum + slave.questions, 0)));
  process.stdin.on('end', () => process.exit(0));
}
