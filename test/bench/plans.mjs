// Incidents with their plans, at sizes that a mall has: a month lived through again, a restart in the middle of a
// thousand incidents and ten thousand limits, and a flood of five hundred detectors in one second. The shipped
// plans, people and channels; the engine, the store and for the flood the whole program with its slave and broker.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { startSlave } from './slave.mjs';
import {
  end,
  median,
  newFolder,
  nowMs,
  parts,
  sleep,
  folder as stage,
  start,
  startBroker,
  until,
} from './stage.mjs';
import { row } from './table.mjs';

export const what = 'incidents with their plans: a month, a restart, a flood';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const dayMs = 86_400_000;
const beganWallMs = Date.UTC(2026, 9, 1);

export async function measure({ quick }) {
  const engine = await parts();
  return [
    ...(await month(engine, quick)),
    ...(await restart(engine)),
    ...flood(engine),
    ...(await wholeFlood(quick ? 3 : 9)),
  ];
}

/** People of every role, on two channels, in a mall of this many zones with eight detectors each. */
function writeMall({ zones }) {
  const folder = newFolder();
  const roles = [
    'shift_lead store_manager department_manager supervising_leader general_manager department_heads',
    'control_room duty_lead duty_manager security_captain security_manager guard_supervisor',
    'maintenance property_management it_support customer_service first_aider handling_group',
    'leading_group command_post information_collection investigation communication supply',
  ];
  const people = roles.map((words, at) =>
    [
      `  person${at}:`,
      `    name: Person ${at}`,
      `    phone: "+86 138 0000 000${at}"`,
      `    email: person${at}@example.com`,
      `    roles: [${words.split(' ').join(', ')}]`,
    ].join('\n'),
  );
  const contacts = [
    'hours: [ { days: [workday], from: "09:00", to: "18:00" } ]',
    'holidays: china-2026',
    'people:',
    ...people,
  ];
  const kinds = [
    'smoke',
    'heat',
    'gas',
    'flood',
    'mainsLost',
    'liftFault',
    'escalatorFault',
    'equipmentFault',
  ];
  const devices = Array.from({ length: zones }, (_, at) => [
    `  d${at}:`,
    '    bus: lan',
    `    unit: ${(at % 240) + 1}`,
    `    zone: z${at}`,
    '    points:',
    ...kinds.map((kind, bit) => `      p${bit}: { read: "discrete:${bit}", kind: ${kind} }`),
  ]);
  const site = [
    'premises: { id: mall, name: Mall, timezone: Asia/Shanghai }',
    `data: ${folder}/data`,
    'mqtt: { url: "mqtt://127.0.0.1:1883" }',
    'contacts: contacts.yaml',
    'channels:',
    '  mail: { type: email, host: 127.0.0.1, port: 2525, tls: none, from: gateway@example.com }',
    '  sms: { type: sms, path: /dev/ttyUSB9 }',
    'buses: { lan: { driver: modbus-tcp, host: 127.0.0.1, port: 1502 } }',
    'zones:',
    ...Array.from({ length: zones }, (_, at) => `  z${at}: { name: Zone ${at} }`),
    'devices:',
    ...devices.flat(),
  ];
  writeFileSync(path.join(folder, 'contacts.yaml'), `${contacts.join('\n')}\n`);
  const file = path.join(folder, 'site.yaml');
  writeFileSync(file, `${site.join('\n')}\n`);
  return { file, data: path.join(folder, 'data') };
}

function load({ drivers, loadConfig, compile }, zones) {
  const mall = writeMall({ zones });
  const { config, faults } = loadConfig(mall.file, { drivers, now: beganWallMs });
  if (!config) throw new Error(`the mall has faults: ${faults[0].what}`);
  return { ...mall, config, model: compile(config.site) };
}

