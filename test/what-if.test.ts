// The journal of one site run through the rules of another, on the virtual clock: what would have opened and ended,
// what is taken for the same, and what of people's doing counts.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createState, step } from '../src/core/engine.ts';
import { compile } from '../src/core/model.ts';
import type { Fact, Incident, Input, Raw, Site } from '../src/core/types.ts';
import { whatIf } from '../src/what-if.ts';
import { contact, makeSite, measure, plan, rule, zone } from './support/site.ts';

const startMs = Date.UTC(2026, 10, 1);
const minute = 60_000;

const full = {
  zones: [zone('hall')],
  points: [contact('io.smoke'), contact('io.flood'), measure('io.ppm')],
  plans: [plan('fire'), plan('water'), plan('gas')],
  rules: [
    rule('smoke', 'io.smoke', { zone: 'hall' }),
    rule('flood', 'io.flood', { plan: 'water', latch: true }),
  ],
} satisfies Partial<Site>;
const site = makeSite(full);
const other = (...rules: Site['rules']): Site => makeSite({ ...full, rules });

/** Runs a site from its start and keeps what a store would keep. */
function lived(given: Site) {
  const model = compile(given);
  const state = createState(model, 'test0000');
  const facts: Fact[] = [];
  const incidents = new Map<string, Incident>();
  const at = (ms: number) => ({ steadyMs: ms, wallMs: startMs + ms, clock: 'synced' as const });
  const take = (input: Input): void => {
    const effects = step(state, input, model);
    if (effects.fact) facts.push(structuredClone(effects.fact));
    for (const [id, incident] of effects.incidents) incidents.set(id, structuredClone(incident));
  };
  const self = {
    facts,
    open: () => Object.keys(state.durable.incidents),
    read(ms: number, values: Record<string, Raw>) {
      take({ type: 'reading', at: at(ms), values: Object.entries(values) });
      return self;
    },
    command(ms: number, verb: string, fields: object = {}) {
      take({
        type: 'command',
        at: at(ms),
        command: { id: `c${ms}`, verb, by: 'li', origin: 'cli', ...fields },
      });
      return self;
    },
    whatIf(rules: Site, fromMs = 0, toMs = 24 * 60 * minute) {
      return whatIf(rules, facts, [...incidents.values()], {
        fromMs: startMs + fromMs,
        toMs: startMs + toMs,
      });
    },
  };
  take({ type: 'started', at: at(0), because: 'test' });
  return self.read(0, { 'io.smoke': false, 'io.flood': false, 'io.ppm': 10 });
}

/** `both fire 5+10`: opened after so many minutes and lasted so many; `…` still open. */
function told(found: ReturnType<typeof whatIf>): string[] {
  const course = (one: { openedAt: string; closedAt?: string } | undefined): string => {
    if (!one) return '-';
    const from = (Date.parse(one.openedAt) - startMs) / minute;
    return `${from}+${one.closedAt ? (Date.parse(one.closedAt) - startMs) / minute - from : '…'}`;
  };
  return found.pairs.map(
    ({ found: kind, was, would }) => `${kind} ${(would ?? was)!.plan} ${course(was)} ${course(would)}`,
  );
}

