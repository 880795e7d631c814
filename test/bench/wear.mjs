// What a gateway writes to its card while nothing happens: twenty devices asked every second whose values move with
// every answer, a broker with its heartbeat. A card bears some terabytes; a tenth of that is the file system's own.
// Samples go to the disk every ten minutes: only WEAR_MINUTES=10 or more has them in it. It watches from after the first
// time, when their file is made.

import { statfsSync } from 'node:fs';
import { startSlave } from './slave.mjs';
import { end, folder, sleep, startBroker, startKeepwatch, until, writeSite, writtenBytes } from './stage.mjs';
import { row } from './table.mjs';

export const what = 'bytes written by an idle site of twenty devices';

const devices = 20;
const samplesEveryMinutes = 10;
/** Memory takes writes without wearing anything: measured there it would say nothing. */
const memoryFileSystem = 0x01021994;

export async function measure({ quick }) {
  if (statfsSync(folder).type === memoryFileSystem) throw new Error(`${folder} is memory, not a disk`);
  const minutes = Number(process.env.WEAR_MINUTES ?? (quick ? 0.5 : 3));
  const watchMs = 60_000 * minutes;
  const withSamples = minutes >= samplesEveryMinutes;
  const broker = await startBroker();
  const slaves = await Promise.all(Array.from({ length: devices }, startMoving));
  const questions = () => slaves.reduce((sum, slave) => sum + slave.questions, 0);
  const ports = slaves.map(({ port }) => port);
  const child = startKeepwatch(writeSite({ broker: broker.port, ports, every: '1s' }));
  try {
    await until('every device was asked', () => questions() > 3 * devices);
    await sleep(withSamples ? samplesEveryMinutes * 60_000 + 30_000 : 5000);
    const [asked, before] = [questions(), writtenBytes(child.pid)];
    await sleep(watchMs);
    const perDay = ((writtenBytes(child.pid) - before) / watchMs) * 86_400_000;
    return [
      row({
        figure: `written in a day by ${devices} devices × 1 Hz, from ${Math.round(watchMs / 1000)} s`,
        unit: 'MB',
        keepwatch: perDay / 1e6,
        limit: 5,
        ...(!withSamples && { note: 'without samples' }),
      }),
      row({
        figure: 'answers meanwhile, a second',
        unit: '',
        keepwatch: ((questions() - asked) / watchMs) * 1000,
      }),
    ];
  } finally {
    await end(child);
    for (const slave of slaves) await slave.close();
    await broker.end();
  }
}

/** A device none of whose values is twice the same, and none beyond its limit. */
async function startMoving() {
  const slave = await startSlave(() => {
    for (let cell = 0; cell < 8; cell += 1)
      slave.registers[cell] = 400 + ((slave.questions * 7 + cell * 13) % 100);
  });
  return slave;
}
