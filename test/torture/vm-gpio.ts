// The packaged daemon under its unit on simulated chips that are labelled and named as on a Raspberry Pi 4 and 5: a
// contact's edge, the rule, the siren's line and the event at a broker, by sysfs and by the character device. Beside it
// runs the least that does contact → siren, on lines of its own; time in there is emulated, so only the ratio says much.

import { mkdirSync, writeFileSync } from 'node:fs';
import { until } from '../support/broker.ts';
import { newPlace, type Place, siteOf } from '../support/daemon.ts';
import { pid, sh, show, unit } from './container-parts.ts';
import { patienceMs, row, type Stage } from './disk-stage.ts';
import { haveGuests, type InsideOptions, inGuest } from './guest.ts';
import { type Board, type Chip, type Contact, pi4, pi5, plugIn } from './guest-gpio.ts';
import { beginCount, type Count } from './guest-gpio-count.ts';
import { examineBoards } from './guest-gpio-doctor.ts';
import { beginPeer, type Peer } from './guest-gpio-peer.ts';
import { buildPackage, dropPackage, installFirst, must, writeSite } from './package-parts.ts';
import { type Figure, quantile } from './scenario.ts';

export const what =
  'the package on GPIO as of a Pi 4 and a Pi 5 (virtual machine): contact → siren and event';

export async function run(options: InsideOptions): Promise<readonly Figure[]> {
  if (haveGuests()) buildPackage(options.tell);
  try {
    return await inGuest({ kind: 'vm', scenario: 'vm-gpio', timeoutS: 3000 }, options);
  } finally {
    dropPackage();
  }
}

type Way = 'sysfs' | 'chardev';

const ways: readonly { readonly board: Board; readonly way: Way; readonly trips: number }[] = [
  { board: pi4, way: 'sysfs', trips: 500 },
  { board: pi5, way: 'chardev', trips: 500 },
  // the same with the other way, in short
  { board: pi5, way: 'sysfs', trips: 60 },
  { board: pi4, way: 'chardev', trips: 60 },
];
const quickTrips = 20;
/** Of ten trips one is over before anybody could have noticed, and one is shorter than its contact's `debounce`. */
const everyTenth = 10;
const briefMs = [20, 60] as const;
/** What the daemon rightly says of an emulated machine beside others. */
const isSlowness = /in time within|did not open within|the longest commit/;
/** An edge that is not told within this long is lost. */
const toldWithinMs = 30_000;

const plan = 'torture';
/** Three contacts without a `kind`, which would report that they chatter. */
const points = {
  held: { line: 'GPIO17' },
  brief: { line: 'GPIO27' },
  bounce: { line: 'GPIO24', debounce: '3s' },
};
type Point = keyof typeof points;
const names = Object.keys(points) as Point[];

function siteWith(port: number, access: Way): Record<string, unknown> {
  const each = <T>(make: (name: Point) => T): Record<string, T> =>
    Object.fromEntries(names.map((name) => [name, make(name)]));
  return siteOf(
    { port },
    {
      plans: 'plans',
      mqtt: { heartbeat: '10s' },
      buses: { header: { driver: 'gpio', access } },
      zones: each((name) => ({ name: { zh: name, en: name } })),
      devices: { inputs: { bus: 'header', points: each((name) => ({ ...points[name], zone: name })) } },
      outputs: {
        siren: { bus: 'header', line: 'GPIO22' },
        lamp: { bus: 'header', line: 'GPIO23' },
      },
      rules: each((name) => ({
        when: `inputs.${name}`,
        plan,
        zone: name,
        ...(name !== 'bounce' && { outputs: { [name === 'held' ? 'siren' : 'lamp']: 'on' } }),
      })),
    },
  );
}

export async function inside({ quick, tell }: InsideOptions): Promise<Figure[]> {
  const place = newPlace();
  try {
    // on a machine with much to do the first try may be too slow
    const broker = await place.broker().catch(() => place.broker());
    const seen = await place.witness(broker.port);
    place.write(siteWith(broker.port, 'sysfs'));
    installFirst({ place } as Stage);
    tell('installed');
    const figures = await examineBoards(tell);
    mkdirSync('/etc/keepwatch/plans', { recursive: true });
    writeFileSync(
      `/etc/keepwatch/plans/${plan}.yaml`,
      `${JSON.stringify({ id: plan, title: { zh: '考验', en: 'Torture' }, category: 'alarm', level: 'urgent', closing: 'itself' })}\n`,
    );
    const count = beginCount(seen);
    for (const each of ways) {
      place.write(siteWith(broker.port, each.way));
      figures.push(
        ...(await onBoard({ ...each, trips: quick ? quickTrips : each.trips }, place, count, tell)),
      );
    }
    return figures;
  } catch (error) {
    console.log(sh('journalctl', '--unit', unit, '--no-pager', '--lines=60', '--output=cat'));
    throw error;
  } finally {
    await place.leave();
  }
}

