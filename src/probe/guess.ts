// Guesses which product a unit is: reads the points of each profile that could fit and weighs how likely their
// values are. A profile whose first request is refused or unanswered costs no more than that one. Only ever reads.

import type { Profile } from '../config/profiles.ts';
import { scaled } from '../core/points.ts';
import type { Point, Value } from '../core/types.ts';
import { hasGaps, mergeReads } from '../devices/merge.ts';
import type { PointAddress, Raw, ReadRequest } from '../driver.ts';
import type { Line } from './ask.ts';
import { agreement, judge } from './plausible.ts';

export type Sureness = 'sure' | 'likely' | 'possible';

export interface Guess {
  readonly profile: string;
  readonly sureness: Sureness;
  readonly score: number;
  /** values that speak for it, by point */
  readonly telling: readonly { readonly point: string; readonly value: Value; readonly unit?: string }[];
  /** its powers are its voltages times its currents */
  readonly agrees: boolean;
  /** contacts only: all of them can be read, which fits many products */
  readonly mute: boolean;
  /** points with a likely value, of all that there are; of contacts those that can be read */
  readonly fitting: number;
  readonly of: number;
}

interface Candidate {
  readonly profile: Profile;
  readonly points: readonly Point[];
  readonly requests: readonly ReadRequest[];
  readonly mute: boolean;
}

const none = { sureness: 'possible', telling: [], agrees: false, mute: false } as const;
/** of a contact that can be read: of two boards the larger, and any product with values before both */
const leastScore = 0.01;
/** weight of a point that the unit does not have */
const missingWeight = -2;
const sure = { score: 10, lead: 2 };
const likely = { score: 3, lead: 1 };
/** questions in a row without any answer, after which a table is not asked for again */
const mostSilent = 2;

/** The profiles that could be this unit, the likeliest first; none where nothing speaks for any. */
export async function guessProfile(
  line: Line,
  unit: number,
  profiles: readonly Profile[],
  timeoutMs: number,
): Promise<Guess[]> {
  const known = new Known(line, timeoutMs);
  const guesses: Guess[] = [];
  const candidates = profiles.flatMap((profile) => {
    // what is generic fits everything, which says nothing
    const fits = profile.maker !== 'generic' && profile.drivers.includes(line.driver.id);
    const candidate = fits ? candidateOf(line, unit, profile) : undefined;
    return candidate ? [candidate] : [];
  });
  // boards with contacts last: where values have told the product, they are not asked for
  for (const candidate of candidates.toSorted((a, b) => Number(a.mute) - Number(b.mute))) {
    if (candidate.mute && guesses.some(({ mute }) => !mute)) break;
    const guess = await weigh(candidate, known);
    if (guess && guess.score > 0) guesses.push(guess);
  }
  const verified = new Set(profiles.filter((profile) => profile.verified).map(({ id }) => id));
  const rank = ({ profile }: Guess): string => `${verified.has(profile) ? 0 : 1} ${profile}`;
  // of two products with one map the verified one first
  guesses.sort((a, b) => b.score - a.score || (rank(a) < rank(b) ? -1 : 1));
  const [best, next] = guesses;
  if (!best) return [];
  const lead = best.score - (next?.score ?? 0);
  return guesses
    .filter(({ score }) => score >= best.score / 2)
    .map((guess) => ({ ...guess, sureness: surenessOf(guess, best.score, lead) }));
}

function surenessOf({ score }: Guess, best: number, lead: number): Sureness {
  if (score === best && score >= sure.score && lead >= sure.lead) return 'sure';
  if (score === best && score >= likely.score && lead >= likely.lead) return 'likely';
  // one of several that share a map: which, the unit can't tell
  return score >= sure.score && best - score < likely.lead ? 'likely' : 'possible';
}

/** Resolves a profile's points for a unit; undefined where they can't be, or have nothing to judge by. */
function candidateOf(line: Line, unit: number, profile: Profile): Candidate | undefined {
  const addresses: PointAddress[] = [];
  const points: Point[] = [];
  try {
    for (const [name, written] of Object.entries(profile.points)) {
      const keys = written as Readonly<Record<string, unknown>>;
      const address = line.driver.point(line.settings, { unit }, { read: keys.read });
      const invalid = keys.invalid === undefined ? undefined : ([keys.invalid].flat() as number[]);
      addresses.push({ ...address, id: name, device: profile.id });
      points.push({
        ...keys,
        ...(invalid ? { invalid } : {}),
        id: name,
        type: address.type,
      } as unknown as Point);
    }
  } catch {
    // a site's own profile with a fault: `check` names it
    return undefined;
  }
  // contacts have no likely values: such a product is only a place to start, and none that alarms by itself
  const mute = !points.some((point) => point.type === 'number' && point.unit !== undefined);
  if (mute && points.some((point) => point.kind !== undefined)) return undefined;
  const { limits } = line.driver;
  const requests = mergeReads(addresses, {
    most: Math.min(limits.most, profile.limits?.most ?? limits.most),
    gap: profile.limits?.gap ?? limits.gap,
    even: profile.limits?.even ?? limits.even,
  });
  return { profile, points, requests, mute };
}

