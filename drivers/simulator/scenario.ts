// The demo's stage: a Modbus gateway with four devices and a UPS, on TCP ports of this machine, and scenes
// that play on them. Only the devices are imitated; what Keepwatch makes of them is its own affair.

import { type Clock, systemClock, type Timer } from '../../src/lib/clock.ts';
import { type ModbusServer, setFloat, startModbusServer } from './modbus-server.ts';
import { startUpsServer, type UpsServer } from './ups-server.ts';

/** What is the matter on the premises. */
interface Situation {
  readonly smoke: boolean;
  readonly fire: boolean;
  readonly mains: boolean;
  readonly panic: boolean;
}

interface Cue {
  readonly atMs: number;
  readonly change: Partial<Situation>;
}

interface Scene {
  readonly cues: readonly Cue[];
  readonly endMs: number;
}

const quiet: Situation = { smoke: false, fire: false, mains: true, panic: false };

const smoke: Scene = {
  cues: [
    { atMs: 0, change: { smoke: true, fire: true } },
    { atMs: 20_000, change: { smoke: false, fire: false } },
  ],
  endMs: 26_000,
};
const powerCut: Scene = {
  cues: [
    { atMs: 0, change: { mains: false } },
    { atMs: 15_000, change: { mains: true } },
  ],
  endMs: 18_000,
};
const panic: Scene = {
  cues: [
    { atMs: 0, change: { panic: true } },
    { atMs: 2_000, change: { panic: false } },
  ],
  endMs: 4_000,
};

function later(atMs: number, scene: Scene): Cue[] {
  return scene.cues.map((cue) => ({ ...cue, atMs: cue.atMs + atMs }));
}

const scenes: Readonly<Record<string, Scene>> = {
  smoke,
  'power-cut': powerCut,
  panic,
  // spaced so that a viewer can acknowledge one before the next
  day: { cues: [...later(3_000, smoke), ...later(38_000, powerCut), ...later(70_000, panic)], endMs: 90_000 },
};

const refreshEveryMs = 250;
const restC = 24.5;
/** An XY-MD02 measures up to 60 °C. */
const fireC = 59.5;
const warmingCPerS = 8;
const coolingCPerS = 5;
const fullBatteryV = 27.5;
const powerFactor = 0.96;

export interface StageOptions {
  readonly clock?: Clock;
  readonly host?: string;
  /** 0: a free one; default 15020 and 15021, as in config/demo/site.yaml */
  readonly modbusPort?: number;
  readonly upsPort?: number;
}

export interface Stage {
  readonly modbusPort: number;
  readonly upsPort: number;
  readonly scenarios: readonly string[];
  /** Plays a scene to its end; one that still plays gives way. Rejects for a name that is none. */
  play(name: string): Promise<void>;
  /** What the outputs were driven to, by the name of the coil. */
  coil(name: 'siren' | 'gas_valve' | 'beacon'): boolean;
  stop(): Promise<void>;
}

/** Addresses of the stage's devices; unit 1 is laid out as an Eastron SDM120, unit 4 as an XY-MD02. */
const meter = {
  unit: 1,
  volts: 0x00,
  amperes: 0x06,
  watts: 0x0c,
  voltAmperes: 0x12,
  vars: 0x18,
  powerFactor: 0x1e,
  hertz: 0x46,
  kilowattHours: 0x48,
  kilowattHoursInAll: 0x156,
};
const inputs = { unit: 2, smoke: 0, panic: 1, lines: 8 };
const coils = { siren: 0, gas_valve: 1, beacon: 2 };
const gas = { unit: 3, ppm: 0, alarm: 3 };
const climate = { unit: 4, temperature: 1, humidity: 2 };

/** Something between −1 and 1 that wanders and never repeats soon. */
function drift(seconds: number, periodS: number): number {
  return (
    (Math.sin((2 * Math.PI * seconds) / periodS) + Math.sin((2 * Math.PI * seconds) / (periodS * 0.317))) / 2
  );
}

/** Quantities that take their time. */
interface Slow {
  temperatureC: number;
  batteryV: number;
  kilowattHours: number;
}

function advance(slow: Slow, now: Situation, seconds: number): void {
  slow.temperatureC = now.fire
    ? Math.min(fireC, slow.temperatureC + warmingCPerS * seconds)
    : Math.max(restC, slow.temperatureC - coolingCPerS * seconds);
  slow.batteryV = now.mains
    ? Math.min(fullBatteryV, slow.batteryV + 0.05 * seconds)
    : Math.max(21, slow.batteryV - 0.03 * seconds);
  if (now.mains) slow.kilowattHours += (2.3 * seconds) / 3600;
}

