// Letters by HTTP, against real servers: what each messenger is posted, which answers are deliveries and which are not,
// what is never followed, waited for or shown. Signatures are checked against values made by another program.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebhookConfig } from '../../src/config/types.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { judge, retryAfterMs } from '../../src/notify/channels/answer.ts';
import type { Channel, Letter, Outcome } from '../../src/notify/channels/channel.ts';
import { cutBytes, fill, harmless } from '../../src/notify/channels/fill.ts';
import { signDingtalk, signFeishu } from '../../src/notify/channels/sign.ts';
import { templates } from '../../src/notify/channels/templates.ts';
import { openWebhook } from '../../src/notify/channels/webhook.ts';
import { freePort, installed, makeCertificates } from '../support/broker.ts';
import { fastClock } from './house.ts';
import { keptLog, sampleLetter } from './people.ts';
import { answering, type Receiver, startReceiver } from './web-receiver.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function receiver(tls?: { key: Buffer; cert: Buffer }): Promise<Receiver> {
  const made = await startReceiver(tls);
  ends.push(() => made.close());
  return made;
}

function channel(config: Partial<WebhookConfig> & { url: string }, clock = systemClock()): Channel {
  const log = keptLog();
  const host = { clock, log, line: () => {}, onReply: () => {} };
  return openWebhook(
    { id: 'hook', withinMs: 60_000, type: 'webhook', template: 'generic', headers: {}, ...config },
    host,
  );
}

const still = new AbortController().signal;
const send = (to: Channel, letter: Letter = sampleLetter()): Promise<Outcome> => to.send(letter, still);