async function weigh(
  { profile, points, requests, mute }: Candidate,
  known: Known,
): Promise<Guess | undefined> {
  const raws = new Map<string, Raw | undefined>();
  for (const [index, request] of requests.entries()) {
    const answers = await known.read(request);
    if (index === 0 && answers.size === 0) return undefined;
    for (const [id, raw] of answers) raws.set(id, raw);
  }
  const values = new Map<string, Value | null>();
  const telling: Guess['telling'][number][] = [];
  let score = 0;
  let fitting = 0;
  for (const point of points) {
    const raw = raws.get(point.id);
    if (raw === undefined) {
      score += missingWeight;
      continue;
    }
    const { value } = scaled(point, raw);
    values.set(point.id, value);
    const judged = judge(point.id, point.unit, value);
    score += judged.weight;
    if (judged.weight > 0) fitting += 1;
    if (judged.telling && value !== null)
      telling.push({ point: point.id, value, ...(point.unit === undefined ? {} : { unit: point.unit }) });
  }
  if (mute) {
    if (values.size < points.length) return undefined;
    return {
      ...none,
      profile: profile.id,
      score: leastScore * points.length,
      mute,
      fitting: values.size,
      of: values.size,
    };
  }
  const together = agreement(values);
  score += together.weight;
  const agrees = together.telling;
  return { ...none, profile: profile.id, score, telling, agrees, fitting, of: points.length };
}

/** What a unit has answered so far, so that no two profiles ask it the same. */
class Known {
  private readonly line: Line;
  private readonly timeoutMs: number;
  private readonly answers = new Map<string, ReadonlyMap<string, Raw>>();
  private readonly refused: { space: string; start: number; end: number }[] = [];
  private readonly silent = new Map<string, number>();

  constructor(line: Line, timeoutMs: number) {
    this.line = line;
    this.timeoutMs = timeoutMs;
  }

  /** The raws of the points that it has; none where it refuses or is silent. */
  async read(request: ReadRequest): Promise<ReadonlyMap<string, Raw>> {
    const { space, start, length } = request;
    const key = JSON.stringify([space, start, length, request.points.map(({ detail }) => detail)]);
    const before = this.answers.get(key);
    if (before) return renamed(before, request);
    if (this.isHopeless(request)) return hasGaps(request) ? await this.parts(request) : new Map();
    const answer = await this.line.ask(request, this.timeoutMs);
    if (answer.kind === 'values') {
      this.silent.set(space, 0);
      const raws = new Map(request.points.map((_, index) => [String(index), answer.raws[index] ?? null]));
      this.answers.set(key, raws);
      return renamed(raws, request);
    }
    if (answer.kind === 'exception') {
      this.silent.set(space, 0);
      this.refused.push({ space, start, end: start + length });
      // refused perhaps for the cells between, which nobody wants
      if (hasGaps(request)) return await this.parts(request);
    } else this.silent.set(space, (this.silent.get(space) ?? 0) + 1);
    return new Map();
  }

  private async parts(request: ReadRequest): Promise<ReadonlyMap<string, Raw>> {
    const raws = new Map<string, Raw>();
    for (const part of mergeReads(request.points, { most: request.length, gap: 0, even: false })) {
      for (const [id, raw] of await this.read(part)) raws.set(id, raw);
    }
    return raws;
  }

  /** It stays silent in this table, or has refused a part of these cells already. */
  private isHopeless({ space, start, length }: ReadRequest): boolean {
    if ((this.silent.get(space) ?? 0) >= mostSilent) return true;
    return this.refused.some(
      (each) => each.space === space && each.start >= start && each.end <= start + length,
    );
  }
}

/** Answers are kept by place in the request, as each profile has names of its own. */
function renamed(raws: ReadonlyMap<string, Raw>, request: ReadRequest): ReadonlyMap<string, Raw> {
  return new Map(request.points.map((point, index) => [point.id, raws.get(String(index)) ?? null]));
}
