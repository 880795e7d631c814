// mosquitto killed outright, which by its defaults throws away what it had acknowledged and every session: the centre
// sees the gap in the numbers, asks for what it has not got, and confirms nothing before it has.

import { pause, publish, type Witness } from '../support/broker.ts';
import { base, eventually } from '../support/daemon.ts';
import { beginUnrest } from './detectors.ts';
import { figuresOf, judge } from './judge.ts';
import { chance, type Figure, type Options } from './scenario.ts';
import { asked, newestOf, readerOf, type Stage, setStage } from './stage.ts';

export const what = 'mosquitto killed -9: the gap in seq, replay and receipt';

const detectors = 6;
const receiptWithin = '3s';

export async function run(options: Options): Promise<readonly Figure[]> {
  const rounds = options.quick ? 2 : 12;
  const random = chance(options.seed);
  const stage = await setStage(options, { count: detectors, more: { mqtt: { receiptWithin } } });
  const { broker, place } = stage;
  stage.begin();
  await stage.published();
  const unrest = beginUnrest({
    detectors: stage.detectors,
    count: detectors,
    random: chance(options.seed + 1),
    restMs: options.quick ? [300, 1500] : [100, 600],
    briefPercent: 0,
    briefMs: [0, 0],
  });
  const centre = newCentre(stage.seen);
  let lost = 0;
  for (let round = 0; round < rounds; round += 1) {
    await pause(300 + random() * 1200);
    await broker.kill();
    await pause(random() * 1500);
    const before = centre.newest();
    await centre.leave();
    await broker.start();
    // nobody has subscribed: what the broker acknowledges now is gone for good
    await asked(
      place,
      'the broker has taken an event that nobody hears',
      ({ mqtt, lastSeq }) => mqtt.connected && lastSeq - mqtt.waiting > before,
    );
    centre.enter(await place.witness(broker.port, `${base}/event`, ['-t', `${base}/reply`]));
    await eventually('the centre sees a gap', centre.missing, (seqs) => seqs.length > 0, 30_000);
    lost += centre.missing().length;
    await centre.makeGood(stage);
    await centre.confirm(stage);
  }
  const trouble = await silence(centre, stage);
  await unrest.end(30_000);
  const { lastSeq } = await place.json('status');
  await eventually('the centre has the last event', centre.newest, (seq) => seq >= lastSeq, 30_000);
  const verdict = judge(stage.detectors.trips, centre.all(), lastSeq);
  return [
    { figure: 'kills of the broker', keepwatch: rounds },
    { figure: 'events lost by the broker and asked for', keepwatch: lost, limit: rounds, atLeast: true },
    { figure: 'events held only because of replay', keepwatch: verdict.replayedSeqs },
    {
      figure: 'trouble of the missing receipt, opened and ended',
      keepwatch: trouble,
      limit: 2,
      atLeast: true,
    },
    ...figuresOf(verdict, options.tell),
  ];
}

/** The centre says nothing until the premises complain, and then confirms: 1 for the opening, 1 for the end. */
async function silence(centre: Centre, stage: Stage): Promise<number> {
  const about = (type: string): number =>
    centre.told().filter((event) => event.type === type && event.incident?.cause.rule === 'health_receipt')
      .length;
  const [opened, closed] = [about('incident.opened'), about('incident.closed')];
  const grown = (type: string, from: number): Promise<number> =>
    eventually(
      `${type} of the receipt`,
      () => about(type),
      (count) => count > from,
      30_000,
    );
  await grown('incident.opened', opened);
  await centre.confirm(stage);
  await grown('incident.closed', closed);
  return 2;
}

interface Centre {
  all(): Witness;
  /** events so far */
  told(): ReturnType<ReturnType<typeof readerOf>>;
  leave(): Promise<void>;
  enter(witness: Witness): void;
  newest(): number;
  missing(): number[];
  /** Asks for what is missing until nothing is. */
  makeGood(stage: Stage): Promise<void>;
  /** Says up to where it has everything. */
  confirm(stage: Stage): Promise<void>;
}

/** A monitoring centre whose connections come and go, and which forgets nothing that it was told. */
function newCentre(first: Witness): Centre {
  const witnesses: Witness[] = [first];
  const json = (topic: string): unknown[] => witnesses.flatMap((each) => each.json(topic));
  const all = (): Witness => ({ ...first, json }) as Witness;
  const readers = [readerOf(first)];
  const told = () => readers.flatMap((each) => each());
  const seqs = (): number[] => told().map(({ seq }) => seq);
  let requests = 0;
  const centre: Centre = {
    all,
    told,
    leave: () => witnesses.at(-1)!.close(),
    enter(witness) {
      witnesses.push(witness);
      readers.push(readerOf(witness));
    },
    newest: () => newestOf(told()),
    missing() {
      const held = new Set(seqs());
      return Array.from({ length: centre.newest() }, (_, at) => at + 1).filter((seq) => !held.has(seq));
    },
    async makeGood({ broker }) {
      for (let gap = centre.missing(); gap.length > 0; gap = centre.missing()) {
        requests += 1;
        const fields = { id: `gap-${requests}`, by: 'centre', verb: 'replay', from: gap[0], to: gap.at(-1) };
        await publish(broker.port, `${base}/command`, JSON.stringify(fields));
        const replies = () =>
          json(`${base}/reply`).filter((reply) => (reply as { id: string }).id === fields.id);
        const [reply] = await eventually('a reply', replies, ({ length }) => length > 0, 20_000);
        if (!(reply as { ok: boolean }).ok) throw new Error(`replay refused: ${JSON.stringify(reply)}`);
      }
    },
    async confirm({ broker }) {
      const gap = centre.missing();
      const seq = gap.length > 0 ? gap[0]! - 1 : centre.newest();
      await publish(broker.port, `${base}/receipt`, JSON.stringify({ seq }));
    },
  };
  return centre;
}