describe('what is posted', () => {
  const post = async (
    config: Partial<WebhookConfig>,
    letter: Letter = sampleLetter(),
    path = '/robot?key=abcdef',
    answer: unknown = { errcode: 0, code: 0 },
  ) => {
    const web = await receiver();
    web.answer = answering(200, answer);
    const outcome = await send(channel({ url: `http://127.0.0.1:${web.port}${path}`, ...config }), letter);
    expect(outcome).toEqual({ outcome: 'delivered' });
    expect(web.posted).toHaveLength(1);
    return web.posted[0]!;
  };
  const reached = (address: string): Letter =>
    sampleLetter({
      to: { id: 'wang_fang', name: '王芳', language: 'zh', address, phone: '+86 138 0000 0001' },
    });

  it('is plain JSON with everything in it', async () => {
    const { json, headers } = await post({ headers: { 'X-Token': 'letmein' } });
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(headers['x-token']).toBe('letmein');
    expect(json).toMatchObject({
      id: 'm7',
      level: 'urgent',
      drill: false,
      title: '【紧急】火灾 · 中庭',
      to: { id: 'wang_fang', name: '王芳' },
      incidents: [{ id: 'i12_kdqv', plan: 'fire' }],
    });
  });

  it('is what the site wants', async () => {
    const body = {
      msg: 'to {{name}}: {{title}}',
      n: '{{priority}}',
      deep: [{ a: '{{incident}}', b: true }],
      no: '{{nothing}}',
    };
    const { json } = await post({ body });
    expect(json).toEqual({
      msg: 'to 王芳: 【紧急】火灾 · 中庭',
      n: 5,
      deep: [{ a: 'i12_kdqv', b: true }],
      no: '{{nothing}}',
    });
  });

  it('is a text for a WeCom robot, by name or by phone', async () => {
    const { json, path } = await post({ template: 'wecom' }, reached('wangfang'));
    expect(path).toBe('/robot?key=abcdef');
    expect(json.msgtype).toBe('text');
    expect(json.text.content).toBe(`${sampleLetter().title}\n${sampleLetter().text}`);
    expect(json.text.mentioned_list).toEqual(['wangfang']);
    expect(json.text.mentioned_mobile_list).toEqual([]);
    const byPhone = await post(
      { template: 'wecom' },
      sampleLetter({ to: { id: 'w', name: 'W', language: 'zh', phone: '+86 138 0000 0001' } }),
    );
    expect(byPhone.json.text.mentioned_list).toEqual([]);
    expect(byPhone.json.text.mentioned_mobile_list).toEqual(['13800000001']);
  });

  it('fits into what WeCom takes, whole characters', async () => {
    const { json } = await post({ template: 'wecom' }, sampleLetter({ text: '火'.repeat(3000) }));
    expect(Buffer.byteLength(json.text.content)).toBeLessThanOrEqual(2048);
    expect(json.text.content.endsWith('火…')).toBe(true);
  });

  it('is a signed text for a DingTalk robot', async () => {
    const before = Date.now();
    const { json, path } = await post({ template: 'dingtalk', secret: 'SECxyz123' }, reached('13800000001'));
    expect(json.text.content).toContain('火灾');
    expect(json.at).toEqual({ atMobiles: ['13800000001'], atUserIds: [], isAtAll: false });
    const asked = new URL(path, 'http://x').searchParams;
    expect(asked.get('key')).toBe('abcdef');
    expect(Number(asked.get('timestamp'))).toBeGreaterThanOrEqual(before);
    expect(asked.get('sign')).toBe(signDingtalk('SECxyz123', Number(asked.get('timestamp'))).sign);
  });

  it('is a signed text for a Feishu robot', async () => {
    const { json } = await post({ template: 'feishu', secret: 'feishu-secret' }, reached('ou_123'));
    expect(json.msg_type).toBe('text');
    expect(json.content.text).toMatch(/^<at user_id="ou_123">王芳<\/at> 【紧急】火灾/);
    expect(json.sign).toBe(signFeishu('feishu-secret', Number(json.timestamp) * 1000).sign);
    expect(json.timestamp).toMatch(/^\d{10}$/);
  });

  it('goes to the root of an ntfy server, with the topic in it', async () => {
    const { json, path } = await post({ template: 'ntfy' }, sampleLetter(), '/store-42-alarms');
    expect(path).toBe('/');
    expect(json).toMatchObject({
      topic: 'store-42-alarms',
      title: '【紧急】火灾 · 中庭',
      priority: 5,
      tags: ['urgent', 'alarm'],
    });
  });

  it('mentions nobody whom words from outside name', async () => {
    const evil = '<!channel> <at user_id="all">x</at> a & b';
    const slack = await post({ template: 'slack' }, sampleLetter({ text: evil }));
    expect(slack.json.text).toContain('&lt;!channel&gt; &lt;at user_id="all"&gt;x&lt;/at&gt; a &amp; b');
    expect(slack.json.mrkdwn).toBe(false);
    const feishu = await post({ template: 'feishu' }, sampleLetter({ text: evil }));
    expect(feishu.json.content.text).not.toContain('<');
    const markdown = await post(
      { template: 'wecom', body: { msgtype: 'markdown', markdown: { content: '{{text}}' } } },
      sampleLetter({ text: '# big [x](http://evil) <@all> **y**' }),
    );
    expect(markdown.json.markdown.content).toBe('＃ big ［x］(http://evil) ＜@all＞ ＊＊y＊＊');
  });

  it('stays one value, whatever is in it', () => {
    expect(fill({ a: '{{text}}!' }, { text: '{{title}} "\n}', title: 'no' })).toEqual({
      a: '{{title}} "\n}!',
    });
    expect(harmless('<b>', 'none')).toBe('<b>');
    expect(cutBytes('ab', 2)).toBe('ab');
    expect(cutBytes('火火火', 8)).toBe('火…');
  });

  it('is signed as openssl and the makers sign', () => {
    const openssl = (key: string, text: string): string =>
      execFileSync('openssl', ['dgst', '-sha256', '-hmac', key, '-binary'], { input: text }).toString(
        'base64',
      );
    expect(signDingtalk('this is secret', 1577262236757)).toEqual({
      timestamp: '1577262236757',
      sign: openssl('this is secret', '1577262236757\nthis is secret'),
    });
    expect(signFeishu('demo', 1599360473123)).toEqual({
      timestamp: '1599360473',
      sign: openssl('1599360473\ndemo', ''),
    });
  });
});

