// The programs that go through the same outage side by side, each with detectors of its own at one broker: the daemon,
// the bare script, and Node-RED where it is installed (PEERS names the folder, as for the benchmarks).

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { freePort, pause, type Witness } from '../support/broker.ts';
import { checkout } from '../support/daemon.ts';
import type { Mosquitto } from './broker.ts';
import { type Detectors, startDetectors } from './detectors.ts';
import { judge } from './judge.ts';
import type { Options } from './scenario.ts';
import { setStage } from './stage.ts';

export interface Account {
  readonly answered: number;
  readonly lost: number;
  /** told as two */
  readonly doubled: number;
  /** what else is wrong: order, gaps, repeats that are not the same; only the daemon promises any */
  readonly wrong: number;
}

export interface Contender {
  readonly name: string;
  readonly detectors: Detectors;
  /** Starts it without waiting. */
  begin(): void;
  kill(): Promise<void>;
  /** Resolves when all has come, or no more is to be expected. */
  settle(): Promise<Account>;
}

const settleWithinMs = 20_000;
/** Node-RED loads for some seconds on a small machine. */
const firstPollWithinMs = 60_000;

export async function polled(contender: Contender, since: number): Promise<void> {
  const endMs = performance.now() + firstPollWithinMs;
  while (contender.detectors.connections[since]?.firstAtMs === undefined) {
    if (performance.now() > endMs) throw new Error(`${contender.name} does not poll`);
    await pause(10);
  }
}

export async function contendersAt(broker: Mosquitto, options: Options): Promise<Contender[]> {
  const stage = await setStage(options, { count: 1, broker });
  const keepwatch: Contender = {
    name: 'Keepwatch',
    detectors: stage.detectors,
    begin: () => stage.begin(),
    kill: () => stage.daemon.kill(),
    async settle() {
      const lastSeq = await stage.complete();
      const verdict = judge(stage.detectors.trips, stage.seen, lastSeq);
      const { lost, doubled, invented, missingSeqs, disordered } = verdict;
      for (const each of [lost, doubled, invented, missingSeqs, disordered])
        if (each.length > 0) options.tell(each.join('; '));
      return {
        answered: verdict.answered - verdict.unsure,
        lost: lost.length,
        doubled: doubled.length,
        wrong: invented.length + missingSeqs.length + disordered.length,
      };
    },
  };
  const seen = await stage.place.witness(broker.port, 'alarm', ['-i', 'centre-of-peers', '-c']);
  const peers = path.join(checkout, 'test/bench/peers');
  const bare = await peer(options, seen, 'bare', 1000, (port) => ({
    args: [path.join(peers, 'bare.cjs')],
    env: { PORTS: String(port), BROKER: String(broker.port), POLL: '100' },
  }));
  const { nodeRed, nodeRedArguments } = await import(path.join(peers, 'nodered.mjs'));
  const program: string | undefined = nodeRed();
  if (program === undefined) return [keepwatch, bare];
  const editor = await freePort();
  const folder = path.join(stage.place.folder, 'nodered');
  mkdirSync(folder);
  const flows = await peer(options, seen, 'Node-RED', 2000, (port) => ({
    args: nodeRedArguments({ program, folder, ports: [port], broker: broker.port, editor, pollMs: 100 }),
    env: {},
  }));
  return [keepwatch, bare, flows];
}

async function peer(
  { later }: Options,
  seen: Witness,
  name: string,
  from: number,
  command: (port: number) => { readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv },
): Promise<Contender> {
  const detectors = await startDetectors(from, 'tcp');
  later(detectors, () => detectors.close());
  const { args, env } = command(detectors.port);
  let child: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    const ending = child;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill('SIGKILL');
    await gone;
  };
  later(detectors, kill);
  const times = (): Map<number, number> => {
    const counts = new Map<number, number>();
    for (const { active, value } of seen.json('alarm'))
      if (active && value > from && value < from + 1000) counts.set(value, (counts.get(value) ?? 0) + 1);
    return counts;
  };
  const account = (): Account => {
    const counts = times();
    const sure = detectors.trips.filter((trip) => trip.alarm().sureAtMs !== undefined);
    return {
      answered: sure.length,
      lost: sure.filter(({ value }) => !counts.has(value)).length,
      doubled: [...counts.values()].filter((count) => count > 1).length,
      wrong: 0,
    };
  };
  return {
    name,
    detectors,
    kill,
    begin() {
      child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
    },
    async settle() {
      const endMs = performance.now() + settleWithinMs;
      while (account().lost > 0 && performance.now() < endMs) await pause(100);
      return account();
    },
  };
}
