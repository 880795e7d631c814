// What one reading costs the engine, and that it costs the same at a site of ten points as at one of ten
// thousand, with ten rules as with a thousand. Engine and timer question together, as the loop asks both.

import { median, nowMs, parts } from './stage.mjs';
import { row } from './table.mjs';

export const what = 'cost of a change by the size of the site';

const most = 1.5;

export async function measure({ quick }) {
  const engine = await parts();
  const rounds = quick ? 5 : 21;
  const perRound = quick ? 2000 : 5000;
  const cases = {};
  // a value, no rule: what a meter does all day
  for (const points of [10, 10_000]) {
    cases[`unchanged ${points}`] = feeder(engine, siteOf({ points, rules: 10 }), () => 20);
    cases[`meter ${points}`] = feeder(engine, siteOf({ points, rules: 10 }), (at) => 20 + (at % 7));
    cases[`alarm ${points}`] = feeder(engine, siteOf({ points, rules: 10 }), alarm, 10);
  }
  for (const rules of [10, 1000]) {
    cases[`rule ${rules}`] = feeder(engine, siteOf({ points: 2000, rules }), (at) => 20 + (at % 7), rules);
    cases[`opens ${rules}`] = feeder(engine, siteOf({ points: 2000, rules }), alarm, rules);
  }
  const taken = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  for (let round = -3; round < rounds; round += 1) {
    for (const [name, feed] of Object.entries(cases)) {
      const count = name.startsWith('alarm') || name.startsWith('opens') ? perRound / 10 : perRound;
      const beganMs = nowMs();
      feed(count);
      if (round >= 0) taken[name].push(((nowMs() - beganMs) * 1000) / count);
    }
  }
  const compare = (figure, name, small, large) => {
    const [few, many] = [median(taken[`${name} ${small}`]), median(taken[`${name} ${large}`])];
    const peerName = `at ${small}`;
    return row({
      figure: `${figure}, ${large.toLocaleString('en')}`,
      unit: 'µs',
      keepwatch: many,
      peer: few,
      peerName,
      limit: most * few,
      limitText: `${most} ×`,
    });
  };
  return [
    compare('unchanged reading: points', 'unchanged', 10, 10_000),
    compare('change without a rule: points', 'meter', 10, 10_000),
    compare('change into or out of alarm: points', 'alarm', 10, 10_000),
    compare('change that a rule looks at: rules', 'rule', 10, 1000),
    compare('change into or out of alarm: rules', 'opens', 10, 1000),
  ];
}

const alarm = (at) => (at % 2 === 0 ? 700 : 20);

/** Feeds a site of its own with readings, one point after the other among the first `among` (default: all). */
function feeder({ compile, createState, step, wakeAt }, site, valueOf, among = site.points.length) {
  const model = compile(site);
  const state = createState(model, 'bench');
  let nowMs = 0;
  let turn = 0;
  const at = () => ({ steadyMs: nowMs, wallMs: nowMs, clock: 'synced' });
  step(state, { type: 'started', at: at(), because: 'bench' }, model);
  const ids = model.points.slice(0, among).map(({ id }) => id);
  for (const { id } of model.points) step(state, { type: 'reading', at: at(), values: [[id, 20]] }, model);
  let next = 0;
  return (count) => {
    for (let left = count; left > 0; left -= 1) {
      nowMs += 1;
      const values = [[ids[next], valueOf(turn)]];
      step(state, { type: 'reading', at: at(), values }, model);
      wakeAt(state);
      next += 1;
      if (next === ids.length) {
        next = 0;
        turn += 1;
      }
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
  return {
    premises: 'bench',
    language: 'en',
    zones,
    buses: [{ id: 'lan' }],
    devices: [...new Set(ids.map((_, at) => device(at)))].map((id) => ({ id, bus: 'lan' })),
    points: ids.map((id, at) => ({ id, device: device(at), ...(at < rules ? watch : meter) })),
    rules: zones.map(({ id }, at) => ({
      id: `r${at}`,
      when: { active: ids[at] },
      forMs: 0,
      holdMs: 0,
      latch: false,
      plan: 'climate',
      zone: id,
      outputs: {},
    })),
    plans: [{ ...plan, closingRequires: [], silent: false, steps: [] }],
    outputs: [],
  };
}
