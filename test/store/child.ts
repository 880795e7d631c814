// The other process of the store's tests: `child MODE FOLDER`. Tells what it sees in lines on stdout, each
// written only after what it says is true, because it may be killed at any moment.

import { existsSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { openStore } from '../../src/store/store.ts';
import { type Store, StoreFault } from '../../src/store/types.ts';
import { turn } from './fixtures.ts';

const say = (line: string): void => void writeSync(1, `${line}\n`);
const log = { info() {}, warn() {} };
const open = (folder: string): Store => openStore(folder, { now: () => 1000, log });

/** `ok`, or the fault's code */
function attempt(work: () => void): string {
  try {
    work();
    return 'ok';
  } catch (error) {
    if (error instanceof StoreFault) return error.code;
    throw error;
  }
}

const modes: Record<string, (folder: string) => void> = {
  open(folder) {
    say(attempt(() => open(folder).close()));
  },

  hold(folder) {
    const store = open(folder);
    say('open');
    process.stdin.resume();
    // a store that nobody holds is closed when memory is tidied up
    process.stdin.on('end', () => store.close());
  },

  /** Commits turns until it is killed, with snapshots and deliveries between. */
  commit(folder) {
    const store = open(folder);
    let { lastSeq } = store.remembered();
    say(`found ${lastSeq}`);
    for (;;) {
      lastSeq += 1;
      store.commit(turn(lastSeq, lastSeq % 7 === 0 ? { snapshot: String(lastSeq) } : {}));
      say(`committed ${lastSeq}`);
      if (lastSeq % 5 === 0) store.delivered([lastSeq - 2]);
    }
  },

  /** Fills the disk under the folder, frees some, and goes on. */
  fill(folder) {
    const ballast = path.join(folder, 'ballast');
    writeFileSync(ballast, Buffer.alloc(300_000));
    let store = open(folder);
    let seq = 0;
    let outcome = 'ok';
    while (outcome === 'ok' && seq < 10_000) {
      outcome = attempt(() => store.commit(turn(seq + 1)));
      if (outcome === 'ok') seq += 1;
    }
    say(outcome);
    say(attempt(() => store.commit(turn(seq + 1))));
    say(`last ${store.remembered().lastSeq - seq}`);
    rmSync(ballast);
    say(attempt(() => store.commit(turn(seq + 1))));
    store.close();
    store = open(folder);
    const { facts, lastSeq } = store.remembered();
    say(`after ${lastSeq - seq} ${facts.length - lastSeq} ${store.outboxSize() - lastSeq}`);
  },

  /** Commits with a sync that fails now and then; what was said to be committed must be there. */
  faults(folder) {
    const store = open(folder);
    for (let seq = 1; seq <= 40; seq++) {
      let outcome = attempt(() => store.commit(turn(seq)));
      say(outcome);
      if (outcome !== 'ok') outcome = attempt(() => store.commit(turn(seq)));
      if (outcome !== 'ok') throw new Error(`no second chance: ${outcome}`);
    }
    store.close();
  },
};

const [mode = '', folder = ''] = process.argv.slice(2);
if (modes[mode] === undefined || !existsSync(folder)) throw new Error(`unknown: ${mode} ${folder}`);
modes[mode](folder);
