// What the laws of ladders and messages are said with: an account of what was seen so far, and what follows from
// a site and an incident alone. Says it without the engine's own words where that is possible.

import type { Model } from '../../src/core/model.ts';
import type { State } from '../../src/core/state.ts';
import type {
  Effects,
  Incident,
  Input,
  Level,
  Plan,
  Rung,
  Site,
  Told,
  Unless,
} from '../../src/core/types.ts';

export const levels: readonly Level[] = ['general', 'major', 'urgent'];

/** What was seen so far; survives restarts, as the people do who were told. */
export interface Account {
  readonly levels: Map<string, Level>;
  readonly activations: Map<
    string,
    { readonly number: number; readonly atMs: number; readonly wallMs: number }
  >;
  /** `incident:activation` that somebody acknowledged */
  readonly acknowledged: Set<string>;
  /** `incident:activation:rung` that was climbed or left out */
  readonly settled: Set<string>;
  /** `incident:rung` → when it was last told */
  readonly toldMs: Map<string, number>;
  readonly numbers: Map<string, number>;
  readonly overdue: Set<string>;
  /** `incident:number` of tellings that are known to have reached nobody */
  readonly unreached: Set<string>;
  /** `incident:number:person` whom a reload took away */
  readonly lost: Set<string>;
  readonly allowed: Map<string, { readonly outputs: boolean; readonly channels: boolean }>;
  readonly closed: Set<string>;
}

export function newAccount(): Account {
  return {
    levels: new Map(),
    activations: new Map(),
    acknowledged: new Set(),
    settled: new Set(),
    toldMs: new Map(),
    numbers: new Map(),
    overdue: new Set(),
    unreached: new Set(),
    lost: new Set(),
    allowed: new Map(),
    closed: new Set(),
  };
}

export interface Moment {
  readonly account: Account;
  readonly input: Input;
  readonly effects: Effects;
  readonly state: State;
  readonly model: Model;
  /** the site as it truly is */
  readonly site: Site;
  /** incidents that were active before this input */
  readonly activeBefore: ReadonlySet<string>;
}

export function broken(law: string, ...what: unknown[]): never {
  throw new Error(`law: ${law}: ${what.map((one) => JSON.stringify(one)).join(' ')}`);
}

export function personOf(site: Site, id: string) {
  return site.telling?.people.find((one) => one.id === id && one.channels.length > 0);
}

/** Are there people, and ways to them? If not, roles are told and nobody is missed. */
export function hasWays({ telling }: Site): boolean {
  return telling !== undefined && telling.people.length > 0 && telling.channels.length > 0;
}

export function planOf(site: Site, incident: Incident): Plan | undefined {
  return site.plans.find(({ id }) => id === incident.plan);
}

export function isNeedless(incident: Incident, unless: Unless | undefined): boolean {
  switch (unless) {
    case undefined:
      return false;
    case 'acknowledged':
      return incident.acknowledged;
    case 'returned':
      return !incident.signals.some(({ active }) => active);
    default:
      return incident.steps.find(({ id }) => id === unless.step)?.doneBy !== undefined;
  }
}

export function isWanted(incident: Incident, told: Told): boolean {
  if (told.kind === 'closed') return incident.state === 'closed';
  if (incident.state === 'closed') return false;
  if (told.kind === 'overdue') return incident.steps.find(({ id }) => id === told.rung)?.doneBy === undefined;
  if (told.activation !== incident.activation) return false;
  // (before it last came back: it is told anew)
  if (told.unless === 'returned' && told.atMs < incident.activeSinceMs!) return false;
  return !isNeedless(incident, told.unless);
}

export function isFor(incident: Incident, { level }: Rung): boolean {
  return level === undefined || levels.indexOf(incident.level) >= levels.indexOf(level);
}
