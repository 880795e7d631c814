// Messages to people and roles: bundled and spaced, handed over from channel to channel, withdrawn when they are
// needless, and the all-clear. What a channel is nobody here knows; what became of a message is said by hand.

import { describe, expect, it } from 'vitest';
import type { Plan, Site } from '../../src/core/types.ts';
import { scenario } from '../support/scenario.ts';
import { active, contact, makeSite, person, plan, rule, rung, telling } from '../support/site.ts';

const minute = 60_000;
const ann = person('ann', { roles: ['shift'], channels: ['app', 'mail', 'sms'] });
const bob = person('bob', { roles: ['control'] });

function siteOf(more: Partial<Plan> = {}, parts: Partial<Site> = {}): Site {
  return makeSite({
    points: [contact('io.a')],
    plans: [
      plan('fire', { notify: [rung('shift', { unless: 'acknowledged' })], ...more }),
      plan('theft', { notify: [rung('shift'), rung('control')] }),
      plan('robbery', { level: 'urgent', notify: [rung('shift', { unless: 'acknowledged' })] }),
    ],
    telling: telling([ann, bob]),
    ...parts,
  });
}

const control = rung('control', { after: 30 * minute, unless: 'acknowledged' as const });

function states(run: ReturnType<typeof scenario>, about: string, told = 0): string[] {
  return run.incident(about).told![told]!.deliveries.map(({ channel, state }) => `${channel} ${state}`);
}

describe('one message', () => {
  it('a second after the first thing to tell, with all that came meanwhile', () => {
    scenario(siteOf())
      .command('raise', { plan: 'fire' })
      .at('999ms')
      .command('raise', { plan: 'theft' })
      .expectMessages([])
      .at('1s')
      .expectMessages(['ann@app 2'])
      .at('1999ms')
      .expectMessages(['ann@app 2', 'bob@app']);
  });

  /** Five hundred incidents within a second, a hundred at a time. */
  const storm = (of: string) => {
    const ids = Array.from({ length: 500 }, (_, at) => `io.p${at}`);
    const site = siteOf(
      {},
      {
        points: ids.map((id) => contact(id)),
        rules: ids.map((id, at) => rule(`r${at}`, active(id), { plan: of, zone: `z${at}` })),
      },
    );
    const run = scenario(site, { replays: 2 });
    for (let at = 0; at < 5; at += 1)
      run
        .at(`${at * 200}ms`)
        .reading(Object.fromEntries(ids.slice(at * 100, at * 100 + 100).map((id) => [id, true])));
    return run.at('2s');
  };

  it('of five hundred incidents in one second is one for each person', () => {
    const run = storm('theft').expectMessages(['ann@app 500', 'bob@app 500']);
    run.deliver('ann').deliver('bob').at('1h').expectMessages([]);
    const told = Object.values(run.state.durable.incidents).flatMap((one) => one.told!);
    expect(told.length).toBe(1000);
    expect(
      told.every(({ deliveries }) => deliveries.length === 1 && deliveries[0]!.state === 'delivered'),
    ).toBe(true);
  });

  it('of five hundred urgent ones is one for each of two channels', () => {
    storm('robbery').expectMessages(['ann@app 500', 'ann@mail 500']);
  });

  it('leaves 15 seconds to the one before, unless something is urgent', () => {
    scenario(siteOf())
      .command('raise', { plan: 'fire' })
      .at('1s')
      .deliver('ann')
      .command('raise', { plan: 'fire' })
      .at('15999ms')
      .expectMessages([])
      .at('16s')
      .expectMessages(['ann@app'])
      .deliver('ann')
      .at('17s')
      .command('raise', { plan: 'fire' })
      .command('raise', { plan: 'robbery' })
      .at('17999ms')
      .expectMessages([])
      .at('18s')
      .expectMessages(['ann@app 2', 'ann@mail 2']);
  });

  it('to roles goes over MQTT at once, and says how often it was told', () => {
    const run = scenario(siteOf({}, { telling: { mqtt: true, channels: [], people: [] } }))
      .command('raise', { plan: 'theft' })
      .expectMessages(['shift@mqtt', 'control@mqtt']);
    expect(Object.values(run.state.durable.messages).map(({ about }) => about[0]!.attempt)).toEqual([1, 1]);
    run.deliver('shift').deliver('control').expectMessages([]).at('24h').expectMessages([]);
  });
});

