// What a quiet gateway writes to its disk: a meter that moves at every reading, and nothing that counts. A card
// that is written to all day does not live long.

import { startSlave } from './slave.mjs';
import { end, sleep, startBroker, startKeepwatch, until, writeSite, writtenBytes } from './stage.mjs';
import { row } from './table.mjs';

export const what = 'bytes written while nothing happens';

export async function measure({ quick }) {
  const watchMs = quick ? 10_000 : 60_000;
  const broker = await startBroker();
  const slave = await startSlave(() => {
    slave.registers[1] += 1;
  });
  const child = startKeepwatch(writeSite({ broker: broker.port, ports: [slave.port], every: '1s' }));
  try {
    await until('the first questions', () => slave.questions > 2);
    await sleep(3000);
    const before = writtenBytes(child.pid);
    await sleep(watchMs);
    const perDay = ((writtenBytes(child.pid) - before) / watchMs) * 86_400_000;
    return [
      row({
        figure: `written in a day, from ${watchMs / 1000} s`,
        unit: 'MB',
        keepwatch: perDay / 1e6,
        limit: 5,
      }),
    ];
  } finally {
    await end(child);
    await slave.close();
    await broker.end();
  }
}
