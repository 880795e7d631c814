// An update that is cut off at any of its moments, and again while it is finished: one version or the other is there in
// full, runs and fits its state, the note is gone, and nothing is done twice.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { lockIn } from '../../src/update/lock.ts';
import { type Note, readNote, writeNote } from '../../src/update/note.ts';
import { from, type Kind, type MadeGateway, makeGateway, to } from './made-gateway.ts';

const made: MadeGateway[] = [];
const gatewayWith = (kind: Kind): MadeGateway => {
  const one = makeGateway(kind);
  made.push(one);
  return one;
};
afterEach(() => {
  for (const one of made.splice(0)) one.leave();
});

const noteOf = ({ folder }: MadeGateway): Note | undefined => readNote(folder);
const isUnderway = ({ folder }: MadeGateway): boolean => existsSync(path.join(folder, 'underway.json'));

const stayed = [/^keepwatch_.*\.deb$/, /^state-.*\.backup$/, /^lock$/];

/** One version is there in full and runs, on a state that it knows, and no word of an update is left. */
async function isWell(one: MadeGateway): Promise<void> {
  const { facts, folder } = one;
  expect(facts.whole).toBe(true);
  expect(facts.daemon).toBe(facts.version);
  if (facts.version === from) expect(facts.form).toBe(1);
  // (cut off before the note, the package that was given still lies there; the next update takes its place)
  const stays = one.wasUnderway ? stayed : [...stayed, /^incoming\.deb$/];
  expect(readdirSync(folder).filter((name) => !stays.some((form) => form.test(name)))).toEqual([]);
  expect(await one.resume()).toEqual({ result: 'nothing' });
}

/** How many moments it has when nothing cuts it off. */
async function momentsOf(work: (one: MadeGateway, cutAt: number) => Promise<unknown>, kind: Kind) {
  for (let at = 1; ; at += 1) if ((await work(gatewayWith(kind), at)) !== undefined) return at - 1;
}

describe('an update that nothing interrupts', () => {
  test('leaves no note', async () => {
    const one = gatewayWith('good');
    expect(await one.update()).toEqual({ result: 'updated', from, to, signer: 'ours.pem' });
    expect(one.done).toEqual(['repack', 'back up', `install ${to}`, 'judge']);
    await isWell(one);
  });

  test('is taken back, with the copy of the state only where that was spoilt', async () => {
    const silent = gatewayWith('silent');
    expect(await silent.update()).toMatchObject({ result: 'rolledBack', state: 'kept' });
    await isWell(silent);
    const spoilt = gatewayWith('spoils the state');
    expect(await spoilt.update()).toMatchObject({ result: 'rolledBack', state: 'restored' });
    await isWell(spoilt);
  });

  test('where what was before is not well either, it says so, and leaves no note', async () => {
    const ill = gatewayWith('silent');
    ill.facts.beforeIsIll = true;
    expect(await ill.update()).toMatchObject({ result: 'notHealthy', still: 'devices are silent' });
    await isWell(ill);
    const noCopy = gatewayWith('spoils the state');
    noCopy.backup = false;
    expect(await noCopy.update()).toMatchObject({
      result: 'notHealthy',
      still: 'the state is of the newer version, and there is no copy of it',
    });
    expect(isUnderway(noCopy)).toBe(false);
  });
});