/** An engine on virtual time that keeps what it did; ticks come exactly when it asks for them. */
function live({ createState, step, wakeAt }, model, keep = () => {}) {
  const state = createState(model, 'benchmark');
  let nowMsOf = 0;
  const take = (input) => {
    const at = { steadyMs: nowMsOf, wallMs: beganWallMs + nowMsOf, clock: 'synced' };
    const effects = step(state, { ...input, at }, model);
    keep(effects);
    return effects;
  };
  const to = (untilMs) => {
    for (let due = wakeAt(state); due !== undefined && due <= untilMs; due = wakeAt(state)) {
      nowMsOf = Math.max(nowMsOf, due);
      take({ type: 'tick' });
      deliver();
    }
    nowMsOf = Math.max(nowMsOf, untilMs);
  };
  // what is to be told is delivered at once
  const deliver = () => {
    for (const message of Object.keys(state.durable.messages))
      take({ type: 'delivery', message, outcome: 'delivered' });
  };
  take({ type: 'started', because: 'bench' });
  return { state, take, to, deliver };
}

/** 25 zones of 8 points; every hour and a bit an alarm that somebody acknowledges, works through and closes. */
async function month(engine, quick) {
  const { compile, createState, openStore, replayFacts } = engine;
  const { config, data, model } = load(engine, 25);
  const store = openStore(data, { now: () => beganWallMs, log });
  const events = [];
  let pending = { facts: [], events: [], incidents: new Map() };
  const flush = (more = {}) => {
    store.commit({ ...pending, incidents: [...pending.incidents.values()], replies: [], ...more });
    pending = { facts: [], events: [], incidents: new Map() };
  };
  const beganMs = nowMs();
  flush({ site: config.site });
  const gateway = live(engine, model, (effects) => {
    if (effects.fact) pending.facts.push(effects.fact);
    pending.events.push(...effects.events);
    events.push(...effects.events);
    for (const [id, incident] of effects.incidents) pending.incidents.set(id, incident);
    if (pending.facts.length >= 50) flush();
  });
  const ids = config.site.points.map(({ id }) => id);
  gateway.take({ type: 'reading', values: ids.map((id) => [id, false]) });
  let commands = 0;
  const say = (verb, fields) => {
    commands += 1;
    return gateway.take({
      type: 'command',
      command: { id: `c${commands}`, verb, by: 'li', origin: 'cli', ...fields },
    }).reply;
  };
  const alarms = 600;
  for (let each = 0; each < alarms; each += 1) {
    const beganAt = ((each + 1) * 30 * dayMs) / (alarms + 1);
    const point = ids[(each * 37) % ids.length];
    gateway.to(beganAt);
    gateway.take({ type: 'reading', values: [[point, true]] });
    const id = Object.keys(gateway.state.durable.incidents).at(-1);
    gateway.to(beganAt + 90_000 + (each % 7) * 60_000);
    say('ack', { incident: id });
    const open = gateway.state.durable.incidents[id];
    for (const step of open.steps.slice(0, 2)) say('step', { incident: id, step: step.id });
    gateway.to(beganAt + 20 * 60_000);
    gateway.take({ type: 'reading', values: [[point, false]] });
    for (const step of open.steps.filter(({ required, doneAt }) => required && !doneAt))
      say('step', { incident: id, step: step.id });
    const closed = say('close', {
      incident: id,
      verdict: each % 5 === 0 ? 'false' : 'real',
      cause: 'c',
      remedy: 'r',
      losses: 'none',
    });
    if (!closed.ok) throw new Error(`an incident of the month did not close: ${closed.message}`);
  }
  gateway.to(30 * dayMs);
  flush();
  const livedMs = nowMs() - beganMs;
  const replays = [];
  let facts = 0;
  for (let round = 0; round < (quick ? 1 : 3); round += 1) {
    const fromMs = nowMs();
    const remembered = store.remembered();
    const again = createState(compile(config.site), 'benchmark');
    replayFacts(again, remembered.facts, model, () => model);
    replays.push(nowMs() - fromMs);
    facts = remembered.facts.length;
    if (again.durable.seq !== events.length)
      throw new Error(`the replay ended at ${again.durable.seq}, not at ${events.length}`);
  }
  store.close();
  const incidents = events.filter(({ type }) => type === 'incident.opened').length;
  const size = `${ids.length} points, ${incidents} incidents, ${events.length} events, ${facts} facts`;
  return [
    row({ figure: `a month replayed: ${size}`, unit: 'ms', keepwatch: replays[0], limit: 5000 }),
    row({ figure: 'the same, median', unit: 'ms', keepwatch: median(replays), limit: 5000 }),
    row({ figure: 'the month lived, with every commit', unit: 'ms', keepwatch: livedMs }),
  ];
}

