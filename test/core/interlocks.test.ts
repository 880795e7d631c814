// Interlocks: what an output may never be while a condition is true or unknown. They stand above rules and
// people, say so in events and records, and come back the same from a restart, a reload and the journal.

import { describe, expect, it } from 'vitest';
import { createState } from '../../src/core/engine.ts';
import { compile } from '../../src/core/model.ts';
import { desiredOutputs } from '../../src/core/outputs.ts';
import { type Durable, newDurable } from '../../src/core/state.ts';
import type { Interlock, Output, Rule } from '../../src/core/types.ts';
import { scenario } from '../support/scenario.ts';
import { active, contact, makeSite, measure, output, rule } from '../support/site.ts';

const points = [
  contact('gas.alarm'),
  measure('gas.ppm', { staleAfterMs: 3000 }),
  contact('io.a'),
  contact('io.b'),
];

function interlock(id: string, on: string, never: boolean, cel: string): Interlock {
  return { id, output: on, never, while: { cel } };
}

const valveShut = interlock('shut_while_gas', 'valve', true, 'gas.alarm || gas.ppm > 2500.0');

function siteOf(interlocks: readonly Interlock[], outputs: readonly Output[], rules: readonly Rule[] = []) {
  return { ...makeSite({ points, outputs, rules }), interlocks };
}

const valve = output('valve', { normal: true });
const clear = { 'gas.alarm': false, 'gas.ppm': 0, 'io.a': false, 'io.b': false };