describe('hand-over', () => {
  it('to the next channel when a message was not delivered in its time', () => {
    const run = scenario(siteOf({ notify: [rung('shift'), control] }))
      .command('raise', { plan: 'fire' })
      .at('60999ms')
      .expectMessages(['ann@app'])
      .at('61s')
      .expectMessages(['ann@mail'])
      .at('121s')
      .expectMessages(['ann@sms'])
      .deliver('ann')
      .at('29m')
      .expectMessages([]);
    expect(states(run, 'fire')).toEqual(['app failed', 'mail failed', 'sms delivered']);
    expect(run.incident('fire').told!.length).toBe(1);
    const { deliveries } = run.incident('fire').told![0]!;
    expect(new Set(deliveries.map(({ message }) => message)).size, 'each attempt is another message').toBe(3);
    expect(deliveries[0]!.because).toBe('not delivered in time');
  });

  it('at once where a channel refuses; a failure only says why, and the channel goes on', () => {
    const run = scenario(siteOf())
      .command('raise', { plan: 'fire' })
      .at('2s')
      .deliver('ann', 'failed', 'no network')
      .expectMessages(['ann@app'])
      .deliver('ann', 'failed', 'no network')
      .expectNothing()
      .deliver('ann', 'refused', 'no such user')
      .expectMessages(['ann@mail']);
    expect(run.incident('fire').told![0]!.deliveries[0]).toMatchObject({
      state: 'failed',
      because: 'no such user',
    });
    run.at('61s').expectMessages(['ann@mail']).at('62s').expectMessages(['ann@sms']);
  });

  it('of what was delivered already is none: late news change nothing', () => {
    scenario(siteOf())
      .command('raise', { plan: 'fire' })
      .at('2s')
      .deliver('ann')
      .give({ type: 'delivery', message: 'm1', outcome: 'refused' })
      .expectNothing();
  });

  it('when all channels failed: the next rung is hastened, and all are tried again, later and later', () => {
    const run = scenario(siteOf({ notify: [rung('shift'), control] })).command('raise', { plan: 'fire' });
    const refuseAll = (): void => {
      run.expectMessages(['ann@app']).deliver('ann', 'refused');
      run.deliver('ann@mail', 'refused').deliver('ann@sms', 'refused');
    };
    run.at('1s').expectTold('fire', ['shift: ann']);
    refuseAll();
    run.expectTold('fire', ['control: bob']).expectMessages([]);
    run.at('2s').expectMessages(['bob@app']).deliver('bob');
    for (const waits of [60, 120, 240, 480, 960, 1800, 1800]) {
      run
        .after(`${waits - 2}s`)
        .expectMessages([])
        .after('2s');
      refuseAll();
    }
    run.expectTold('fire', []);
    // (not withdrawn by an acknowledgement: it is told in any case)
    run
      .command('ack', { incident: 'fire' })
      .after('1798s')
      .expectMessages([])
      .after('2s')
      .expectMessages(['ann@app']);
  });

  it('of an urgent one, told on two channels at once, waits for both', () => {
    scenario(siteOf())
      .command('raise', { plan: 'robbery' })
      .at('1s')
      .expectMessages(['ann@app', 'ann@mail'])
      .deliver('ann@app', 'refused')
      .expectMessages(['ann@mail'])
      .deliver('ann@mail', 'refused')
      .expectMessages(['ann@sms'])
      .deliver('ann@sms')
      .at('1h')
      .expectMessages([]);
  });

  it('of an urgent one that one channel delivered is not needed', () => {
    scenario(siteOf())
      .command('raise', { plan: 'robbery' })
      .at('1s')
      .deliver('ann@app')
      .deliver('ann@mail', 'refused')
      .at('1h')
      .expectMessages([]);
  });

  it('has its whole time again after a restart, because nobody carried it meanwhile', () => {
    scenario(siteOf())
      .command('raise', { plan: 'fire' })
      .at('2s')
      .restart('10m')
      .expectMessages(['ann@app'])
      .after('59s')
      .expectMessages(['ann@app'])
      .after('1s')
      .expectMessages(['ann@mail']);
  });
});