/** A thousand incidents that nobody acknowledged; restarted from the snapshot with the last facts after it. */
async function restart(engine) {
  const { compile, createState, openStore, replayFacts, step, wakeAt } = engine;
  const { config, data, model } = load(engine, 125);
  const store = openStore(data, { now: () => beganWallMs, log });
  const commit = (effects, more = {}) =>
    store.commit({
      facts: effects.fact ? [effects.fact] : [],
      events: effects.events,
      incidents: [...effects.incidents.values()],
      replies: [],
      ...more,
    });
  const gateway = live(engine, model);
  const ids = config.site.points.map(({ id }) => id);
  const trip = (from, to) => ({ type: 'reading', values: ids.slice(from, to).map((id) => [id, true]) });
  gateway.take({ type: 'reading', values: ids.map((id) => [id, false]) });
  gateway.take(trip(0, 100));
  // the plan with the most limits of all
  const limitsOf = ({ notify = [], rises = [], steps }) =>
    notify.filter(({ after }) => after !== 0).length +
    rises.length +
    steps.filter(({ within }) => within).length;
  const plan = config.site.plans.toSorted((a, b) => limitsOf(b) - limitsOf(a))[0].id;
  const raise = (at) => ({
    type: 'command',
    command: { id: `r${at}`, verb: 'raise', plan, zone: 'z1', by: 'li', origin: 'cli' },
  });
  let raised = 0;
  while (Object.keys(gateway.state.durable.incidents).length < 990) {
    raised += 1;
    gateway.take(raise(raised));
  }
  gateway.to(2000);
  commit({ events: [], incidents: new Map() }, { site: config.site });
  commit({ events: [], incidents: new Map() }, { snapshot: JSON.stringify(gateway.state.durable) });
  for (let left = 10; left > 0; left -= 1) {
    raised += 1;
    commit(gateway.take(raise(raised)));
  }
  const { durable } = gateway.state;
  const limits = Object.keys(durable.timers).length;
  const open = Object.keys(durable.incidents).length;
  const fromMs = nowMs();
  const remembered = store.remembered();
  const again = createState(compile(config.site), 'benchmark', JSON.parse(remembered.snapshot));
  replayFacts(again, remembered.facts, model, () => model);
  const replayedMs = nowMs();
  const at = { steadyMs: 600_000, wallMs: beganWallMs + 600_000, clock: 'synced' };
  step(again, { type: 'started', at, because: 'bench' }, model);
  let ticks = 0;
  for (let due = wakeAt(again); due !== undefined && due <= at.steadyMs; due = wakeAt(again), ticks += 1)
    step(again, { type: 'tick', at }, model);
  const goneOnMs = nowMs();
  store.close();
  return [
    row({
      figure: `restart with ${open} open incidents, ${limits} running limits`,
      unit: 'ms',
      keepwatch: replayedMs - fromMs,
      limit: 1000,
    }),
    row({
      figure: `then every limit of ten minutes that passed meanwhile, ${ticks} ticks`,
      unit: 'ms',
      keepwatch: goneOnMs - replayedMs,
      limit: 1000,
    }),
  ];
}

/** Five hundred detectors, one after the other: the cost in the engine, and how many messages people get. */
function flood(engine) {
  const { config, model } = load(engine, 63);
  const counted = { messages: 0, signals: 0 };
  const gateway = live(engine, model, ({ events }) => {
    counted.signals += events.filter(({ type }) => /opened|signal/.test(type)).length;
  });
  const ids = config.site.points.map(({ id }) => id).slice(0, 500);
  gateway.take({ type: 'reading', values: ids.map((id) => [id, false]) });
  counted.signals = 0;
  const costs = [];
  for (const [at, id] of ids.entries()) {
    gateway.to(1000 + at * 2);
    const fromMs = nowMs();
    gateway.take({ type: 'reading', values: [[id, true]] });
    costs.push(nowMs() - fromMs);
  }
  gateway.to(3500);
  const perPerson = new Map();
  for (const incident of Object.values(gateway.state.durable.incidents))
    for (const { deliveries } of incident.told ?? [])
      for (const { person, message, channel } of deliveries)
        if (person !== undefined)
          perPerson.set(
            `${person} ${channel}`,
            (perPerson.get(`${person} ${channel}`) ?? new Set()).add(message),
          );
  const most = Math.max(...[...perPerson.values()].map((set) => set.size));
  if (counted.signals < ids.length) throw new Error(`only ${counted.signals} of ${ids.length} were recorded`);
  return [
    row({
      figure: `${ids.length} detectors in a second: the dearest step`,
      unit: 'ms',
      keepwatch: Math.max(...costs),
    }),
    row({
      figure: 'the same: all steps together',
      unit: 'ms',
      keepwatch: costs.reduce((a, b) => a + b, 0),
      limit: 1000,
    }),
    row({
      figure: 'the same: signals recorded',
      unit: '',
      keepwatch: counted.signals,
      limit: ids.length,
      atLeast: true,
    }),
    row({
      figure: 'the same: messages for one person on one channel, at most',
      unit: '',
      keepwatch: most,
      limit: 2,
    }),
  ];
}