describe('an interlock', () => {
  it('holds while its condition is true, and lets go after', () => {
    const run = scenario(siteOf([valveShut], [valve]))
      .reading(clear)
      .expectOutputs({ valve: true })
      .reading({ 'gas.ppm': 3000 })
      .expectOutputs({ valve: false });
    expect(run.events.at(-1)).toMatchObject({
      type: 'output.changed',
      output: { id: 'valve', value: false },
      because:
        'held off by interlock shut_while_gas: gas.alarm || gas.ppm > 2500.0 (gas.alarm = false, gas.ppm = 3000); wanted on: at rest',
    });
    run.reading({ 'gas.ppm': 100 }).expectOutputs({ valve: true });
  });

  it('counts unknown as true: before the first reading, when stale, lost or out of service', () => {
    const run = scenario(siteOf([valveShut], [valve])).expectOutputs({ valve: false });
    expect(run.state.durable.outputs.valve!.because).toContain('unknown counts as true');
    run
      .reading(clear)
      .expectOutputs({ valve: true })
      .after('3s')
      .expectPoints({ 'gas.ppm': 'stale' })
      .expectOutputs({ valve: false })
      .reading({ 'gas.ppm': 0 })
      .expectOutputs({ valve: true })
      .lost('device:gas')
      .expectOutputs({ valve: false })
      .found('device:gas')
      .expectOutputs({ valve: false })
      .reading(clear)
      .expectOutputs({ valve: true })
      .command('disable', { point: 'gas.alarm', reason: 'service' })
      .expectOutputs({ valve: false })
      .command('enable', { point: 'gas.alarm' })
      .expectOutputs({ valve: true });
  });

  it('is true where one part is, whatever the others are', () => {
    scenario(siteOf([valveShut], [valve]))
      .reading({ 'gas.alarm': true })
      .expectOutputs({ valve: false })
      .reading({ 'gas.alarm': false })
      .expectOutputs({ valve: false })
      .reading({ 'gas.ppm': 5 })
      .expectOutputs({ valve: true });
  });

  it('wins over rules of any weight', () => {
    const site = siteOf(
      [valveShut],
      [output('valve')],
      [rule('open', active('io.a'), { level: 'urgent', outputs: { valve: true } })],
    );
    const run = scenario(site)
      .reading({ ...clear, 'io.a': true })
      .expectOutputs({ valve: true })
      .reading({ 'gas.alarm': true })
      .expectOutputs({ valve: false })
      .reading({ 'gas.alarm': false })
      .expectOutputs({ valve: true });
    expect(run.events.filter(({ type }) => type === 'output.changed')).toHaveLength(3);
  });

  it('that withholds a new demand says so in an event and in the record, though nothing moves', () => {
    const site = siteOf(
      [valveShut],
      [output('valve')],
      [rule('open', active('io.a'), { outputs: { valve: true } })],
    );
    const run = scenario(site)
      .reading({ ...clear, 'gas.alarm': true })
      .expectOutputEvents([])
      .reading({ 'io.a': true })
      .expectOutputs({ valve: false })
      .expectOutputEvents(['valve false']);
    expect(run.events.at(-1)!.because).toMatch(
      /^held off by interlock shut_while_gas: .*; wanted on: open, incident i1_/,
    );
    expect(run.state.durable.outputs.valve).toMatchObject({ heldBy: 'shut_while_gas', desired: false });
    expect(run.reading({ 'gas.ppm': 9000 }).effects.fact).toBeUndefined();
    run.reading({ 'io.a': false }).expectOutputEvents([]);
    expect(run.state.durable.outputs.valve).toMatchObject({ because: 'at rest' });
    expect(run.state.durable.outputs.valve!.heldBy).toBeUndefined();
  });

  it('holds an output that is otherwise left as it is', () => {
    scenario(siteOf([valveShut], [output('valve', { normal: 'keep' })]))
      .reading(clear)
      .expectOutputs({ valve: 'keep' })
      .reading({ 'gas.alarm': true })
      .expectOutputs({ valve: false })
      .reading({ 'gas.alarm': false })
      .expectOutputs({ valve: 'keep' });
  });

  it('may keep something on, past silence, maxOn and shelves', () => {
    const fan = output('fan', { silenceable: true, maxOnMs: 60_000 });
    const site = siteOf(
      [interlock('fan_while_gas', 'fan', false, 'gas.alarm')],
      [fan],
      [rule('r', active('gas.alarm'), { outputs: { fan: true } })],
    );
    scenario(site)
      .reading(clear)
      .expectOutputs({ fan: false })
      .reading({ 'gas.alarm': true })
      .command('silence')
      .expectOutputs({ fan: true })
      .after('10m')
      .expectOutputs({ fan: true })
      .reading({ 'gas.alarm': false })
      .expectOutputs({ fan: false });
  });

  it('of two that contradict each other the first in the file wins', () => {
    const on = interlock('never_off', 'fan', false, 'io.a');
    const off = interlock('never_on', 'fan', true, 'io.b');
    const both = { ...clear, 'io.a': true, 'io.b': true };
    scenario(siteOf([on, off], [output('fan')]))
      .expectOutputs({ fan: true })
      .reading(both)
      .expectOutputs({ fan: true })
      .reading({ 'io.a': false })
      .expectOutputs({ fan: false });
    scenario(siteOf([off, on], [output('fan')]))
      .reading(both)
      .expectOutputs({ fan: false });
  });

  it('is evaluated only when a point changes that it names', () => {
    const run = scenario(siteOf([valveShut], [valve])).reading(clear);
    const { condition } = run.model.interlocks[0]!;
    if (condition.kind !== 'expression') throw new Error('an expression was given');
    let evaluated = 0;
    const { evaluate } = condition.expression;
    Object.assign(condition.expression, {
      evaluate() {
        evaluated += 1;
        return evaluate();
      },
    });
    run.reading({ 'io.a': true }).reading({ 'io.b': true }).reading({ 'gas.ppm': 0 });
    expect(evaluated).toBe(0);
    run.reading({ 'gas.ppm': 1 });
    expect(evaluated).toBe(1);
  });

  it('that changes no standing leaves no trace in the journal', () => {
    const run = scenario(siteOf([valveShut], [valve]))
      .reading(clear)
      .reading({ 'gas.ppm': 3000 });
    expect(run.effects.fact).toBeDefined();
    expect(run.reading({ 'gas.ppm': 4000 }).effects.fact).toBeUndefined();
    expect(run.reading({ 'gas.alarm': true }).effects.fact).toBeUndefined();
  });
});

