// What happens to the premises and to the gateway, and when: alarms and bouncing contacts, dead devices, pulled plugs,
// bad lines, a broker in its moods, disks that fail, clocks that are set, kills, reloads, people. All of it drawn from
// the seed. Knows what can happen, and not what should follow.

import type { Mood } from './broker.ts';
import type { Chance } from './chance.ts';
import type { SerialLine, Slave } from './lines.ts';
import type { Premises, Sensor, Truth } from './premises.ts';
import type { World } from './world-types.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** What a sensor shows at rest, and what it may show otherwise. */
const measures: Readonly<Record<string, { readonly rest: number; readonly other: readonly number[] }>> = {
  'gas.ppm': { rest: 200, other: [900, 1900, 2000, 2600, 4000] },
  'heat.temperature': { rest: 21, other: [30, 50, 58, 61, 75, -12] },
  'heat.humidity': { rest: 45, other: [30, 60, 80] },
  'meter.voltage': { rest: 230, other: [0, 150, 185, 210, 240] },
  'meter.current': { rest: 12, other: [0, 3, 40] },
  'freezer.temperature': { rest: -18, other: [-12, -9, -5, 4] },
};

export const atRest = ({ id }: Sensor): Truth => measures[id]?.rest ?? false;

/** How long something lasts: mostly short, now and then long. */
function lasting(chance: Chance, typicalMs: number): number {
  return typicalMs * 10 ** chance.between(-1, 0.8);
}

export interface Weather {
  begin(): void;
  /** Nothing new happens, and everything becomes well. */
  clearUp(): void;
}

