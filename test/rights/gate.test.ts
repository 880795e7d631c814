// The gate: what is refused and why, in which order; what is taken, and that it is taken once, whatever was restarted,
// pruned or set back meanwhile. With real signatures, without a broker.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { longestLifeMs, toleranceMs } from '../../src/rights/words.ts';
import { virtualClock } from '../support/clock.ts';
import { door, type Fields, holder, session, signedBy } from './people.ts';

const now = Date.UTC(2026, 10, 22);
const minute = 60_000;
const wang = holder('wang', 'operate');
const chen = holder('chen', 'acknowledge');
const unsynced = () => {
  const clock = virtualClock(0);
  clock.setSynced(false);
  return clock;
};
const refused = (reason: string, code = 'notAllowed'): object => ({ id: 'c1', ok: false, code, reason });

describe('the language of a command', () => {
  const han = /\p{Script=Han}/u;

  test('is that of its refusal, signed or not', async () => {
    for (const language of ['zh', 'en'] as const) {
      const unsigned = { id: 'c1', verb: 'ack', by: 'wang', origin: 'mqtt', language } as const;
      const stranger = signedBy(holder('stranger', 'operate'), { language });
      for (const command of [unsigned, stranger]) {
        const reply = await door([wang]).run(command);
        expect(han.test((reply as { message: string }).message)).toBe(language === 'zh');
      }
    }
  });

  test('is signed like any other field, and reaches the house', async () => {
    const command = signedBy(wang, { language: 'zh' });
    expect(await door([wang]).ask(command)).toMatchObject({ run: { verb: 'ack', language: 'zh' } });
    expect(await door([wang]).run({ ...command, language: 'en' })).toMatchObject(refused('badSignature'));
  });
});