/** The same through the whole program: from the slave's answer with the first contact to the siren's coil. */
async function wholeFlood(rounds) {
  const delays = [];
  let recorded = 0;
  for (let round = 0; round < rounds; round += 1) {
    const broker = await startBroker();
    let firstMs;
    let drivenMs;
    const slave = await startSlave(
      () => {
        if (slave.registers[0] !== 0) firstMs ??= nowMs();
      },
      (_coil, on) => {
        if (on) drivenMs ??= nowMs();
      },
    );
    slave.registers.fill(0);
    const folder = newFolder();
    const contacts = 500;
    const points = Array.from(
      { length: contacts },
      (_, at) =>
        `      p${at}: { read: "holding:${Math.floor(at / 16)}.${at % 16}", kind: smoke, zone: z${at % 20}, rule: none }`,
    );
    const rules = Array.from(
      { length: contacts },
      (_, at) => `  r${at}: { when: io.p${at}, plan: fire, zone: z${at % 20}, outputs: { siren: on } }`,
    );
    const site = [
      'premises: { id: flood, name: Flood, timezone: Asia/Shanghai }',
      `data: ${folder}/data`,
      `mqtt: { url: "mqtt://127.0.0.1:${broker.port}" }`,
      `buses: { lan: { driver: modbus-tcp, host: 127.0.0.1, port: ${slave.port} } }`,
      'zones:',
      ...Array.from({ length: 20 }, (_, at) => `  z${at}: { name: Zone ${at} }`),
      'devices:',
      '  io:',
      '    bus: lan',
      '    unit: 1',
      '    every: 100ms',
      '    points:',
      ...points,
      'outputs: { siren: { bus: lan, unit: 1, write: "coil:0" } }',
      'rules:',
      ...rules,
    ];
    const file = path.join(folder, 'site.yaml');
    writeFileSync(file, `${site.join('\n')}\n`);
    const program = path.join(stage, 'dist/main.js');
    const daemon = start(process.execPath, [program, 'run', '-c', file]);
    try {
      await until('the slave is polled', () => slave.questions > 20);
      for (let part = 0; part < 10; part += 1) {
        for (let at = part * 50; at < (part + 1) * 50; at += 1)
          slave.registers[Math.floor(at / 16)] |= 1 << (at % 16);
        await sleep(100);
      }
      await until('the siren is driven', () => drivenMs !== undefined);
      delays.push(drivenMs - firstMs);
      await until('every contact is recorded', () => {
        const told = spawnSync(process.execPath, [program, 'incidents', '--json', '-c', file]);
        recorded = JSON.parse(told.stdout.toString() || '[]').reduce(
          (sum, { signalCount }) => sum + signalCount,
          0,
        );
        return recorded >= contacts;
      });
    } finally {
      await end(daemon, 'SIGTERM');
      await slave.close();
      await broker.end();
    }
  }
  return [
    row({
      figure: '500 contacts in a second: answer to siren, worst of all rounds',
      unit: 'ms',
      keepwatch: Math.max(...delays),
      limit: 100,
    }),
    row({ figure: 'the same, median', unit: 'ms', keepwatch: median(delays), limit: 100 }),
    row({ figure: 'the same: contacts recorded', unit: '', keepwatch: recorded, limit: 500, atLeast: true }),
  ];
}
