// What people read names things as people there call them, and a sensor that was never there does not look fresh: over
// HTTP, from a site with a bus that nobody answers on.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/broker.ts';
import { eventually } from '../support/daemon.ts';
import { type Client, openStage, type Stage, siteWith } from './stage.ts';

let stage: Stage;
let client: Client;
beforeAll(async () => {
  const site = siteWith(
    { withoutLogin: 'operate', zone: 'till' },
    {
      zones: { till: { name: { zh: '收银台', en: 'Tills' } } },
      buses: { lan: { driver: 'modbus-tcp', host: '127.0.0.1', port: await freePort() } },
      devices: {
        box: {
          bus: 'lan',
          unit: 1,
          zone: 'till',
          points: {
            smoke: { read: 'discrete:0', kind: 'smoke', name: { zh: '收银台烟感', en: 'Smoke, tills' } },
          },
        },
      },
      outputs: { siren: { bus: 'lan', unit: 1, write: 'coil:0', name: { zh: '警铃', en: 'Siren' } } },
    },
  );
  stage = await openStage(site);
  client = stage.client();
});
afterAll(() => stage?.stop());

test('a point that was never read has no moment of its last change', async () => {
  const list = (await client.get('/points')).json as { id: string; at?: string; quality: string }[];
  expect(list.find(({ id }) => id === 'box.smoke')).toMatchObject({ quality: 'stale' });
  expect(list[0]).not.toHaveProperty('at');
});

test('a connection that is refused counts among the errors of the bus', async () => {
  await eventually(
    'a link error',
    async () => (await client.get('/status')).json.buses[0].errors.link as number,
    (count) => count > 0,
  );
});

test.each([
  [{ verb: 'disable', point: 'box.smoke', reason: 'x', for: '1h' }, '收银台烟感 已停用'],
  [{ verb: 'enable', point: 'box.smoke' }, '收银台烟感 已启用'],
  [{ verb: 'disable', zone: 'till', reason: 'x', for: '1h' }, '收银台 已停用'],
  [{ verb: 'output', output: 'siren', value: 'on', for: '1m' }, '警铃 手动开'],
  [{ verb: 'output', output: 'siren', value: 'auto' }, '警铃 恢复自动'],
])('%j is answered by name', async (fields, message) => {
  const { json } = await client.command({ ...fields, by: '李娜', language: 'zh' });
  expect(json).toMatchObject({ ok: true, message });
});

test('the console says where it stands', async () => {
  expect(await client.session()).toMatchObject({ zone: 'till' });
});