describe('an acknowledgement', () => {
  it('withdraws what waits, in baskets and on its way, but not what is told in any case', () => {
    const run = scenario(siteOf())
      .command('raise', { plan: 'fire' })
      .command('ack', { incident: 'fire' })
      .at('10s')
      .expectMessages([])
      .command('raise', { plan: 'robbery' })
      .at('11s')
      .expectMessages(['ann@app', 'ann@mail'])
      .command('ack', { incident: 'robbery' })
      .expectMessages([])
      .command('raise', { plan: 'theft' })
      .at('26s')
      .command('ack', { incident: 'theft' })
      .expectMessages(['bob@app', 'ann@app']);
    expect(states(run, 'robbery')).toEqual(['app withdrawn', 'mail withdrawn']);
    expect(run.effects.messages).toBe(false);
  });

  it('takes only its own out of a message about several', () => {
    const run = scenario(siteOf())
      .command('raise', { plan: 'fire' })
      .command('raise', { plan: 'theft' })
      .at('1s')
      .expectMessages(['ann@app 2', 'bob@app'])
      .command('ack', { incident: 'fire' })
      .expectMessages(['ann@app', 'bob@app']);
    expect(run.effects.messages).toBe(true);
    run.deliver('ann');
    expect(states(run, 'fire')).toEqual(['app withdrawn']);
    expect(states(run, 'theft')).toEqual(['app delivered']);
  });
});

describe('the all-clear', () => {
  const close = (run: ReturnType<typeof scenario>, plan: string) =>
    run.command('ack', { incident: plan }).command('close', { incident: plan, verdict: 'false' });

  it('goes to those who were reached, and to nobody else', () => {
    const run = scenario(siteOf()).command('raise', { plan: 'theft' }).at('1s').deliver('ann').at('20s');
    close(run, 'theft').expectMessages([]).at('21s').expectMessages(['ann@app']);
    const [left] = Object.values(run.state.durable.leaving);
    expect(left!.told!.at(-1)).toMatchObject({ kind: 'closed', because: 'closed by li', to: ['ann'] });
    run.deliver('ann');
    expect(run.state.durable.leaving).toEqual({});
    run.expectOpen([]).at('1h').expectMessages([]);
  });

  it('is none where nobody knows of it yet', () => {
    const run = scenario(siteOf())
      .command('raise', { plan: 'theft' })
      .at('1s')
      .expectMessages(['ann@app', 'bob@app']);
    close(run, 'theft').expectMessages([]);
    expect(run.state.durable.leaving).toEqual({});
    expect(run.state.durable.timers).toEqual({});
  });

  it('is tried on each channel once, and then let go', () => {
    const run = scenario(siteOf())
      .command('raise', { plan: 'theft' })
      .at('1s')
      .deliver('ann')
      .deliver('bob')
      .at('20s');
    close(run, 'theft').at('1h').expectMessages([]);
    expect(run.state.durable.leaving).toEqual({});
    expect(run.state.durable.baskets).toEqual({});
  });

  it('outlives a restart', () => {
    const run = scenario(siteOf())
      .command('raise', { plan: 'theft' })
      .at('1s')
      .deliver('ann')
      .deliver('bob')
      .at('20s');
    close(run, 'theft').restart('1s').expectMessages(['ann@app', 'bob@app']).deliver('ann').deliver('bob');
    expect(run.state.durable.leaving).toEqual({});
  });
});

describe('a reload', () => {
  it('without a channel hands over what was on its way there', () => {
    const run = scenario(siteOf())
      .command('raise', { plan: 'fire' })
      .at('2s')
      .reload(siteOf({}, { telling: telling([{ ...ann, channels: ['sms'] }, bob]) }))
      .expectMessages(['ann@sms']);
    expect(run.incident('fire').told![0]!.deliveries[0]!.because).toBe('removed from the configuration');
  });

  it('without a person lets go of what was to be told to them', () => {
    scenario(siteOf({ notify: [rung(['shift', 'control'])] }))
      .command('raise', { plan: 'fire' })
      .at('2s')
      .expectMessages(['ann@app', 'bob@app'])
      .reload(siteOf({}, { telling: telling([bob]) }))
      .expectMessages(['bob@app']);
  });

  it('without anybody lets go of the all-clear too', () => {
    const run = scenario(siteOf())
      .command('raise', { plan: 'theft' })
      .at('1s')
      .deliver('ann')
      .command('ack', { incident: 'theft' })
      .command('close', { incident: 'theft', verdict: 'real' })
      .reload(siteOf({}, { telling: telling([]) }))
      .expectMessages([]);
    expect(run.state.durable.leaving).toEqual({});
    expect(run.state.durable.baskets).toEqual({});
  });

  it('without MQTT lets go of what was to be published', () => {
    const site = siteOf({}, { telling: telling([ann], { mqtt: true }) });
    scenario(site)
      .command('raise', { plan: 'fire' })
      .expectMessages(['shift@mqtt'])
      .reload(siteOf())
      .expectMessages([]);
  });
});