/** Starts the daemon there, trips, clears, and stops it. */
async function onBoard(
  { board, way, trips }: (typeof ways)[number],
  place: Place,
  count: Count,
  tell: (text: string) => void,
): Promise<Figure[]> {
  const chip = plugIn(board);
  let peer: Peer | undefined;
  try {
    writeSite({ place } as Stage);
    const from = count.mark();
    sh('systemctl', 'start', unit);
    must(sh('ps', '-o', 'user=', '-p', String(pid())).startsWith('keepwatc'), 'it does not run as keepwatch');
    await until('all contacts are read', () => names.every((name) => count.isGood(name, from)), patienceMs);
    const holder = way === 'sysfs' ? 'sysfs' : 'gpiomon';
    must(
      consumerOf(chip, 'GPIO17') === holder,
      `GPIO17 is not held by ${holder}`,
      consumerOf(chip, 'GPIO17'),
    );
    tell(`${board.name}, ${way}: the daemon watches`);
    peer = await beginPeer(chip, way);
    const tripped = await tripAll({ chip, count, trips, peer, tell, name: `${board.name}, ${way}` });
    must(show('NRestarts') === '0' && show('ActiveState') === 'active', 'the daemon did not stay');
    sh('systemctl', 'stop', unit);
    must(show('Result') === 'success', 'the stop did not succeed', show('Result'));
    return await figuresOf(`${board.name}, ${way}`, way, tripped, count, from, peer);
  } finally {
    peer?.stop();
    sh('systemctl', 'stop', unit);
    chip.remove();
  }
}

const consumerOf = ({ device }: Chip, line: string): string =>
  new RegExp(`"${line}"\\s+"?([^"\\s]+)"?`).exec(sh('gpioinfo', device))?.[1] ?? '';

interface Tripped {
  edges: number;
  /** by what was pulled */
  readonly made: Record<Point, number>;
  readonly lost: string[];
  readonly unended: string[];
  /** the siren did not follow */
  readonly silent: string[];
  readonly sirenMs: number[];
  readonly toldMs: number[];
}

interface Day {
  readonly name: string;
  readonly chip: Chip;
  readonly count: Count;
  readonly trips: number;
  readonly peer: Peer;
  readonly tell: (text: string) => void;
}

async function tripAll({ chip, count, trips, peer, tell, name }: Day): Promise<Tripped> {
  const contacts = Object.fromEntries(names.map((each) => [each, chip.contact(points[each].line)])) as Record<
    Point,
    Contact
  >;
  const siren = chip.output('GPIO22');
  const tripped: Tripped = {
    edges: 0,
    made: { held: 0, brief: 0, bounce: 0 },
    lost: [],
    unended: [],
    silent: [],
    sirenMs: [],
    toldMs: [],
  };
  const pull = (point: Point, level: 0 | 1): number => {
    tripped.edges += 1;
    const sinceMs = performance.now();
    contacts[point].pull(level);
    return sinceMs;
  };
  const heard = (what: string, holds: () => boolean): Promise<boolean> =>
    until(what, holds, toldWithinMs).then(
      () => true,
      () => false,
    );
  const follows = (level: 0 | 1, sinceMs: number, at: number): void => {
    const tookMs = siren.reaches(level, sinceMs, toldWithinMs);
    if (tookMs === undefined) tripped.silent.push(`${at} to ${level}`);
    else tripped.sirenMs.push(tookMs);
  };
  for (let at = 0; at < trips; at += 1) {
    const point: Point = at % everyTenth === 4 ? 'brief' : at % everyTenth === 9 ? 'bounce' : 'held';
    const before = count.of(point);
    tripped.made[point] += 1;
    const sinceMs = pull(point, 1);
    if (point === 'held') {
      follows(1, sinceMs, at);
      if (await heard('told', () => count.of(point).opened > before.opened))
        tripped.toldMs.push(performance.now() - sinceMs);
      else tripped.lost.push(`held ${at}`);
      follows(0, pull(point, 0), at);
    } else {
      const [least, most] = briefMs;
      await new Promise((resolve) => setTimeout(resolve, least + ((at * 7) % (most - least))));
      pull(point, 0);
    }
    if (point === 'bounce') continue;
    if (point === 'brief' && !(await heard('told', () => count.of(point).opened > before.opened)))
      tripped.lost.push(`brief ${at}`);
    const told = tripped.lost.at(-1) !== `${point} ${at}`;
    if (told && !(await heard('its end', () => count.of(point).closed > before.closed)))
      tripped.unended.push(`${point} ${at}`);
    must(
      tripped.silent.length + tripped.lost.filter((each) => each.startsWith('held')).length < 5,
      'too many are lost',
      JSON.stringify(tripped),
    );
    if (at % 4 === 0)
      for (const level of [1, 0] as const) {
        const peerSinceMs = performance.now();
        peer.contact.pull(level);
        const tookMs = peer.output.reaches(level, peerSinceMs, toldWithinMs);
        if (tookMs !== undefined) peer.tookMs.push(tookMs);
      }
    if (at % 50 === 0) tell(`${name}: ${tripped.edges} edges`);
  }
  return tripped;
}

