// The list of looks, and how they are all taken at once: a new one is its file and one line here. Each has its own
// time limit; what takes longer is said and passed by.

import { broker } from './broker.ts';
import { clock } from './clock.ts';
import { consolePage } from './console.ts';
import { daemon } from './daemon.ts';
import { disk } from './disk.ts';
import { gpio } from './gpio.ts';
import { kernel } from './kernel.ts';
import { lines } from './lines.ts';
import { power } from './power.ts';
import { program } from './program.ts';
import { rights } from './rights.ts';
import { serial } from './serial.ts';
import { site } from './site.ts';
import { state } from './state.ts';
import { type Finding, type Look, note, type Patient, type Said, say } from './types.ts';
import { unit } from './unit.ts';

const usualMs = 8000;
/** for all looks together, since the program began, unless they may look longer */
const allWithinMs = 9000;
const leastMs = 1000;

export const looks: readonly Look[] = [
  site,
  daemon,
  serial,
  lines,
  gpio,
  broker,
  consolePage,
  clock,
  power,
  disk,
  state,
  rights,
  unit,
  kernel,
  program,
];

export interface Looked {
  readonly id: string;
  readonly name: Said;
  readonly findings: readonly Finding[];
}

/** All looks at once, in their order; never rejects. */
export function examine(patient: Patient, list: readonly Look[] = looks): Promise<Looked[]> {
  return Promise.all(list.map((look) => take(look, patient)));
}

async function take(look: Look, patient: Patient): Promise<Looked> {
  const { id, name } = look;
  const ownMs = (patient.deep ? look.deepWithinMs : undefined) ?? look.withinMs ?? usualMs;
  const leftMs = patient.deep ? ownMs : Math.max(leastMs, allWithinMs - patient.tookMs());
  const withinMs = Math.min(ownMs, leftMs);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding[]>((resolve) => {
    const seconds = Math.round(withinMs / 100) / 10;
    const said = say(`${seconds} 秒内没有查完`, `not done within ${seconds} s`);
    timer = setTimeout(
      () => resolve([note('late', said, say('用 --deep 再试', 'try again with --deep'))]),
      withinMs,
    );
  });
  try {
    return {
      id,
      name,
      findings: await Promise.race([Promise.resolve().then(() => look.look(patient)), late]),
    };
  } catch (error) {
    // a look that fails must not take the others with it
    const why = error instanceof Error ? error.message : String(error);
    return {
      id,
      name,
      findings: [note('lookFailed', say(`没能检查：${why}`, `could not be looked at: ${why}`))],
    };
  } finally {
    clearTimeout(timer);
  }
}