describe('an answer', () => {
  const wecom = (body: unknown, status = 200) =>
    judge({ status, body: typeof body === 'string' ? body : JSON.stringify(body) }, templates.wecom, 0);

  it('with a code is no delivery, though it says 200', async () => {
    expect(wecom({ errcode: 0, errmsg: 'ok' }).outcome).toBe('delivered');
    expect(wecom({ errcode: 45009, errmsg: 'api freq out of limit' })).toMatchObject({
      outcome: 'retry',
      whole: true,
    });
    expect(wecom({ errcode: 93000, errmsg: 'invalid webhook url' })).toEqual({
      outcome: 'refused',
      because:
        "invalid webhook url (code 93000): the key in the url is not a robot's: copy the address of the robot again",
      whole: true,
    });
    const dingtalk = (errcode: number) =>
      judge({ status: 200, body: JSON.stringify({ errcode, errmsg: 'x' }) }, templates.dingtalk, 0).outcome;
    expect(dingtalk(130101)).toBe('retry');
    expect(dingtalk(310000)).toBe('refused');
    const feishu = (body: object, status = 200) =>
      judge({ status, body: JSON.stringify(body) }, templates.feishu, 0).outcome;
    expect(feishu({ StatusCode: 0, StatusMessage: 'success' })).toBe('delivered');
    expect(feishu({ code: 0, msg: 'success' })).toBe('delivered');
    expect(feishu({ code: 19021, msg: 'sign match fail' })).toBe('refused');
    expect(feishu({ code: 11232, msg: 'frequency limited' }, 400)).toBe('retry');
  });

  it('of a portal in between is no delivery', () => {
    expect(wecom('<html>please log in</html>')).toMatchObject({ outcome: 'retry' });
    expect(wecom('null')).toMatchObject({ outcome: 'retry' });
    expect(wecom({ message: 'hello' })).toMatchObject({ outcome: 'retry' });
  });

  it('is weighed by its status', () => {
    const of = (status: number) => judge({ status }, templates.generic, 0).outcome;
    expect([200, 201, 204].map(of)).toEqual(['delivered', 'delivered', 'delivered']);
    expect([400, 401, 403, 404, 410].map(of)).toEqual(Array(5).fill('refused'));
    expect([408, 425, 429, 500, 502, 503, 504].map(of)).toEqual(Array(7).fill('retry'));
  });

  it('may ask for patience, within bounds', () => {
    expect(retryAfterMs('7', 0)).toBe(7000);
    expect(retryAfterMs('0', 0)).toBe(1000);
    expect(retryAfterMs('86400', 0)).toBe(300_000);
    expect(retryAfterMs('Thu, 01 Jan 1970 00:00:20 GMT', 10_000)).toBe(10_000);
    expect(retryAfterMs('soon', 0)).toBeUndefined();
    expect(retryAfterMs(null, 0)).toBeUndefined();
  });
});

