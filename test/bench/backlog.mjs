// A week without a broker: what a gateway of a hundred numbers has written by then, how fast it drains when the broker is
// back, and how long a new alarm takes in the middle of it. The samples are made by the real store on a virtual
// clock, the transitions by the program on its own; device and subscriber are timed by one clock.

import { appendFileSync, closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import mqtt from 'mqtt';
import { startSlave } from './slave.mjs';
import {
  end,
  freePort,
  median,
  newFolder,
  nowMs,
  parts,
  startBroker,
  startKeepwatch,
  until,
  writeSite,
  writtenBytes,
} from './stage.mjs';
import { row } from './table.mjs';

export const what = 'a week without a broker, and its end';

const points = 100;
const weekMinutes = 7 * 1440;
const transitions = 500;
/** 64 kbit/s, in bytes a second */
const slowBytes = 8000;
const sampleTopic = 'keepwatch/v1/bench/telemetry';

export async function measure({ quick }) {
  const { makeBacklog } = await parts();
  return [...(await wear(makeBacklog)), ...(await drain(makeBacklog, quick))];
}

/** A day of numbers that move six times a minute; what was dirtied is sent to the disk after each block, as time would. */
async function wear(makeBacklog) {
  const data = newFolder();
  const files = ['telemetry.db', 'telemetry.db-wal'].map((name) => path.join(data, name));
  const before = writtenBytes('self');
  let minute = 0;
  await makeBacklog(data, points, 1440, {
    changes: 6,
    eachMinute() {
      minute += 1;
      if (minute % 10 === 0) for (const file of files) sync(file);
    },
  });
  for (const file of files) sync(file);
  const perDay = (writtenBytes('self') - before) / 1e6;
  return [
    row({ figure: 'telemetry written in a day, 100 numbers', unit: 'MB', keepwatch: perDay, limit: 2 }),
  ];
}

function sync(file) {
  if (!existsSync(file)) return;
  const descriptor = openSync(file, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

async function drain(makeBacklog, quick) {
  const data = newFolder();
  const { samples, blocks } = await makeBacklog(data, points, weekMinutes);
  const slave = await startSlave();
  const broker = await startBroker();
  const port = await freePort();
  const site = writeSite({ broker: port, ports: [slave.port], every: '5ms', data });
  appendFileSync(site.file, 'telemetry: { publish: true }\n');
  const child = startKeepwatch(site);
  const seen = { samples: [], events: [], eventsBefore: 0, told: undefined };
  const witness = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`);
  witness.on('message', (topic, payload) => {
    if (topic === sampleTopic) {
      if (seen.samples.length === 0) seen.eventsBefore = seen.events.length;
      seen.samples.push(nowMs());
    } else {
      const event = JSON.parse(payload.toString());
      seen.events.push(event);
      seen.told?.(event);
    }
  });
  await witness.subscribeAsync([sampleTopic, site.topic], { qos: 1 });
  let relay;
  try {
    await until('the first questions', () => slave.questions > 2);
    for (let made = 0; made < transitions; made += 1) {
      slave.registers[0] = made % 2 === 0 ? 700 : 500;
      const asked = slave.questions;
      await until('the change was read', () => slave.questions > asked + 1);
    }
    relay = await startRelay(port, broker.port);
    await until('telemetry flows', () => seen.samples.length >= 50, 120_000);
    const times = [];
    for (let round = 0; round < (quick ? 5 : 20); round += 1) times.push(await alarm(slave, seen));
    const [firstMs, lastMs] = [seen.samples[0], seen.samples.at(-1)];
    const rate = ((seen.samples.length - 1) / (lastMs - firstMs)) * 1000;
    const rows = [
      row({
        figure: 'a new alarm while a week drains, worst',
        unit: 'ms',
        keepwatch: Math.max(...times),
        limit: 2000,
      }),
      row({ figure: 'the same, median', unit: 'ms', keepwatch: median(times) }),
      row({
        figure: 'blocks drained',
        unit: '/s',
        keepwatch: rate,
        limit: 20.5,
        limitText: '20 each second',
      }),
      row({
        figure: `transitions before the first of ${samples} samples`,
        unit: '',
        keepwatch: seen.eventsBefore,
        limit: transitions,
        atLeast: true,
      }),
    ];
    relay.slow(slowBytes);
    const slow = [];
    for (let round = 0; round < (quick ? 3 : 10); round += 1) slow.push(await alarm(slave, seen));
    relay.slow(undefined);
    rows.push(
      row({
        figure: 'the same on a line of 64 kbit/s, worst',
        unit: 'ms',
        keepwatch: Math.max(...slow),
        limit: 2000,
      }),
    );
    if (quick) return rows;
    await until('the whole week', () => seen.samples.length >= blocks, 480_000, 50);
    const seconds = (seen.samples.at(-1) - firstMs) / 1000;
    return [...rows, row({ figure: 'the whole week drained in', unit: 's', keepwatch: seconds })];
  } finally {
    await end(child);
    witness.end(true);
    relay?.close();
    await broker.end();
    await slave.close();
  }
}

/** From the answer that carries the value to the subscriber, ms; and back to rest. */
async function alarm(slave, seen) {
  const turn = (value, types) =>
    new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error('no event within 20 s')), 20_000);
      const beganMs = nowMs();
      seen.told = ({ type }) => {
        if (!types.includes(type)) return;
        clearTimeout(limit);
        seen.told = undefined;
        resolve(nowMs() - beganMs);
      };
      slave.registers[0] = value;
    });
  const took = await turn(700, ['incident.opened', 'incident.signal']);
  await turn(500, ['incident.returned']);
  return took;
}

/** The way to the broker opens: until now nobody listened there. `slow`: so many bytes a second upwards, or all. */
function startRelay(port, to) {
  const sockets = new Set();
  const everyMs = 20;
  let bytesPerSecond;
  const server = createServer((near) => {
    const far = connect({ port: to, host: '127.0.0.1', noDelay: true });
    near.setNoDelay(true);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    far.pipe(near);
    let waiting = Buffer.alloc(0);
    near.on('data', (chunk) => {
      waiting = Buffer.concat([waiting, chunk]);
      if (bytesPerSecond === undefined) pass(waiting.length);
    });
    const pass = (most) => {
      if (waiting.length > 0) far.write(waiting.subarray(0, most));
      waiting = waiting.subarray(most);
    };
    let passedAtMs = nowMs();
    const pacing = setInterval(() => {
      const passedMs = nowMs() - passedAtMs;
      passedAtMs = nowMs();
      pass(bytesPerSecond === undefined ? waiting.length : Math.ceil((bytesPerSecond * passedMs) / 1000));
    }, everyMs);
    near.on('close', () => {
      clearInterval(pacing);
      far.destroy();
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () =>
      resolve({
        slow(bytes) {
          bytesPerSecond = bytes;
        },
        close() {
          for (const socket of sockets) socket.destroy();
          server.close();
        },
      }),
    );
  });
}