describe('what is refused, and in which order', () => {
  test.each<[string, Fields]>([
    ['no key', { key: undefined }],
    ['no premises', { premises: undefined }],
    ['premises of another type', { premises: ['store_0042'] }],
    ['no nonce', { nonce: undefined }],
    ['a short nonce', { nonce: 'fifteen letters' }],
    ['a long nonce', { nonce: 'x'.repeat(129) }],
    ['no at', { at: undefined }],
    ['an at without a zone', { at: '2026-11-22T00:00:00' }],
    ['an at that is no day', { at: '2026-02-31T25:00:00Z' }],
    ['until before at', { until: '2026-11-21T00:00:00Z' }],
    ['no signature', { signature: undefined }],
    ['a short signature', { signature: Buffer.alloc(63).toString('base64') }],
    ['a signature that is no base64', { signature: '*'.repeat(88) }],
    ['a session of another type', { session: 7 }],
    ['half a character', { note: '\ud800' }],
    ['a number without end', { seconds: Number.POSITIVE_INFINITY }],
  ])('malformed: %s', async (_name, after) => {
    const command = signedBy(wang, {}, { after });
    expect(await door([wang]).run(command)).toMatchObject(refused('malformed', 'badRequest'));
  });

  test('unsigned, where only signed commands are taken', async () => {
    const command = { id: 'c1', verb: 'ack', by: 'wang', incident: 'i1', origin: 'mqtt' } as const;
    expect(await door([wang]).run(command)).toMatchObject(refused('unsigned'));
    expect(await door([wang], { accept: 'open' }).run(command)).toBe('open');
  });

  test('a key may not be claimed without a signature, on an open gateway either', async () => {
    const command = { id: 'c1', verb: 'ack', by: 'wang', key: 'wang', origin: 'mqtt' } as const;
    expect(await door([wang], { accept: 'open' }).run(command)).toMatchObject({ code: 'badRequest' });
    const forged = signedBy(holder('wang', 'operate'), {});
    expect(await door([wang], { accept: 'open' }).run(forged)).toMatchObject(refused('badSignature'));
  });

  test('everything wrong at once is told step by step, in the order of the judgement', async () => {
    const clock = virtualClock(now);
    const gate = door([wang, chen], { clock });
    const stranger = holder('stranger', 'configure');
    const impostor = { ...chen, privateKey: stranger.privateKey };
    const wrong = { nowMs: now - 60 * minute, lifeMs: 2 * longestLifeMs, premises: 'elsewhere' };
    expect(await gate.run(signedBy(stranger, { verb: 'output' }, wrong))).toMatchObject(
      refused('unknownKey'),
    );
    expect(await gate.run(signedBy(impostor, { verb: 'output' }, wrong))).toMatchObject(
      refused('badSignature'),
    );
    expect(await gate.run(signedBy(chen, { verb: 'output' }, wrong))).toMatchObject(refused('otherPremises'));
    const here = { ...wrong, premises: 'store_0042' };
    expect(await gate.run(signedBy(chen, { verb: 'output' }, here))).toMatchObject(refused('expired'));
    const later = { ...here, nowMs: now + 60 * minute };
    expect(await gate.run(signedBy(chen, { verb: 'output' }, later))).toMatchObject(refused('notYetValid'));
    const long = { ...here, nowMs: now };
    expect(await gate.run(signedBy(chen, { verb: 'output' }, long))).toMatchObject(refused('livesTooLong'));
    const good = signedBy(chen, { verb: 'output' });
    expect(await gate.run(good)).toMatchObject(refused('rightMissing'));
    // what was refused for a missing right has used up nothing: with another role it runs
    gate.rights = { accept: 'signed', keys: [{ ...chen.key, role: 'operate' }] };
    expect(await gate.run(good)).toBe('ran');
    // and a nonce that was used comes before the right
    gate.rights = { accept: 'signed', keys: [chen.key] };
    const second = signedBy(chen, { verb: 'output', more: 1 }, { nonce: String(good.nonce) });
    expect(await gate.run(second)).toMatchObject(refused('nonceSeen'));
  });

  test('any change to any field spoils the signature', async () => {
    const gate = door([wang]);
    const good = signedBy(wang, { verb: 'silence', incident: 'i1', note: 'on site' });
    const changes: Fields[] = [
      { id: 'c2' },
      { verb: 'ack' },
      { by: 'wang the person' },
      { incident: 'i2' },
      { note: 'on sitE' },
      { more: 1 },
      { premises: 'store_0043' },
      { until: new Date(now + 3 * minute).toISOString() },
      { nonce: 'another-nonce-altogether' },
    ];
    for (const change of changes)
      expect(await gate.run({ ...good, ...change }), JSON.stringify(change)).toMatchObject({
        reason: 'badSignature',
      });
    const flipped = Buffer.from(String(good.signature), 'base64');
    flipped[9]! ^= 1;
    expect(await gate.run({ ...good, signature: flipped.toString('base64') })).toMatchObject({
      reason: 'badSignature',
    });
    expect(await gate.run(good)).toBe('ran');
  });

  test('the order in which fields are written means nothing', async () => {
    const good = signedBy(wang, { incident: 'i1' });
    const turned = Object.fromEntries(Object.entries(good).reverse()) as typeof good;
    expect(await door([wang]).run(turned)).toBe('ran');
  });

  test('who signed is who acts', async () => {
    const gate = door([wang, chen]);
    expect(await gate.run(signedBy(wang, { by: 'chen' }))).toMatchObject(refused('otherName'));
    expect(await gate.run(signedBy(wang, { by: 'wang the person' }))).toBe('ran');
    const verdict = await gate.ask(signedBy(wang, { id: 'c2', incident: 'i1', for: '5m' }));
    expect(verdict).toMatchObject({ run: { id: 'c2', verb: 'ack', by: 'wang', key: 'wang', for: '5m' } });
    const { run } = verdict as { run: object };
    expect(Object.keys(run).sort()).toEqual(['by', 'for', 'id', 'incident', 'key', 'origin', 'verb']);
  });

  test('each bound of time, to the millisecond', async () => {
    const clock = virtualClock(now);
    const ask = (nowMs: number, lifeMs = minute) =>
      door([wang], { clock }).run(signedBy(wang, {}, { nowMs, lifeMs }));
    expect(await ask(now - toleranceMs - minute)).toBe('ran');
    expect(await ask(now - toleranceMs - minute - 1)).toMatchObject(refused('expired'));
    expect(await ask(now + toleranceMs)).toBe('ran');
    expect(await ask(now + toleranceMs + 1)).toMatchObject(refused('notYetValid'));
    expect(await ask(now, longestLifeMs)).toBe('ran');
    expect(await ask(now, longestLifeMs + 1)).toMatchObject(refused('livesTooLong'));
  });

  test('a key that has ended, and one that was taken out while its signature was checked', async () => {
    const leaver = holder('leaver', 'operate', { untilMs: now });
    expect(await door([leaver]).run(signedBy(leaver, {}))).toMatchObject(refused('keyEnded'));
    const gate = door([wang]);
    const looked = gate.gate.look(signedBy(wang, {}));
    const proving = 'prove' in looked ? looked.prove() : undefined;
    gate.rights = { accept: 'signed', keys: [] };
    expect((await proving!)()).toMatchObject({ refusal: refused('unknownKey') });
  });
});

