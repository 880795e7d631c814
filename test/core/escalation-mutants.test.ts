// Proof that the laws of ladders and messages can be broken: each planted mistake, in what the engine is given or
// in what it remembers, must be found within a few hundred random timelines, and without any the very same pass.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { State } from '../../src/core/state.ts';
import type { Incident, Plan, Rung, Site } from '../../src/core/types.ts';
import { timelines } from '../support/ladder-sites.ts';
import { type Mistake, watch } from '../support/ladder-watch.ts';

const seed = 20_261_124;
const most = 400;
const made = fc.sample(fc.tuple(timelines, fc.nat(1000)), { seed, numRuns: most });

function incidents(state: State): Incident[] {
  return Object.values(state.durable.incidents);
}

function withPlans(change: (plan: Plan) => Plan): Mistake {
  return { site: (site: Site) => ({ ...site, plans: site.plans.map(change) }) };
}

function withRungs(change: (rung: Rung) => Rung): Mistake {
  return withPlans((plan) => ({ ...plan, notify: plan.notify!.map(change) }));
}

function forgetTimers({ timers }: State, kind: string): void {
  for (const name of Object.keys(timers.due)) if (name.startsWith(kind)) delete timers.due[name];
}

const mistakes: Readonly<Record<string, Mistake>> = {
  'an acknowledgement does not stop the ladder': {
    before(state, input) {
      if (input.type !== 'tick') return;
      for (const incident of incidents(state)) incident.acknowledged = false;
    },
  },
  'the ladder begins a minute late': {
    after(state) {
      for (const incident of incidents(state))
        if (incident.activatedAt !== undefined && Date.parse(incident.activatedAt) % 1000 === 0) {
          incident.activatedAt = new Date(Date.parse(incident.activatedAt) + 1).toISOString();
          incident.activatedMs! += 60_000;
        }
    },
  },
  'a rung is taken for another one': withPlans((plan) => ({
    ...plan,
    notify: plan.notify!.filter(({ after }) => after !== 60_000),
  })),
  'what makes a rung needless is ignored': withRungs((rung) => ({ ...rung, unless: undefined })),
  'a rung forgets its level': withRungs((rung) => ({ ...rung, level: undefined })),
  'it is forgotten at a restart who was told': {
    before(state, input) {
      if (input.type !== 'started') return;
      for (const incident of incidents(state))
        incident.told = (incident.told ?? []).filter(({ deliveries }) =>
          deliveries.some((one) => one.state === 'waiting'),
        );
    },
  },
  'deadlines of messages are lost at a tick': {
    before(state, input) {
      // (a restart gives them their whole time again)
      if (input.type === 'tick') forgetTimers(state, 'hand:');
    },
  },
  'deadlines of baskets are lost at a restart': {
    before(state, input) {
      if (input.type === 'started') forgetTimers(state, 'tell:');
    },
  },
  'baskets are lost at a restart': {
    before(state, input) {
      if (input.type !== 'started') return;
      forgetTimers(state, 'tell:');
      state.durable.baskets = {};
    },
  },
  'ticks are lost': {
    input: (input) => (input.type === 'tick' ? { ...input, type: 'stopping', because: '' } : input),
  },
  'a reload is not noticed': { input: (input) => (input.type === 'reloaded' ? undefined : input) },
  'what was delivered is not heard': { input: (input) => (input.type === 'delivery' ? undefined : input) },
  'a refusal is taken for a hitch': {
    input: (input) =>
      input.type === 'delivery' && input.outcome === 'refused' ? { ...input, outcome: 'failed' } : input,
  },
  'nobody is tried twice': {
    after(state) {
      for (const { person, about } of Object.values(state.durable.baskets))
        for (const one of [...about]) {
          const told = state.durable.incidents[one.incident]?.told?.find(({ number }) => number === one.told);
          if (told?.deliveries.some((each) => each.person === person && each.state === 'failed'))
            about.splice(about.indexOf(one), 1);
        }
    },
  },
  'messages of closed incidents go on': {
    after(state, input) {
      if (input.type === 'command' && input.command.verb === 'close')
        state.durable.messages.m0 = {
          id: 'm0',
          channel: 'mqtt',
          role: 'shift',
          drill: false,
          about: [{ incident: 'i0', told: 1 }],
          sinceMs: 0,
        };
    },
  },
  'closed incidents never leave': {
    after(state, input) {
      if (input.type !== 'command' || input.command.verb !== 'ack') return;
      for (const incident of incidents(state))
        state.durable.leaving.i0_left = { ...incident, state: 'closed' };
    },
  },
  'a level falls when the condition is over': {
    before(state) {
      for (const incident of incidents(state)) if (!incident.active) incident.level = 'general';
    },
  },
  'an acknowledgement ends the condition': {
    after(state) {
      for (const incident of incidents(state)) if (incident.acknowledged) incident.active = false;
    },
  },
  'a drill tells everybody': {
    input: (input) =>
      input.type === 'command' && input.command.verb === 'drill'
        ? { ...input, command: { ...input.command, channels: true } }
        : input,
  },
  'a drill moves outputs': {
    input: (input) =>
      input.type === 'command' && input.command.verb === 'drill'
        ? { ...input, command: { ...input.command, outputs: true } }
        : input,
  },
  'a shelf is put away at once': {
    after(state) {
      forgetTimers(state, 'shelve:');
      for (const incident of incidents(state)) delete incident.shelvedUntilMs;
    },
  },
  'the journal loses what was delivered': {
    after(state, input) {
      if (input.type === 'delivery') state.durable.messageCount += 1;
    },
  },
};

/** What was found; undefined: no law was broken. */
function found(mistake: Mistake): string | undefined {
  for (const [timeline, cut] of made) {
    try {
      watch(timeline, cut, mistake);
    } catch (error) {
      return (error as Error).message;
    }
  }
  return undefined;
}

describe('planted mistakes', () => {
  it('without one, no law is broken', { timeout: 120_000 }, () => {
    expect(found({})).toBeUndefined();
  });

  it.each(Object.entries(mistakes))('%s: is found', { timeout: 120_000 }, (_name, mistake) => {
    // found by a law, not by the engine falling over
    expect(found(mistake), `not found in ${most} timelines`).toMatch(/^law: /);
  });
});
