// What one reading costs the engine, and that it costs the same at a site of ten points as at one of ten
// thousand, with ten rules as with a thousand. Engine and timer question together, as the loop asks both.

import { median, nowMs, parts } from './stage.mjs';
import { row } from './table.mjs';

export const what = 'cost of a change by the size of the site';

const most = 1.5;
const few = 10;

export async function measure({ quick }) {
  const engine = await parts();
  const rounds = quick ? 5 : 21;
  const readings = quick ? 2000 : 5000;
  const comparisons = [
    {
      figure: 'unchanged reading: 10,000 points',
      sites: [
        [10, few],
        [10_000, few],
      ],
      rawOf: still,
    },
    {
      figure: 'change, the same 10 of 10,000 points',
      sites: [
        [10, few],
        [10_000, few],
      ],
      rawOf: drift,
      among: 10,
      judged: true,
    },
    {
      figure: 'change, all 10,000 points in turn',
      sites: [
        [10, few],
        [10_000, few],
      ],
      rawOf: drift,
      judged: true,
    },
    {
      figure: 'into or out of alarm: 10,000 points',
      sites: [
        [10, few],
        [10_000, few],
      ],
      rawOf: alarm,
      among: 10,
      judged: true,
    },
    {
      figure: 'change that a rule looks at: 1,000 rules',
      sites: [
        [2000, 10],
        [2000, 1000],
      ],
      rawOf: drift,
      among: 10,
      judged: true,
    },
    {
      figure: 'into or out of alarm: 1,000 rules',
      sites: [
        [2000, 10],
        [2000, 1000],
      ],
      rawOf: alarm,
      among: 10,
      judged: true,
    },
    {
      figure: 'the same while 990 other rules are active',
      sites: [
        [2000, 1000],
        [2000, 1000],
      ],
      rawOf: alarm,
      among: 10,
      active: [0, 1000],
    },
  ];
  for (const each of comparisons) {
    const { sites, rawOf, among, active = [0, 0] } = each;
    each.feeds = sites.map(([points, rules], at) =>
      feeder(engine, siteOf({ points, rules }), { rawOf, among, active: active[at] }),
    );
    each.taken = [[], []];
  }
  for (const { feeds } of comparisons) for (const feed of feeds) feed(4 * readings);
  for (let round = 0; round < rounds; round += 1) {
    for (const { feeds, taken, rawOf } of comparisons) {
      const count = rawOf === alarm ? readings / 10 : readings;
      for (const [at, feed] of feeds.entries()) {
        const beganMs = nowMs();
        feed(count);
        taken[at].push(((nowMs() - beganMs) * 1000) / count);
      }
    }
  }
  return comparisons.map(({ figure, taken, judged, active }) => {
    const [small, large] = taken.map(median);
    const held = judged ? { limit: most * small, limitText: `${most} ×` } : {};
    return row({
      figure,
      unit: 'µs',
      keepwatch: large,
      peer: small,
      peerName: active ? 'while none is' : 'at 10',
      ...held,
    });
  });
}

const still = () => 20;
const drift = (turn) => 20 + (turn % 7);
const alarm = (turn) => (turn % 2 === 0 ? 700 : 20);

/** Feeds a site of its own with readings, one point after the other among the first `among`. */
function feeder({ compile, createState, step, wakeAt }, site, { rawOf, among = site.points.length, active }) {
  const model = compile(site);
  const state = createState(model, 'bench');
  let at = 0;
  let next = 0;
  let turn = 0;
  const stamp = () => ({ steadyMs: at, wallMs: at, clock: 'synced' });
  const read = (id, raw) => step(state, { type: 'reading', at: stamp(), values: [[id, raw]] }, model);
  step(state, { type: 'started', at: stamp(), because: 'bench' }, model);
  model.points.forEach(({ id }, index) => {
    read(id, index >= among && index < active ? 700 : 20);
  });
  const ids = model.points.slice(0, among).map(({ id }) => id);
  return (count) => {
    for (let left = count; left > 0; left -= 1) {
      at += 1;
      read(ids[next], rawOf(turn));
      wakeAt(state);
      next += 1;
      if (next < ids.length) continue;
      next = 0;
      turn += 1;
    }
  };
}

/** Rule number n looks at point number n; every rule opens the same plan, in a zone of its own. */
function siteOf({ points, rules }) {
  const device = (at) => `d${Math.floor(at / 8)}`;
  const ids = Array.from({ length: points }, (_, at) => `${device(at)}.p${at % 8}`);
  const zones = Array.from({ length: Math.min(points, rules) }, (_, at) => ({
    id: `z${at}`,
    name: `z${at}`,
  }));
  const watch = { type: 'number', alarmAbove: 600, clearBelow: 550, staleAfterMs: 0 };
  const meter = { type: 'number', staleAfterMs: 0 };
  const plan = { id: 'climate', title: 'climate', category: 'alarm', level: 'general', closing: 'person' };
  const rule = { forMs: 0, holdMs: 0, latch: false, plan: 'climate', outputs: {} };
  return {
    premises: 'bench',
    language: 'en',
    zones,
    buses: [{ id: 'lan' }],
    devices: [...new Set(ids.map((_, at) => device(at)))].map((id) => ({ id, bus: 'lan' })),
    points: ids.map((id, at) => ({ id, device: device(at), ...(at < rules ? watch : meter) })),
    rules: zones.map(({ id }, at) => ({ id: `r${at}`, when: { active: ids[at] }, zone: id, ...rule })),
    plans: [{ ...plan, closingRequires: [], silent: false, steps: [] }],
    outputs: [],
  };
}