function show(modbus: ModbusServer, ups: UpsServer, now: Situation, slow: Slow, seconds: number): void {
  const volts = now.mains ? 228 + 3 * drift(seconds, 97) : 0;
  const hertz = now.mains ? 50 + 0.03 * drift(seconds, 61) : 0;
  const amperes = now.mains ? 10.2 + 1.4 * drift(seconds, 43) : 0;
  const measured = modbus.unit(meter.unit).input;
  setFloat(measured, meter.volts, volts);
  setFloat(measured, meter.amperes, amperes);
  setFloat(measured, meter.watts, volts * amperes * powerFactor);
  setFloat(measured, meter.voltAmperes, volts * amperes);
  setFloat(measured, meter.vars, volts * amperes * Math.sqrt(1 - powerFactor ** 2));
  setFloat(measured, meter.powerFactor, now.mains ? powerFactor : 1);
  setFloat(measured, meter.hertz, hertz);
  setFloat(measured, meter.kilowattHours, slow.kilowattHours);
  setFloat(measured, meter.kilowattHoursInAll, slow.kilowattHours);

  const contacts = modbus.unit(inputs.unit).discrete;
  contacts.set(inputs.smoke, now.smoke);
  contacts.set(inputs.panic, now.panic);

  modbus.unit(gas.unit).input.set(gas.ppm, Math.round(180 + 25 * drift(seconds, 71)));

  const air = modbus.unit(climate.unit).input;
  const temperatureC = slow.temperatureC + 0.2 * drift(seconds, 53);
  air.set(climate.temperature, Math.round(temperatureC * 10));
  air.set(climate.humidity, Math.round((46 - (slow.temperatureC - restC) * 0.5 + drift(seconds, 83)) * 10));

  Object.assign(ups.fields, {
    inputVoltage: volts,
    faultVoltage: volts,
    outputVoltage: now.mains ? volts : 229.5,
    load: 14 + 2 * drift(seconds, 37),
    frequency: now.mains ? hertz : 50,
    batteryVoltage: slow.batteryV,
    temperature: 30 + drift(seconds, 89),
    onBattery: !now.mains,
    batteryLow: slow.batteryV < 22,
    beeper: !now.mains,
  });
}

/** Cells that the demo reads or writes and that no scene touches. */
function furnish(modbus: ModbusServer): void {
  const io = modbus.unit(inputs.unit);
  for (let line = 0; line < inputs.lines; line++) {
    io.discrete.set(line, false);
    io.coils.set(line, false);
  }
  io.coils.set(coils.gas_valve, true); // open
  for (let line = 0; line <= gas.alarm; line++) modbus.unit(gas.unit).discrete.set(line, false);
  // readers join requests over the registers between two that they want
  for (let at = meter.volts; at <= meter.kilowattHoursInAll + 1; at++)
    modbus.unit(meter.unit).input.set(at, 0);
}

/** Rejects where a port is taken. */
export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const clock = options.clock ?? systemClock();
  const host = options.host ?? '127.0.0.1';
  const modbus = await startModbusServer({ host, port: options.modbusPort ?? 15020 });
  let ups: UpsServer;
  try {
    ups = await startUpsServer({ host, port: options.upsPort ?? 15021 });
  } catch (error) {
    await modbus.close();
    throw error;
  }
  const beganMs = clock.steadyMs();
  const slow: Slow = { temperatureC: restC, batteryV: fullBatteryV, kilowattHours: 1843.2 };
  let now = quiet;
  let shownMs = beganMs;
  let refresh: Timer;
  /** ends the scene that plays */
  let endScene = (): void => {};

  function update(): void {
    const atMs = clock.steadyMs();
    advance(slow, now, (atMs - shownMs) / 1000);
    shownMs = atMs;
    show(modbus, ups, now, slow, (atMs - beganMs) / 1000);
  }

  function keepShowing(): void {
    update();
    refresh = clock.after(refreshEveryMs, keepShowing);
  }

  function change(to: Situation): void {
    update();
    now = to;
    update();
  }

  furnish(modbus);
  keepShowing();
  return {
    modbusPort: modbus.port,
    upsPort: ups.port,
    scenarios: Object.keys(scenes),
    async play(name) {
      const scene = scenes[name];
      if (!scene) throw new Error(`no scene is called ${name}; there are ${Object.keys(scenes).join(', ')}`);
      endScene();
      await new Promise<void>((resolve) => {
        const timers = scene.cues.map((cue) =>
          clock.after(cue.atMs, () => change({ ...now, ...cue.change })),
        );
        endScene = () => {
          for (const timer of timers) timer.cancel();
          endScene = () => {};
          change(quiet);
          resolve();
        };
        timers.push(clock.after(scene.endMs, () => endScene()));
      });
    },
    coil: (name) => modbus.unit(inputs.unit).coils.get(coils[name])!,
    async stop() {
      endScene();
      refresh.cancel();
      await Promise.all([modbus.close(), ups.close()]);
    },
  };
}
