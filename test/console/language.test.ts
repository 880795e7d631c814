// Which language the API speaks: that of the command, of the request's `accept-language`, else of the premises; for
// errors at every door and for the replies of the house.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { languageWanted } from '../../src/console/language.ts';
import { type Answer, type Client, openStage, type Stage, siteWith, users } from './stage.ts';

test.each([
  [undefined, undefined],
  ['', undefined],
  ['*', undefined],
  ['fr, de;q=0.5', undefined],
  ['zh', 'zh'],
  ['EN-us', 'en'],
  ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
  ['fr;q=1, en;q=0.3, zh;q=0.7', 'zh'],
  ['en, zh', 'en'],
  ['zh;q=0, en;q=0.1', 'en'],
  ['zh;q=x, en;q=0.1', 'en'],
  ['x'.repeat(100_000), undefined],
])('accept-language %j wants %s', (header, language) => {
  expect(languageWanted(header)).toBe(language);
});

const han = /\p{Script=Han}/u;
const languages = ['zh', 'en'] as const;

describe.each(languages)('at premises that speak %s', (own) => {
  let stage: Stage;
  let closed: Stage;
  let drawn: Stage;
  beforeAll(async () => {
    const premises = { ...(siteWith(undefined).premises as object), language: own };
    stage = await openStage({ ...siteWith({ withoutLogin: 'operate' }), premises });
    drawn = await openStage({ ...siteWith({ withoutLogin: 'configure' }), premises });
    await drawn.client().ask('PUT', '/floors/spoilt', { body: { name: 'x' } });
    writeFileSync(path.join(drawn.folder, 'floors', 'spoilt.yaml'), 'points: { a: 1 }');
    closed = await openStage({ ...siteWith({ withoutLogin: 'view' }), premises }, { users });
  });
  afterAll(async () => {
    await stage?.stop();
    await closed?.stop();
    await drawn?.stop();
  });

  /** What is asked of whom, and the code of the answer. */
  const refusals: readonly [code: string, ask: (headers: Record<string, string>) => Promise<Answer>][] = [
    ['notFound', (headers) => stage.client().ask('GET', '/no/such/thing', { headers })],
    ['notFound', (headers) => stage.client().ask('GET', '/points/none.x', { headers })],
    ['notFound', (headers) => stage.client().ask('GET', '/floors/none', { headers })],
    ['badRequest', (headers) => stage.client().ask('GET', '/incidents?all=perhaps', { headers })],
    ['badRequest', (headers) => stage.client().ask('GET', '/history?from=soon&to=later', { headers })],
    ['badRequest', (headers) => stage.client().ask('GET', '/status?form=x', { headers })],
    ['badRequest', (headers) => stage.client().ask('GET', '/reports/2099-99', { headers })],
    ['notAllowed', (headers) => stage.client().ask('DELETE', '/floors/x', { headers })],
    ['wrongToken', (headers) => stage.client().ask('POST', '/logout', { headers, token: false, body: {} })],
    [
      'wrongHost',
      (headers) => stage.client().ask('GET', '/status', { headers: { ...headers, host: 'evil.example' } }),
    ],
    [
      'wrongOrigin',
      (headers) => stage.client().ask('GET', '/status', { headers: { ...headers, origin: 'null' } }),
    ],
    ['loginNeeded', (headers) => closed.client().ask('GET', '/settings', { headers })],
    [
      'wrongLogin',
      (headers) => closed.client().ask('POST', '/login', { headers, body: { name: 'x', password: 'y' } }),
    ],
    [
      'loginNeeded',
      (headers) => closed.client().ask('POST', '/command', { headers, body: { verb: 'ack', by: 'x' } }),
    ],
    ['badRequest', (headers) => stage.client().ask('POST', '/command', { headers, body: { verb: 'ack' } })],
    [
      'notFound',
      (headers) =>
        stage.client().ask('POST', '/command', { headers, body: { verb: 'ack', by: 'x', incident: 'i9' } }),
    ],
    [
      'notAllowed',
      (headers) => stage.client().ask('POST', '/command', { headers, body: { verb: 'dance', by: 'x' } }),
    ],
  ];

  const json = { 'content-type': 'application/json' };
  const put =
    (body: unknown, type: Record<string, string> = {}) =>
    (headers: Record<string, string>) =>
      drawn.client().ask('PUT', '/floors/new', { headers: { ...headers, ...type }, body });
  const get = (route: string) => (headers: Record<string, string>) =>
    drawn.client().ask('GET', route, { headers });

  /** What is wrong with the form of a request, and what the framework refuses by itself. */
  const forms: typeof refusals = [
    ['badRequest', put({})],
    ['badRequest', put({ name: 7 })],
    ['badRequest', put({ name: '' })],
    ['badRequest', put({ name: { zh: '一' } })],
    ['badRequest', put({ name: 'x', odd: 1 })],
    ['badRequest', put({ name: 'x', points: [] })],
    ['badRequest', put({ name: 'x', points: { 'a.b': [2, 0] } })],
    ['badRequest', put({ name: 'x', points: { 'a.b': [-1, 0] } })],
    ['badRequest', put({ name: 'x', points: { 'a.b': [0] } })],
    ['badRequest', put({ name: 'x', points: { 'a.b': [0, 0, 0] } })],
    ['badRequest', put({ name: 'x', points: { 'a.b': ['0', 0] } })],
    ['badRequest', put({ name: 'x', points: { '../x': [0, 0] } })],
    ['badRequest', put({ name: 'x', zones: { '../x': [0, 0, 0, 0] } })],
    ['badRequest', put({ name: 'n'.repeat(300) })],
    ['badRequest', put('{', json)],
    ['badRequest', put('', json)],
    ['badRequest', put('{"__proto__":1}', json)],
    ['badRequest', put('x', { 'content-type': 'text/html' })],
    ['tooLarge', put(Buffer.alloc(600 * 1024, 32), json)],
    ['refused', get('/floors/spoilt')],
    ['badRequest', get('/floors/%')],
    ['badRequest', get(`/floors/${'x'.repeat(190)}`)],
    ['badRequest', get(`/floors/${'x'.repeat(250)}`)],
    ['badRequest', get('/incidents/i1/report?format=exe')],
    ['notFound', get('/points/a.b/trend?from=0&to=1')],
    ['refused', (headers) => drawn.client().ask('POST', '/demo', { headers, body: { scenario: 'x' } })],
    [
      'changed',
      (headers) =>
        drawn
          .client()
          .ask('PUT', '/floors/spoilt', { headers: { ...headers, 'if-match': '"x"' }, body: { name: 'x' } }),
    ],
  ];

  test.each(forms.map(([code, ask], index) => ({ code, ask, index })))(
    'form: $code ($index)',
    async ({ code, ask }) => {
      for (const wanted of [undefined, ...languages]) {
        const { json } = await ask(wanted === undefined ? {} : { 'accept-language': wanted });
        const zh = (wanted ?? own) === 'zh';
        expect([json.code, han.test(json.message)]).toEqual([code, zh]);
        // (words that are to be typed stay as they are, sentences don't)
        if (zh) expect(json.message).not.toMatch(/[a-z]+ [a-z]+ [a-z]+/i);
      }
    },
  );

  test.each(refusals.map(([code, ask], index) => ({ code, ask, index })))(
    '$code ($index)',
    async ({ code, ask }) => {
      for (const wanted of [undefined, ...languages]) {
        const { json } = await ask(wanted === undefined ? {} : { 'accept-language': wanted });
        expect([json.code, han.test(json.message)]).toEqual([code, (wanted ?? own) === 'zh']);
      }
    },
  );

  test('what a command asks for goes before the header, and anything else is refused', async () => {
    const client: Client = stage.client();
    const raise = async (more: object, headers: Record<string, string> = {}) =>
      (
        await client.ask('POST', '/command', {
          headers,
          body: { verb: 'note', by: 'x', incident: 'i9', text: 'x', ...more },
        })
      ).json;
    for (const language of languages) {
      const header = language === 'zh' ? 'en' : 'zh';
      expect(han.test((await raise({ language }, { 'accept-language': header })).message)).toBe(
        language === 'zh',
      );
    }
    for (const language of ['fr', '', 7, ['zh']]) {
      const { status, json } = await client.command({ verb: 'raise', plan: 'fire', by: 'x', language });
      expect([status, json.code]).toEqual([400, 'badRequest']);
    }
    expect((await client.get('/incidents')).json.incidents).toEqual([]);
  });
});