async function figuresOf(
  name: string,
  way: Way,
  tripped: Tripped,
  count: Count,
  from: number,
  peer: Peer,
): Promise<Figure[]> {
  await until('the end is told', () => count.hasStopped(from), patienceMs);
  const { made, lost, unended, silent, sirenMs, toldMs } = tripped;
  const verdict = count.verdict(from);
  const none = (figure: string, found: readonly string[]): Figure => ({
    ...row(`${name}: ${figure}`, '', found.length, 0),
    ...(found.length > 0 && { note: found.slice(0, 5).join('; ') }),
  });
  const told = (point: Point): number => verdict.opened.filter((each) => each === `inputs.${point}`).length;
  const extra = (point: Point, most: number): string[] =>
    told(point) > most ? [`${point}: ${told(point)} for ${made[point]} trips`] : [];
  const slowness = verdict.others.filter((each) => isSlowness.test(each));
  const switched = 2 * (told('held') + told('brief'));
  // By the character device a line at rest is read anew every ten seconds, and nobody looks meanwhile: some milliseconds
  // on a board, half a second and more in here. And the kernel reads a level when it gets to it, so that both edges of
  // what is over by then look like a return: it is told twice rather than not at all.
  const brief = (figure: string, found: readonly string[]): Figure => ({
    ...none(`brief trips (${briefMs.join(' to ')} ms) ${figure}`, found),
    ...(way === 'chardev' && { limit: 2 + made.brief / 5 }),
  });
  const timed = (figure: string, part: number): Figure => {
    const [own, other] = [quantile(sirenMs, part), quantile(peer.tookMs, part)];
    return {
      ...row(`${name}: edge → siren's line, ${figure}`, 'ms', own),
      peer: other,
      peerName: peer.name,
      note: `${(own / other).toFixed(2)} ×; emulated time`,
    };
  };
  return [
    row(`${name}: edges made`, '', tripped.edges),
    row(
      `${name}: of these brief ones, told; shorter than the debounce, not told`,
      '',
      2 * made.brief + 2 * made.bounce,
    ),
    none(
      'trips held until told, never told',
      lost.filter((each) => each.startsWith('held')),
    ),
    brief(
      'never told',
      lost.filter((each) => each.startsWith('brief')),
    ),
    brief('told twice', extra('brief', made.brief)),
    none('ends never told', unended),
    none('edges that the siren did not follow', silent),
    none('alarms told twice, or that nobody made', [...extra('held', made.held), ...extra('bounce', 0)]),
    none(
      'incidents of anything else',
      verdict.others.filter((each) => !isSlowness.test(each)),
    ),
    row(`${name}: troubles told because this machine is slow`, '', slowness.length),
    none('numbers missing, or events out of order', verdict.gaps),
    row(
      `${name}: switchings told beyond or short of those made`,
      '',
      Math.abs(verdict.switched - switched),
      0,
    ),
    timed('p50', 0.5),
    timed('p95', 0.95),
    timed('longest', 1),
    {
      ...row(`${name}: edge → event at the subscriber, p50`, 'ms', quantile(toldMs, 0.5)),
      note: 'emulated time',
    },
    {
      ...row(`${name}: edge → event at the subscriber, p95`, 'ms', quantile(toldMs, 0.95)),
      note: 'emulated time',
    },
  ];
}