export function createWeather(world: World): Weather {
  const { time, broker, house, lines } = world;
  let on = false;

  /** Again and again, about so often. */
  const every = (meanMs: number, name: string, act: (chance: Chance) => void): void => {
    const chance = world.chance.stream(name);
    const next = (): void => {
      time.after(-Math.log(1 - chance.next()) * meanMs, () => {
        if (on) act(chance);
        next();
      });
    };
    next();
  };
  const forAWhile = (ms: number, end: () => void): void => void time.after(ms, end);

  const happening = (premises: Premises): void => {
    for (const sensor of premises.sensors) {
      const measure = measures[sensor.id];
      const rare = /holdup|tamper|cabinet|low|fault/.test(sensor.id);
      every((rare ? 8 : 2.5) * hourMs, `sensor ${sensor.id}`, (chance) => {
        const set = (truth: Truth): void => {
          if (on) premises.set(sensor, truth);
        };
        if (measure) set(chance.one(measure.other));
        else if (chance.happens(0.15)) bounce(chance, set);
        else set(true);
        forAWhile(lasting(chance, 6 * minuteMs), () => set(atRest(sensor)));
      });
    }
  };

  const bounce = (chance: Chance, set: (truth: Truth) => void): void => {
    let atMs = 0;
    for (let count = chance.whole(2, 30); count > 0; count -= 1) {
      atMs += chance.between(0.05, 20) * secondMs;
      forAWhile(atMs, () => set(count % 2 === 1));
    }
  };

  const pullOut = (line: SerialLine, forMs: number): void => {
    if (!line.up) return;
    world.note(`${line.path} is pulled out`);
    world.happened('line unplugged');
    line.unplug('it was pulled out');
    forAWhile(forMs, () => {
      world.note(`${line.path} is plugged in`);
      line.plugIn();
    });
  };

  const silence = (line: SerialLine, slave: Slave, forMs: number, falls: boolean): void => {
    world.note(`${line.path} unit ${slave.unit} is silent`);
    world.happened('slave silent');
    slave.silent = true;
    // its relays fall when its supply does
    if (falls) {
      slave.coils.fill(false);
      slave.fellMs = time.nowMs;
    }
    forAWhile(forMs, () => {
      world.note(`${line.path} unit ${slave.unit} speaks again`);
      slave.silent = false;
    });
  };

  const lineWeather = (): void => {
    for (const line of lines.all.values()) {
      every(5 * hourMs, `unplug ${line.path}`, (chance) => {
        // a cable that goes takes the far end first
        const alone = chance.happens(0.6);
        const outMs = lasting(chance, 2 * minuteMs);
        const far = chance.one([...line.slaves.values()]);
        if (alone) pullOut(line, outMs);
        else {
          silence(line, far, outMs + 3 * minuteMs, false);
          forAWhile(chance.between(1.5, 3) * minuteMs, () => on && pullOut(line, outMs));
        }
      });
      every(1.5 * hourMs, `trouble ${line.path}`, (chance) => {
        line.trouble = chance.one([0.002, 0.01, 0.05, 0.3]);
        forAWhile(lasting(chance, 10 * minuteMs), () => {
          line.trouble = 0.002;
        });
      });
      for (const slave of line.slaves.values()) {
        every(4 * hourMs, `silent ${line.path} ${slave.unit}`, (chance) => {
          silence(line, slave, lasting(chance, 3 * minuteMs), chance.happens(0.5));
        });
        every(12 * hourMs, `refusing ${line.path} ${slave.unit}`, (chance) => {
          world.happened('slave refuses');
          slave.refusing = true;
          forAWhile(lasting(chance, minuteMs), () => {
            slave.refusing = false;
            slave.fellMs = time.nowMs;
          });
        });
      }
    }
  };

  const brokerWeather = (): void => {
    const moods: readonly (readonly [number, Mood])[] = [
      [5, 'flapping'],
      [3, 'down'],
      [2, 'mute'],
      [2, 'full'],
      [2, 'old'],
    ];
    every(hourMs, 'broker mood', (chance) => {
      if (broker.mood !== 'well') return;
      const mood = chance.weighed(moods);
      world.note(`the broker is ${mood}`);
      world.happened(`broker ${mood}`);
      broker.mood = mood;
      forAWhile(lasting(chance, 3 * minuteMs), () => {
        world.note('the broker is well');
        broker.mood = 'well';
      });
    });
    every(3 * hourMs, 'broker hangs up', () => broker.hangUp());
    every(2 * minuteMs, 'receipts', () => world.centre.confirm());
    every(8 * hourMs, 'centre asleep', (chance) => {
      world.centre.asleep = true;
      forAWhile(lasting(chance, 20 * minuteMs), () => {
        world.centre.asleep = false;
      });
    });
  };

  const machineWeather = (): void => {
    every(5 * hourMs, 'disk', (chance) => {
      if (house.disk !== 'well') return;
      house.disk = chance.one(['full', 'failing']);
      world.note(`the disk is ${house.disk}`);
      world.happened(`disk ${house.disk}`);
      forAWhile(lasting(chance, 30 * secondMs), () => {
        world.note('the disk is well');
        house.disk = 'well';
      });
    });
    every(12 * hourMs, 'space', (chance) => {
      world.happened('disk nearly full');
      world.freeBytes = 20 * 1024 ** 2;
      forAWhile(lasting(chance, 10 * minuteMs), () => {
        world.freeBytes = 4 * 1024 ** 3;
      });
    });
    every(2.5 * hourMs, 'kill', (chance) => {
      if (house.run === undefined || house.run.stopping) return;
      world.happened('kill');
      if (chance.happens(0.3)) house.kill();
      else house.killAfter(chance.whole(1, chance.one([10, 100, 2000])));
    });
    every(7 * hourMs, 'stop', () => {
      world.happened('stop');
      void house.stop();
    });
    every(12 * hourMs, 'reboot', () => {
      world.happened('reboot');
      world.reboot();
    });
    every(5 * hourMs, 'reload', (chance) => {
      world.happened('reload');
      world.reload(
        chance.weighed([
          [4, 'other'],
          [1, 'faulty'],
          [1, 'same'],
        ] as const),
      );
    });
    every(5 * hourMs, 'clock', (chance) => {
      const how = chance.weighed([
        [3, hourMs],
        [3, -hourMs],
        [1, 14 * dayMs],
        [1, -14 * dayMs],
        [4, 300],
        [4, -300],
        [2, Number.NaN],
      ]);
      world.happened('clock set');
      world.note(Number.isNaN(how) ? 'the wall clock says 1970' : `the wall clock is set by ${how} ms`);
      if (Number.isNaN(how)) {
        time.setWall(chance.between(0, hourMs));
        time.synced = false;
        forAWhile(lasting(chance, 10 * minuteMs), () => world.setClockRight());
      } else time.stepWall(how);
    });
    every(9 * hourMs, 'synced', (chance) => {
      time.synced = false;
      forAWhile(lasting(chance, hourMs), () => world.setClockRight());
    });
  };

  happening(world.premises);
  lineWeather();
  brokerWeather();
  machineWeather();
  every(3 * minuteMs, 'people', () => world.act());
  every(15 * minuteMs, 'people again', () => world.actAgain());

  return {
    begin() {
      on = true;
    },
    clearUp() {
      on = false;
      for (const sensor of world.premises.sensors) world.premises.set(sensor, atRest(sensor));
      for (const line of lines.all.values()) {
        line.trouble = 0;
        line.plugIn();
        for (const slave of line.slaves.values()) {
          slave.silent = false;
          slave.refusing = false;
        }
      }
      broker.mood = 'well';
      house.disk = 'well';
      world.freeBytes = 4 * 1024 ** 3;
      world.centre.asleep = false;
      world.setClockRight();
    },
  };
}
