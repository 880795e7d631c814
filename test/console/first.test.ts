// What a page asks for first: one answer with all that it draws, no more in it than the asker may see, and the names of the
// site compressed.

import http from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SiteView, Start } from '../../src/console/api.ts';
import { openStage, type Stage, siteWith, users } from './stage.ts';

describe('what a page draws first', () => {
  let open: Stage;
  let shut: Stage;
  beforeAll(async () => {
    [open, shut] = await Promise.all([
      openStage(siteWith({ withoutLogin: 'operate' })),
      openStage(siteWith({ withoutLogin: 'none' }), { users }),
    ]);
  });
  afterAll(async () => {
    await open?.stop();
    await shut?.stop();
  });

  test('is the session, the status and the open incidents as they are asked for one by one', async () => {
    const client = open.client();
    const raised = await client.command({ id: 'a', verb: 'raise', plan: 'fire', by: 'Li' });
    const start = (await client.get('/start')).json as Start;
    expect(start.session).toEqual((await client.get('/session')).json);
    expect(start.status?.open.alarm).toBe(1);
    expect(start.incidents?.map(({ id }) => id)).toEqual([raised.json.incident]);
    expect(Math.abs(Date.parse(start.at) - Date.now())).toBeLessThan(5000);
    // what happened just now is in it
    await client.command({ id: 'b', verb: 'ack', incident: raised.json.incident, by: 'Li' });
    const { incidents } = (await client.get('/start')).json as Start;
    expect(incidents?.[0]).toMatchObject({ acknowledged: true });
  });

  test('tells nothing of the house before a login', async () => {
    const before = await shut.client().get('/start');
    expect([before.status, Object.keys(before.json).sort()]).toEqual([200, ['at', 'session']]);
    expect(before.json.session.role).toBeUndefined();
    const wu = shut.client();
    await wu.logIn('wu');
    const after = (await wu.get('/start')).json as Start;
    expect([after.session.role, after.status?.open.alarm, after.incidents]).toEqual(['view', 0, []]);
  });

  test('has the clocks of the premises', async () => {
    const { session } = (await open.client().get('/start')).json as Start;
    expect(session.clocks?.at(-1)?.[1]).toBe(8 * 60);
  });

  test('the site comes compressed for those who take that, and is another once it is another', async () => {
    const client = open.client();
    const plain = await client.get('/site');
    const headers = { 'accept-encoding': 'gzip' };
    const pressed = await client.ask('GET', '/site', { headers });
    expect(pressed.headers['content-encoding']).toBe('gzip');
    expect(pressed.bytes.length).toBeLessThan(plain.bytes.length / 3);
    expect(gunzipSync(pressed.bytes).toString()).toBe(plain.text);
    open.write(
      siteWith({ withoutLogin: 'operate' }, { zones: { roof: { name: { zh: '屋顶', en: 'Roof' } } } }),
    );
    await open.app.reload();
    const fresh = await client.ask('GET', '/site', { headers });
    const site = JSON.parse(gunzipSync(fresh.bytes).toString()) as SiteView;
    expect(site.zones.map(({ id }) => id)).toEqual(['roof']);
  });

  test('a stranger’s page gets none of it', async () => {
    const status = await new Promise((resolve, reject) => {
      http
        .get({
          host: '127.0.0.1',
          port: open.port(),
          path: '/api/v1/start',
          headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
        })
        .on('response', ({ statusCode }) => resolve(statusCode))
        .on('error', reject);
    });
    expect(status).toBe(403);
  });
});
