// The sound for what is new: a pattern for each category, repeated while an alarm is acknowledged by nobody. Made by the
// browser itself, which may forbid it until somebody has pressed something; that is said, never swallowed. Silent plans
// (a hold-up) make no sound here either.

import { computed, effect, signal } from '@preact/signals';
import type { Category, Incident } from '../api.ts';
import { isSilentPlan } from './hush.ts';
import { store, stored } from './preferences.ts';
import { incidents, loaded, now, site } from './state.ts';

export interface Mute {
  readonly by: string;
  /** ms, of this browser's clock: it is its sound */
  readonly untilMs: number;
}

export const mute = signal<Mute | undefined>(storedMute());
export const soundState = signal<'on' | 'blocked' | 'none'>(
  typeof AudioContext === 'undefined' ? 'none' : 'blocked',
);
export const muted = computed(() => {
  // (looked at again with every second)
  void now.value;
  return mute.value !== undefined && mute.value.untilMs > Date.now();
});

function storedMute(): Mute | undefined {
  try {
    const kept = JSON.parse(stored('mute') ?? 'null') as Mute | null;
    return kept && kept.untilMs > Date.now() ? kept : undefined;
  } catch {
    return undefined;
  }
}

export function muteFor(by: string, ms: number): void {
  mute.value = { by, untilMs: Date.now() + ms };
  store('mute', JSON.stringify(mute.value));
}

export function unmute(): void {
  mute.value = undefined;
  store('mute', undefined);
}

let context: AudioContext | undefined;

/** Must be called from a press: only then does a browser allow it. */
export async function allowSound(): Promise<void> {
  if (typeof AudioContext === 'undefined') return;
  context ??= new AudioContext();
  context.onstatechange = look;
  await context.resume().catch(() => {});
  look();
}

function look(): void {
  soundState.value = context?.state === 'running' ? 'on' : 'blocked';
}

/** Hz and seconds, one after the other; 0: a pause */
const patterns: Readonly<Record<Category | 'drill', readonly (readonly [hz: number, s: number])[]>> = {
  alarm: [
    [960, 0.25],
    [770, 0.25],
    [960, 0.25],
    [770, 0.25],
    [960, 0.25],
    [770, 0.25],
  ],
  supervisory: [
    [660, 0.3],
    [0, 0.15],
    [660, 0.3],
  ],
  trouble: [[520, 0.4]],
  drill: [
    [520, 0.2],
    [660, 0.2],
    [780, 0.2],
  ],
};

export function play(what: Category | 'drill'): void {
  if (context?.state !== 'running') return;
  const volume = context.createGain();
  volume.connect(context.destination);
  let at = context.currentTime + 0.02;
  for (const [hz, s] of patterns[what]) {
    if (hz > 0) {
      const tone = context.createOscillator();
      tone.type = what === 'alarm' ? 'square' : 'sine';
      tone.frequency.value = hz;
      tone.connect(volume);
      tone.start(at);
      tone.stop(at + s);
    }
    at += s;
  }
  // (a square wave is far louder than a sine of the same height)
  volume.gain.value = what === 'alarm' ? 0.25 : 0.4;
}

const repeatMs = 6000;

/** Looks at what is open for as long as the page is there. */
export function watchForSound(): void {
  const first = (): void => {
    void allowSound();
  };
  // (at the end of a press: the button that says that sound is blocked must not become another one under the finger)
  for (const kind of ['click', 'keyup']) addEventListener(kind, first, { once: true });
  // Some browsers allow it without a press (a kiosk is started so).
  void allowSound();

  let known: ReadonlyMap<string, number> | undefined;
  let lastMs = 0;
  effect(() => {
    const open = incidents.value;
    if (!loaded.value) return;
    const before = known;
    known = new Map([...open.values()].map((one) => [one.id, activationOf(one)]));
    const fresh = [...open.values()].filter(
      (one) =>
        wantsSound(one) && (before === undefined ? isWaiting(one) : before.get(one.id) !== activationOf(one)),
    );
    const worst = worstOf(fresh);
    if (worst === undefined || muted.peek()) return;
    lastMs = Date.now();
    play(worst);
  });
  setInterval(() => {
    if (muted.peek() || Date.now() - lastMs < repeatMs) return;
    const worst = worstOf([...incidents.peek().values()].filter((one) => isWaiting(one) && wantsSound(one)));
    if (worst !== 'alarm') return;
    lastMs = Date.now();
    play(worst);
  }, 500);
}

/** A new one, or one that became active again: each sounds once at least. */
function activationOf({ activation = 0 }: Incident): number {
  return activation;
}

function isWaiting({ acknowledged, silenced, state }: Incident): boolean {
  return !acknowledged && !silenced && state !== 'shelved';
}

function wantsSound({ plan }: Incident): boolean {
  return !isSilentPlan(plan, site.peek());
}

function worstOf(some: readonly Incident[]): Category | 'drill' | undefined {
  for (const category of ['alarm', 'supervisory', 'trouble'] as const)
    if (some.some((one) => one.category === category && !one.drill)) return category;
  return some.length > 0 ? 'drill' : undefined;
}
