// What an output must never be while a condition is true. Not knowing counts as true here, unlike in rules: an
// interlock is there for the moment in which the detector is dead as well. Stands above rules and people. This
// file alone moves an interlock from one standing to another; outputs.ts asks what it makes of an output.

import type { Turn } from './incidents.ts';
import { becauseOf, type CompiledInterlock, type Model, truthOf, withAllHeard } from './model.ts';
import type { State } from './state.ts';
import { clearTimer } from './timers.ts';

/** An interlock in force on an output. */
export interface Hold {
  readonly id: string;
  /** the value that is forbidden */
  readonly never: boolean;
  readonly because: string;
}

/** Looks at an interlock again, because a point that it names changed. */
export function evaluateInterlock(turn: Turn, { interlock, condition }: CompiledInterlock): void {
  const { state, model } = turn;
  const { interlocks, overrides } = state.durable;
  // (what is only being tested is heard all the same)
  const truth = withAllHeard(model, state.live.disabled, () =>
    truthOf(condition, model, state.durable.alarms),
  );
  const standing = truth === undefined ? 'unknown' : truth ? 'true' : 'false';
  if (interlocks[interlock.id]?.standing === standing) return;
  state.dirty = true;
  turn.effects.outputs = true;
  // Kept as it was at this moment: the values in it may go on changing without the standing doing so.
  interlocks[interlock.id] = { standing, because: becauseOf(condition, model) };
  // What a person wanted before the danger was there must not come back by itself when it has passed. A sensor
  // that is merely silent for a moment only holds it back.
  if (standing === 'true' && overrides[interlock.output]?.value === interlock.never) {
    delete overrides[interlock.output];
    clearTimer(state.timers, `override:${interlock.output}`);
  }
}

/** The interlock in force on this output; of several the one that stands first in the file. */
export function holdOn(state: State, model: Model, output: string): Hold | undefined {
  for (const { interlock } of model.interlocksOn.get(output) ?? []) {
    const record = state.durable.interlocks[interlock.id];
    if (record?.standing === 'false') continue;
    const unknown = record?.standing === 'true' ? '' : ', unknown counts as true';
    return {
      id: interlock.id,
      never: interlock.never,
      because: `${record?.because ?? 'not looked at yet'}${unknown}`,
    };
  }
  return undefined;
}

/** The one value that a hold leaves. */
export function mustBe(hold: Hold): boolean {
  return !hold.never;
}

export function onOrOff(value: boolean): 'on' | 'off' {
  return value ? 'on' : 'off';
}