describe('while the clock can’t be trusted', () => {
  test('a command must be made for this very run, and is judged by nothing else of time', async () => {
    const gate = door([wang], { clock: unsynced() });
    expect(await gate.run(signedBy(wang, {}))).toMatchObject(refused('sessionMissing'));
    expect(await gate.run(signedBy(wang, {}, { session: 'an earlier one' }))).toMatchObject(
      refused('otherSession'),
    );
    const good = signedBy(wang, {}, { session });
    expect(await gate.run(good)).toBe('ran');
    expect(await gate.run(good)).toBe('again');
    expect(await gate.run(signedBy(wang, {}, { session, lifeMs: longestLifeMs + 1 }))).toMatchObject(
      refused('livesTooLong'),
    );
  });

  test('a session that is given must be right with a good clock too', async () => {
    expect(await door([wang]).run(signedBy(wang, {}, { session: 'an earlier one' }))).toMatchObject(
      refused('otherSession'),
    );
  });

  test('what was taken then is not taken after a restart: the session is another one', async () => {
    const disk = { broken: false };
    const good = signedBy(wang, {}, { session });
    expect(await door([wang], { clock: unsynced(), disk }).run(good)).toBe('ran');
    const after = door([wang], { clock: unsynced(), disk: { broken: false }, session: 'the next' });
    expect(await after.run(good)).toMatchObject(refused('otherSession'));
  });
});