describe('people', () => {
  const site = siteOf([valveShut], [output('valve')]);

  it('can not override it; the refusal says why and changes nothing', () => {
    const run = scenario(site)
      .reading({ ...clear, 'gas.ppm': 3000 })
      .command('output', { output: 'valve', value: 'on', for: '5m' })
      .expectReply({ ok: false, code: 'refused' })
      .expectOutputs({ valve: false })
      .expectNothing();
    expect(run.effects.reply!.message).toBe(
      'interlock shut_while_gas forbids valve on: gas.alarm || gas.ppm > 2500.0 (gas.alarm = false, gas.ppm = 3000)',
    );
    run
      .command('output', { output: 'valve', value: 'off', for: '5m' })
      .expectReply({ ok: true })
      .command('output', { output: 'valve', value: 'auto' })
      .expectReply({ ok: true })
      .reading({ 'gas.ppm': 0 })
      .command('output', { output: 'valve', value: 'on', for: '5m' })
      .expectReply({ ok: true })
      .expectOutputs({ valve: true });
  });

  it('are refused while it is unknown too', () => {
    scenario(site)
      .command('output', { output: 'valve', value: 'on', for: '5m' })
      .expectReply({ ok: false, code: 'refused' });
  });

  it('find their setting gone when the danger has passed: it does not come back by itself', () => {
    const run = scenario(site)
      .reading(clear)
      .command('output', { output: 'valve', value: 'on', for: '1h' })
      .expectOutputs({ valve: true })
      .reading({ 'gas.alarm': true })
      .expectOutputs({ valve: false })
      .reading({ 'gas.alarm': false })
      .expectOutputs({ valve: false });
    expect(run.state.durable.overrides).toEqual({});
    expect(run.state.durable.timers).not.toHaveProperty('override:valve');
  });

  it('find it again after a sensor was silent for a moment, or the daemon gone', () => {
    scenario(site)
      .reading(clear)
      .command('output', { output: 'valve', value: 'on', for: '1h' })
      .lost('device:gas')
      .expectOutputs({ valve: false })
      .found('device:gas')
      .reading(clear)
      .expectOutputs({ valve: true })
      .restart()
      .expectOutputs({ valve: false })
      .reading(clear)
      .expectOutputs({ valve: true })
      .after('1h')
      .expectOutputs({ valve: false });
  });
});

describe('restart and reload', () => {
  it('after a restart it holds until its points were read', () => {
    scenario(siteOf([valveShut], [valve]))
      .reading(clear)
      .expectOutputs({ valve: true })
      .restart('1h')
      .expectOutputs({ valve: false })
      .reading({ 'gas.alarm': false })
      .expectOutputs({ valve: false })
      .reading({ 'gas.ppm': 10 })
      .expectOutputs({ valve: true });
  });

  it('a snapshot from before there were interlocks holds at first', () => {
    const model = compile(siteOf([valveShut], [valve]));
    const { interlocks: _, ...old } = newDurable('abcd1234');
    const state = createState(model, 'abcd1234', old as Durable);
    expect(desiredOutputs(state, model).get('valve')).toMatchObject({
      value: false,
      heldBy: 'shut_while_gas',
      because: expect.stringContaining('not looked at yet'),
    });
  });

  it('a reload that adds, changes or removes one is obeyed at once', () => {
    const without = siteOf([], [valve]);
    scenario(without)
      .reading({ ...clear, 'gas.alarm': true })
      .expectOutputs({ valve: true })
      .reload(siteOf([valveShut], [valve]))
      .expectOutputs({ valve: false })
      .reload(siteOf([{ ...valveShut, while: { cel: 'io.a' } }], [valve]))
      .expectOutputs({ valve: true })
      .reading({ 'io.a': true })
      .expectOutputs({ valve: false })
      .reload(siteOf([{ ...valveShut, never: false, while: { cel: 'io.a' } }], [valve]))
      .expectOutputs({ valve: true })
      .reload(without)
      .expectOutputs({ valve: true });
  });

  it('nothing is kept of one that is gone', () => {
    const run = scenario(siteOf([valveShut], [valve]))
      .reading(clear)
      .reload(siteOf([], []));
    expect(run.state.durable.interlocks).toEqual({});
  });
});