describe('the note', () => {
  test('is there before dpkg is touched, with all that the way back needs', async () => {
    const one = gatewayWith('good');
    const moments = await momentsOf((each, at) => each.update(at), 'good');
    // the first moment after the copy of the state is the one before the files are exchanged
    for (let at = 1; at <= moments; at += 1) {
      const each = gatewayWith('good');
      await each.update(at);
      const touched = !each.facts.whole || each.facts.version === to;
      if (touched) expect(isUnderway(each), `moment ${at}`).toBe(true);
      if (!isUnderway(each)) continue;
      const note = noteOf(each)!;
      expect(note).toMatchObject({ step: 'installing', from, to, stateForm: 1, site: true, resumed: 0 });
      expect(note.before).toMatchObject({ devices: ['panel'], open: ['i1'] });
      expect(readFileSync(note.back, 'utf8')).toBe(from);
      expect(readFileSync(path.join(each.folder, 'back.deb'), 'utf8')).toBe(from);
      expect(readFileSync(note.copy, 'utf8')).toBe('1');
      expect(readFileSync(path.join(each.folder, 'finish'), 'utf8')).toMatch(/^#!\/bin\/sh\n/);
    }
    expect(moments).toBeGreaterThan(9);
    await one.update(moments);
    expect(isUnderway(one)).toBe(true);
  });

  test('half written is no note', async () => {
    const one = gatewayWith('silent');
    await one.update(8);
    writeFileSync(path.join(one.folder, 'underway.json.new'), '{"form":1,"st');
    expect(noteOf(one)).toMatchObject({ step: 'installing' });
    one.boot(true);
    expect(await one.resume()).toMatchObject({ result: 'rolledBack' });
    await isWell(one);
  });

  test('that nobody can read is put aside, and does not come up again', async () => {
    const one = gatewayWith('good');
    await one.update(8);
    one.boot(true);
    for (const text of ['{"form":1', '{"form":2}', 'null']) {
      writeFileSync(path.join(one.folder, 'underway.json'), text);
      await expect(one.resume()).rejects.toThrow("can't be read");
      expect(readFileSync(path.join(one.folder, 'underway.unreadable.json'), 'utf8')).toBe(text);
      expect(await one.resume()).toEqual({ result: 'nothing' });
    }
  });
});

describe.each<Kind>(['good', 'silent', 'spoils the state'])('a new version: %s', (kind) => {
  describe.each([
    ['the script has put back what was half there', true],
    ['that was left to --resume', false],
  ])('%s', (_, script) => {
    test('cut off at any moment, it is finished at the next boot', { timeout: 60_000 }, async () => {
      const moments = await momentsOf((one, at) => one.update(at), kind);
      const ends = new Set<string>();
      for (let at = 1; at <= moments; at += 1) {
        const one = gatewayWith(kind);
        expect(await one.update(at)).toBeUndefined();
        const underway = isUnderway(one);
        const whole = one.facts.whole;
        const judgedYet = one.facts.version === to && whole && noteOf(one)?.step === 'installing';
        one.boot(script);
        const ended = await one.resume();
        const result = ended!.result;
        const where = `moment ${at} after ${one.done.join(', ')}`;
        if (!underway) expect(result, where).toBe('nothing');
        else expect(result, where).toBe(judgedYet && kind === 'good' ? 'updated' : 'rolledBack');
        ends.add(result);
        expect(one.facts.version, where).toBe(result === 'updated' ? to : from);
        await isWell(one);
      }
      expect(ends).toContain('rolledBack');
      if (kind === 'good') expect(ends).toContain('updated');
    });

    test('cut off again at any moment of that, it is finished at the boot after', {
      timeout: 120_000,
    }, async () => {
      const moments = await momentsOf((one, at) => one.update(at), kind);
      let cuts = 0;
      for (let at = 1; at <= moments; at += 1)
        for (let again = 1; ; again += 1) {
          const one = gatewayWith(kind);
          await one.update(at);
          // before the note there is nothing to be finished, as the test before this one has seen
          if (!isUnderway(one)) break;
          one.boot(script);
          const cut = (await one.resume(again)) === undefined;
          if (cut) {
            cuts += 1;
            one.boot(script);
            await one.resume();
          }
          await isWell(one);
          one.leave();
          if (!cut) break;
        }
      expect(cuts).toBeGreaterThan(moments);
    });
  });
});

describe('going on', () => {
  /** Until the daemon of the new version is judged. */
  async function cutWhileJudged(kind: Kind): Promise<MadeGateway> {
    const moments = await momentsOf((one, at) => one.update(at), 'good');
    const one = gatewayWith(kind);
    await one.update(moments);
    expect(one.facts).toMatchObject({ whole: true, version: to });
    return one;
  }

  test('a version that takes the machine down each time is not judged without end', async () => {
    const one = await cutWhileJudged('good');
    for (let times = 1; times <= 3; times += 1) {
      one.boot(true);
      expect(await one.resume(3)).toBeUndefined();
      expect(noteOf(one)).toMatchObject({ step: 'installing', resumed: times });
    }
    one.boot(true);
    expect(await one.resume()).toMatchObject({
      result: 'rolledBack',
      because: 'it was interrupted 4 times while it was being judged',
    });
    await isWell(one);
  });

  test('a version that was found wanting is not judged again, however it is after the boot', async () => {
    const moments = await momentsOf((each, at) => each.update(at), 'silent');
    for (let at = 1; at <= moments; at += 1) {
      const one = gatewayWith('silent');
      await one.update(at);
      const { whole, version } = one.facts;
      if (!isUnderway(one) || noteOf(one)!.step !== 'takingBack' || !whole || version !== to) continue;
      one.boot(true);
      const before = one.done.length;
      expect(await one.resume()).toMatchObject({
        result: 'rolledBack',
        because: 'the daemon does not answer',
      });
      expect(one.done.slice(before)).toEqual(['stop', `install ${from}`, 'restart', 'judge']);
      return;
    }
    expect.unreachable('no moment between the verdict and dpkg');
  });

  test('what was installed by hand since then stays', async () => {
    const one = await cutWhileJudged('silent');
    Object.assign(one.facts, { version: '2.0.0', daemon: '2.0.0' });
    expect(await one.resume()).toEqual({ result: 'superseded', from, to, installed: '2.0.0' });
    expect(one.facts.version).toBe('2.0.0');
    await isWell(one);
  });

  test('a daemon that was never replaced is not stopped', async () => {
    for (let at = 1; ; at += 1) {
      const one = gatewayWith('good');
      await one.update(at);
      if (!isUnderway(one)) continue;
      expect(one.facts).toMatchObject({ whole: true, version: from });
      const before = one.done.length;
      expect(await one.resume()).toMatchObject({
        result: 'rolledBack',
        because: 'it was interrupted before it was installed',
      });
      expect(one.done.slice(before)).toEqual(['start', 'judge']);
      break;
    }
  });

  test('while one is interrupted, another update is refused and changes nothing', async () => {
    const one = await cutWhileJudged('good');
    const { done, facts } = one;
    const before = [done.length, JSON.stringify(facts), JSON.stringify(noteOf(one))];
    await expect(one.update()).rejects.toThrow('an update before this one was interrupted');
    expect([done.length, JSON.stringify(facts), JSON.stringify(noteOf(one))]).toEqual(before);
  });

  test('where the package of before can not be installed, the note stays for the next boot', async () => {
    const one = await cutWhileJudged('silent');
    const back = readFileSync(path.join(one.folder, 'back.deb'));
    const { back: file } = noteOf(one)!;
    rmSync(file);
    expect(await one.resume()).toMatchObject({ result: 'notHealthy' });
    expect(noteOf(one)).toMatchObject({ step: 'takingBack', because: 'the daemon does not answer' });
    writeFileSync(file, back);
    expect(await one.resume()).toMatchObject({ result: 'rolledBack', because: 'the daemon does not answer' });
    await isWell(one);
  });
});

test('a note is replaced as a whole', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-note-'));
  try {
    expect(readNote(folder)).toBeUndefined();
    const before = { state: 'active', pid: 1, restarts: 0, devices: [], open: [], known: [], ill: [] };
    const note: Note = {
      ...{ form: 1, step: 'installing', from, to, signer: 'a', back: '/b', copy: '/c', data: '/d' },
      ...{ site: true, before, withinMs: 1, steadyMs: 1, resumed: 0 },
    };
    for (const resumed of [0, 1, 2]) {
      writeNote(folder, { ...note, resumed });
      expect(readNote(folder)).toEqual({ ...note, resumed });
      expect(readdirSync(folder)).toEqual(['underway.json']);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('the lock', () => {
  test('keeps a second update out in one sentence, and is gone with the process that had it', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-lock-'));
    try {
      const release = await lockIn(folder);
      await expect(lockIn(folder)).rejects.toMatchObject({
        message: 'another update is under way',
        hint: 'wait until it has ended',
      });
      release();
      const holder = spawn('flock', [path.join(folder, 'lock'), 'sh', '-c', 'echo held; exec cat'], {
        stdio: ['pipe', 'pipe', 'inherit'],
        detached: true,
      });
      await new Promise((resolve) => holder.stdout.once('data', resolve));
      await expect(lockIn(folder)).rejects.toThrow('another update is under way');
      const gone = new Promise((resolve) => holder.once('close', resolve));
      process.kill(-holder.pid!, 'SIGKILL');
      await gone;
      (await lockIn(folder))();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