describe('taken once', () => {
  test('the same command may be answered again, but not run; its nonce serves no other', async () => {
    const gate = door([wang, chen]);
    const nonce = 'one-nonce-for-two-commands';
    const first = signedBy(wang, {}, { nonce });
    expect(await gate.run(first)).toBe('ran');
    expect(await gate.run(first)).toBe('again');
    expect(await gate.run(signedBy(wang, { id: 'c1', note: 'x' }, { nonce }))).toMatchObject(
      refused('nonceSeen'),
    );
    expect(await gate.run(signedBy(chen, {}, { nonce }))).toBe('ran');
  });

  test('after a restart, with the answers long pruned', async () => {
    const disk = { broken: false };
    const good = signedBy(wang, { incident: 'i1' });
    expect(await door([wang], { disk }).run(good)).toBe('ran');
    // a new gate over the same note: it knows no answer, and lets nothing run
    const after = door([wang], { disk });
    expect(await after.run(good)).toBe('again');
    expect(after.gate.forgotten(good)).toMatchObject(refused('nonceSeen'));
  });

  test('under a clock that was set back after it had expired', async () => {
    const disk = { broken: false };
    const clock = virtualClock(now);
    const good = signedBy(wang, {});
    const gate = door([wang], { disk, clock });
    expect(await gate.run(good)).toBe('ran');
    clock.stepWall(60 * minute);
    expect(await gate.run(good)).toBe('again');
    // others make it forget what has expired
    expect(await gate.run(signedBy(wang, { id: 'c2' }, { nowMs: now + 60 * minute }))).toBe('ran');
    expect(await gate.run(good)).toMatchObject(refused('expired'));
    clock.stepWall(-60 * minute);
    expect(await door([wang], { disk, clock }).run(good)).toMatchObject(refused('nonceSeen'));
  });

  test('a flood of good commands makes it forget, and what is forgotten is not taken', async () => {
    const disk = { broken: false };
    const gate = door([wang], { disk });
    const first = signedBy(wang, {});
    expect(await gate.run(first)).toBe('ran');
    for (let count = 0; count < 1200; count += 1)
      expect(await gate.run(signedBy(wang, { id: `f${count}` }, { nowMs: now + 1 + count }))).toBe('ran');
    expect(await gate.run(first)).toMatchObject(refused('nonceSeen'));
    expect(disk).toHaveProperty(
      'text.length',
      expect.toSatisfy((length: number) => length < 80_000),
    );
  });

  test('a flood of one person has the commands of nobody else forgotten, under a good clock or a bad one', async () => {
    for (const synced of [true, false]) {
      const clock = synced ? virtualClock(now) : unsynced();
      const viewer = holder('viewer', 'view');
      const gate = door([wang, viewer], { clock });
      const far = { session, lifeMs: longestLifeMs, ...(!synced && { nowMs: Date.UTC(2099, 0, 1) }) };
      for (let count = 0; count < 1200; count += 1)
        await gate.run(signedBy(viewer, { id: `f${count}`, verb: 'replay', from: 1 }, far));
      for (const id of ['one', 'two', 'three'])
        expect(await gate.run(signedBy(wang, { id }, { session, lifeMs: 5 * minute }))).toBe('ran');
    }
  });

  test('what was taken under a bad clock is known when the way to the broker is opened anew in the same run', async () => {
    const disk = { broken: false };
    const good = signedBy(wang, {}, { session });
    expect(await door([wang], { clock: unsynced(), disk }).run(good)).toBe('ran');
    expect(await door([wang], { clock: unsynced(), disk }).run(good)).toBe('again');
    expect(await door([wang], { clock: virtualClock(now), disk }).run(good)).toBe('again');
  });

  test('with a disk that takes nothing it goes on, and says so', async () => {
    const gate = door([wang], { disk: { broken: true } });
    const good = signedBy(wang, {});
    expect(await gate.run(good)).toBe('ran');
    expect(await gate.run(good)).toBe('again');
    expect(gate.failures.length).toBeGreaterThan(0);
  });

  test('with a note that was spoilt it begins anew, and says so', async () => {
    const gate = door([wang], { disk: { broken: false, text: '{"taken":' } });
    expect(gate.failures).toHaveLength(1);
    expect(await gate.run(signedBy(wang, {}))).toBe('ran');
  });

  test('what could not be run after all may come again', async () => {
    const gate = door([wang]);
    const good = signedBy(wang, {});
    const verdict = await gate.ask(good);
    if (!('run' in verdict)) throw new Error('refused');
    verdict.take();
    verdict.release();
    expect(await gate.run(good)).toBe('ran');
  });

  test('whatever is repeated, restarted, stepped: no command runs twice', { timeout: 60_000 }, async () => {
    const action = fc.oneof(
      fc.record({
        what: fc.constant('send' as const),
        which: fc.nat(9),
        lifeMs: fc.integer({ min: 1000, max: longestLifeMs }),
      }),
      fc.record({ what: fc.constant('repeat' as const), which: fc.nat(9) }),
      fc.record({ what: fc.constant('restart' as const) }),
      fc.record({
        what: fc.constant('step' as const),
        ms: fc.integer({ min: -20 * minute, max: 20 * minute }),
      }),
      fc.record({ what: fc.constant('sync' as const), on: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const clock = virtualClock(now);
        const disk = { broken: false };
        let gate = door([wang], { clock, disk });
        const sent: ReturnType<typeof signedBy>[] = [];
        const ran = new Map<string, number>();
        const give = async (command: ReturnType<typeof signedBy>): Promise<void> => {
          if ((await gate.run(command)) === 'ran') ran.set(command.id, (ran.get(command.id) ?? 0) + 1);
        };
        for (const each of actions) {
          if (each.what === 'send') {
            const more = { nowMs: clock.wallMs(), lifeMs: each.lifeMs, session };
            sent.push(signedBy(wang, { id: `s${sent.length}` }, more));
            await give(sent.at(-1)!);
          } else if (each.what === 'repeat') {
            const command = sent[each.which % Math.max(1, sent.length)];
            if (command) await give(command);
          } else if (each.what === 'restart') gate = door([wang], { clock, disk });
          else if (each.what === 'step') clock.stepWall(each.ms);
          else clock.setSynced(each.on);
        }
        expect([...ran.values()].filter((times) => times > 1)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
