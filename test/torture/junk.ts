// A serial line that chops every frame, spoils many and puts noise between them, with the daemon killed now and then:
// no alarm is made up out of noise, and none is lost.

import { pause } from '../support/broker.ts';
import { events } from '../support/daemon.ts';
import { haveSocat, proxiedLine, type Tamper } from '../support/serial-line.ts';
import { beginUnrest, startDetectors } from './detectors.ts';
import { heardBy } from './judge.ts';
import { chance, type Figure, type Options } from './scenario.ts';
import { setStage } from './stage.ts';

export const what = 'frames chopped, spoilt and noise between them, with kills';

const detectors = 6;
/** of a hundred frames; an answer is longer than a question and meets more */
const spoilt = { a: 15, b: 5 };
const noisePercent = 3;

export async function run(options: Options): Promise<readonly Figure[]> {
  if (!haveSocat()) return [{ figure: 'not run', note: 'socat is not installed' }];
  const counts = { frames: 0, spoilt: 0 };
  const line = await proxiedLine(spoil(chance(options.seed), counts));
  options.later(line, () => line.stop());
  const stage = await setStage(options, {
    count: detectors,
    detectors: (from) => startDetectors(from, 'rtu', line.b, '1'),
    bus: { driver: 'modbus-rtu', path: line.a, baudRate: 115_200, parity: 'none' },
    more: { panel: { timeout: '200ms' } },
  });
  stage.begin();
  await stage.published();
  const unrest = beginUnrest({
    detectors: stage.detectors,
    count: detectors,
    random: chance(options.seed + 1),
    restMs: [100, 1000],
    briefPercent: 0,
    briefMs: [0, 0],
    known: heardBy(stage.seen),
  });
  const random = chance(options.seed + 2);
  const kills = options.quick ? 2 : 20;
  for (let kill = 0; kill < kills; kill += 1) {
    await pause((options.quick ? 1000 : 4000) + random() * 2000);
    await stage.daemon.kill();
    stage.begin();
    await stage.published();
  }
  const figures = await stage.verdict(unrest);
  const troubles = events(stage.seen).filter(
    ({ type, incident }) => type === 'incident.opened' && incident.category === 'trouble',
  );
  return [
    { figure: 'frames that passed', keepwatch: counts.frames, limit: 1, atLeast: true },
    { figure: 'frames spoilt', keepwatch: counts.spoilt, limit: 1, atLeast: true },
    { figure: 'kills', keepwatch: kills },
    ...figures,
    { figure: 'troubles that opened', keepwatch: troubles.length },
  ];
}

/**
 * Pieces of one to eight bytes with pauses that no frame should have, and damage that the checksum must find: one byte
 * changed, one lost, one too many.
 */
function spoil(random: () => number, counts: { frames: number; spoilt: number }): Tamper {
  const freeAtMs = { a: 0, b: 0 };
  const upTo = (most: number): number => Math.floor(random() * most);
  const damaged = (bytes: Buffer): Buffer => {
    const at = upTo(bytes.length);
    const kind = upTo(3);
    if (kind === 0) {
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ (1 + upTo(255));
      return changed;
    }
    const rest = bytes.subarray(kind === 1 ? at + 1 : at);
    return Buffer.concat([
      bytes.subarray(0, at),
      kind === 1 ? Buffer.alloc(0) : Buffer.from([upTo(256)]),
      rest,
    ]);
  };
  return (bytes, towards) => {
    counts.frames += 1;
    const isSpoilt = random() * 100 < spoilt[towards];
    if (isSpoilt) counts.spoilt += 1;
    const noise =
      random() * 100 < noisePercent ? Buffer.from(Array.from({ length: 1 + upTo(12) }, () => upTo(256))) : [];
    const all = Buffer.concat([isSpoilt ? damaged(bytes) : bytes, Buffer.from(noise)]);
    const now = performance.now();
    const pieces: { bytes: Buffer; afterMs: number }[] = [];
    let sendAtMs = Math.max(now, freeAtMs[towards]);
    for (let at = 0; at < all.length; ) {
      const length = 1 + upTo(8);
      pieces.push({ bytes: all.subarray(at, at + length), afterMs: sendAtMs - now });
      at += length;
      sendAtMs += random() < 0.3 ? random() * 8 : 0;
    }
    freeAtMs[towards] = sendAtMs;
    return pieces;
  };
}