describe('with other rules', () => {
  const past = lived(site)
    .read(5 * minute, { 'io.smoke': true })
    .read(6 * minute, { 'io.smoke': false })
    .command(20 * minute, 'ack', { incident: 'i1' })
    .command(21 * minute, 'close', { incident: 'i1', verdict: 'real' })
    .read(30 * minute, { 'io.flood': true })
    .read(50 * minute, { 'io.flood': false });

  it('the same ones find the same, and end what people closed with its condition', () => {
    const found = past.whatIf(site);
    expect(told(found)).toEqual(['both fire 5+16 5+1', 'both water 30+… 30+20']);
    expect(found).toMatchObject({ facts: past.facts.length, cut: false });
  });

  it('what people close late is one, however often its condition came and went meanwhile', () => {
    const past = lived(site)
      .read(5 * minute, { 'io.smoke': true })
      .read(6 * minute, { 'io.smoke': false })
      .read(10 * minute, { 'io.smoke': true })
      .read(12 * minute, { 'io.smoke': false })
      .command(13 * minute, 'ack', { incident: 'i1' })
      .command(14 * minute, 'close', { incident: 'i1', verdict: 'real' })
      .read(14.5 * minute, { 'io.smoke': true });
    const found = past.whatIf(site);
    // the third is nearer to its own than to the first, though that was over for less than a minute
    expect(told(found)).toEqual(['both fire 5+9 5+1', 'part fire - 10+2', 'both fire 14.5+… 14.5+…']);
    expect(found.pairs[1]).toMatchObject({ partOf: found.pairs[0]!.was!.id });
  });

  it('a journal that was made by the same rules shows no difference', () => {
    const points = ['io.smoke', 'io.flood'];
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            afterMs: fc.integer({ min: 1000, max: 20 * minute }),
            act: fc.constantFrom(...points, 'ack', 'reset', 'close', 'raise', 'disable', 'enable'),
            value: fc.boolean(),
          }),
          { maxLength: 40 },
        ),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (acts, share) => {
          const past = lived(site);
          let ms = 0;
          for (const { afterMs, act, value } of acts) {
            ms += afterMs;
            if (points.includes(act)) past.read(ms, { [act]: value });
            else if (act === 'raise') past.command(ms, act, { plan: 'gas' });
            else if (act === 'disable' || act === 'enable')
              past.command(ms, act, { point: 'io.smoke', reason: 'works' });
            else for (const incident of past.open()) past.command(ms, act, { incident, verdict: 'real' });
          }
          for (const fromMs of [0, Math.floor(ms * share)]) {
            const found = past.whatIf(site, fromMs, ms + minute);
            expect(found.pairs.filter(({ found: kind }) => kind !== 'both' && kind !== 'part')).toEqual([]);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('a longer `for` does not open what was short, and opens later what was long', () => {
    const slow = full.rules.map((each) => ({ ...each, forMs: 10 * minute }));
    expect(told(past.whatIf(other(...slow)))).toEqual(['onlyThen fire 5+16 -', 'both water 30+… 40+10']);
  });

  it('a deadline that no fact falls on comes at its own time, also after the last one', () => {
    const slow = other(rule('slow', 'io.smoke', { zone: 'hall', forMs: 45 * minute }));
    const past = lived(site).read(5 * minute, { 'io.smoke': true });
    expect(told(past.whatIf(slow, 0, 49 * minute))).toEqual(['onlyThen fire 5+… -']);
    expect(told(past.whatIf(slow, 0, 60 * minute))).toEqual(['both fire 5+… 50+…']);
  });

  it('another zone is another incident', () => {
    expect(told(past.whatIf(other(rule('smoke', 'io.smoke'))))).toEqual([
      'onlyNow fire - 5+1',
      'onlyThen fire 5+16 -',
      'onlyThen water 30+… -',
    ]);
  });
});

describe('what the journal does not know exactly', () => {
  it('a value that meant nothing is taken at the next fact, and marked', () => {
    const past = lived(site)
      .read(5 * minute, { 'io.ppm': 900 })
      .read(8 * minute, { 'io.smoke': true });
    const { pairs } = past.whatIf(other(...full.rules, rule('gas', 'io.ppm > 500.0', { plan: 'gas' })));
    expect(pairs.map(({ found, would }) => [found, would?.plan, would?.orEarlier])).toEqual([
      ['onlyNow', 'gas', true],
      ['both', 'fire', undefined],
    ]);
  });

  it('what was so before the beginning is open from then, and told as perhaps earlier', () => {
    const past = lived(site)
      .read(5 * minute, { 'io.smoke': true })
      .read(30 * minute, { 'io.flood': true });
    const { pairs } = past.whatIf(site, 20 * minute);
    expect(pairs.map(({ found, would }) => [found, would?.plan, would?.orEarlier])).toEqual([
      ['both', 'fire', true],
      ['both', 'water', undefined],
    ]);
  });

  it('a journal that begins later than asked says so', () => {
    expect(lived(site).whatIf(site, -minute).cut).toBe(true);
  });

  it('what came after the end is not run', () => {
    const past = lived(site)
      .read(5 * minute, { 'io.smoke': true })
      .read(30 * minute, { 'io.flood': true });
    expect(told(past.whatIf(site, 0, 10 * minute))).toEqual(['both fire 5+… 5+…']);
  });
});

describe('what people did', () => {
  it('raising counts, and closing ends what was raised by hand', () => {
    const past = lived(site)
      .command(5 * minute, 'raise', { plan: 'gas' })
      .command(6 * minute, 'ack', { incident: 'i1' })
      .command(9 * minute, 'close', { incident: 'i1', verdict: 'test' });
    expect(told(past.whatIf(site))).toEqual(['both gas 5+4 5+4']);
  });

  it('a point that was out of service opens nothing', () => {
    const past = lived(site)
      .command(5 * minute, 'disable', { point: 'io.smoke', reason: 'works' })
      .read(6 * minute, { 'io.smoke': true })
      .read(30 * minute, { 'io.flood': true });
    const plans = (fromMs: number) => past.whatIf(site, fromMs).pairs.map(({ would }) => would?.plan);
    expect(plans(0)).toEqual(['out-of-service', 'water']);
    expect(plans(20 * minute)).toEqual(['out-of-service', 'water']);
  });

  it('drills are no incidents', () => {
    const past = lived(site)
      .command(5 * minute, 'drill', { action: 'start', plan: 'fire' })
      .command(6 * minute, 'drill', { action: 'stop' });
    expect(past.whatIf(site).pairs).toEqual([]);
  });
});