describe('a server', () => {
  it('that fails first and then takes it', async () => {
    const web = await receiver();
    const to = channel({ url: `http://127.0.0.1:${web.port}/x` });
    web.answer = answering(500);
    expect(await send(to)).toEqual({
      outcome: 'retry',
      because: `127.0.0.1:${web.port}: HTTP 500, it failed`,
      whole: true,
    });
    web.answer = answering(429, '', { 'retry-after': '5' });
    expect(await send(to)).toMatchObject({ outcome: 'retry', waitMs: 5000 });
    web.answer = answering(200);
    expect(await send(to)).toEqual({ outcome: 'delivered' });
  });

  it('that hangs is left after ten seconds', async () => {
    const web = await receiver();
    web.answer = () => {};
    const outcome = await send(channel({ url: `http://127.0.0.1:${web.port}/x` }, fastClock(50)));
    expect(outcome).toEqual({
      outcome: 'retry',
      because: `127.0.0.1:${web.port}: no answer within 10 s`,
      whole: true,
    });
  });

  it('that hangs in the middle of a robot’s answer', async () => {
    const web = await receiver();
    web.answer = (response) => {
      response.writeHead(200);
      response.write('{"errcode":');
    };
    const to = channel({ url: `http://127.0.0.1:${web.port}/x`, template: 'wecom' }, fastClock(50));
    expect(await send(to)).toMatchObject({ outcome: 'retry' });
  });

  it('that redirects is not followed', async () => {
    const [web, other] = [await receiver(), await receiver()];
    web.answer = answering(307, '', { location: `http://127.0.0.1:${other.port}/secretpath` });
    const outcome = await send(channel({ url: `http://127.0.0.1:${web.port}/x` }));
    expect(outcome).toMatchObject({ outcome: 'refused' });
    expect((outcome as { because: string }).because).toContain(`redirects to 127.0.0.1:${other.port}`);
    expect((outcome as { because: string }).because).not.toContain('secretpath');
    expect(other.posted).toEqual([]);
  });

  it('that never ends its answer takes no memory', async () => {
    const web = await receiver();
    let written = 0;
    web.answer = (response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(65_536, 0x20);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk)) written += chunk.length;
      };
      response.on('drain', more);
      response.on('error', () => {});
      more();
    };
    const to = channel({ url: `http://127.0.0.1:${web.port}/x`, template: 'wecom' });
    expect(await send(to)).toMatchObject({ outcome: 'retry' });
    expect(written).toBeLessThan(20_000_000);
    expect(await send(channel({ url: `http://127.0.0.1:${web.port}/x` }))).toEqual({ outcome: 'delivered' });
  });

  it('that is not there', async () => {
    const port = await freePort();
    expect(await send(channel({ url: `http://127.0.0.1:${port}/x` }))).toEqual({
      outcome: 'retry',
      because: `127.0.0.1:${port}: nothing listens there`,
      whole: true,
    });
  });

  it.runIf(installed('openssl'))('whose certificate nobody vouches for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keepwatch-web-'));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    const made = makeCertificates(folder);
    const web = await receiver({ key: readFileSync(made.serverKey), cert: readFileSync(made.serverCert) });
    const outcome = await send(channel({ url: `https://127.0.0.1:${web.port}/x` }));
    expect(outcome).toMatchObject({ outcome: 'refused', whole: true });
    expect((outcome as { because: string }).because).toMatch(
      /certificate is signed by an authority that is not/,
    );
    expect(web.posted).toEqual([]);
  });

  it('that repeats the secrets does not bring them into the house', async () => {
    const web = await receiver();
    const url = `http://user:hunter22@127.0.0.1:${web.port}/hook/T0PS3CRET?key=abcdef123456`;
    const config = {
      url,
      template: 'dingtalk',
      secret: 'SECsigning',
      headers: { 'x-token': 'letmein99' },
    } as const;
    web.answer = (response, posted) => {
      const errmsg = `${posted.path} SECsigning letmein99 hunter22 ${url}`;
      response.end(JSON.stringify({ errcode: 300001, errmsg }));
    };
    const outcome = await send(channel(config));
    expect(outcome.outcome).toBe('refused');
    expect(web.posted[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from('user:hunter22').toString('base64')}`,
    );
    for (const secret of ['hunter22', 'T0PS3CRET', 'abcdef123456', 'SECsigning', 'letmein99'])
      expect((outcome as { because: string }).because).not.toContain(secret);
    expect((outcome as { because: string }).because).toContain('***');
  });

  it.each([
    ['+86 138 0000 0001', ['+86 138 0000 0001', '8613800000001', '13800000001', '138-0000-0001']],
    ['13800000001', ['13800000001', '138 0000 0001', '+8613800000001']],
    ['wangfang', ['wangfang', 'WangFang']],
    ['ou_{a+b}*c', ['ou_{a+b}*c']],
  ])('that repeats how somebody is reached does not bring it into the house: %s', async (address, ways) => {
    const web = await receiver();
    for (const way of ways) {
      web.answer = (response) => {
        response.end(JSON.stringify({ errcode: 300001, errmsg: `no (${way}), no wang@example.com here` }));
      };
      const letter = sampleLetter({
        to: { id: 'w', name: '王芳', language: 'zh', address, email: 'Wang@example.com' },
      });
      const { because } = (await send(
        channel({ url: `http://127.0.0.1:${web.port}/`, template: 'dingtalk' }),
        letter,
      )) as { because: string };
      expect(because).toMatch(/: no \((\+86)?\*\*\*\), no \*\*\* here \(code 300001\)/);
    }
  });
});
