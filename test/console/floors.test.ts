// Floor plans over HTTP and on the disk: written whole, read back, kept in the folder of the site, pictures by their first
// bytes and shut in; and what is no floor or no picture is refused.

import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { drivers } from '../../drivers/index.ts';
import { loadConfig } from '../../src/config/load.ts';
import { pictureKind } from '../../src/console/floor-form.ts';
import { type Client, openStage, type Stage, siteWith } from './stage.ts';

let stage: Stage;
let client: Client;
const at = (name = ''): string => path.join(stage.folder, 'floors', name);
beforeAll(async () => {
  stage = await openStage(siteWith({ withoutLogin: 'configure' }));
  client = stage.client();
});
afterAll(() => stage?.stop());

const svg =
  '<?xml version="1.0"?>\n<!-- ground -->\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>';
const png = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.alloc(64)]);
const put = (id: string, body: unknown) => client.ask('PUT', `/floors/${id}`, { body });
const picture = (id: string, body: Buffer | string, type = 'image/svg+xml') =>
  client.ask('PUT', `/floors/${id}/image`, { body, headers: { 'content-type': type } });

describe('a floor', () => {
  test('is written, read back and listed; its file is for people too', async () => {
    expect((await client.get('/floors')).json).toEqual([]);
    const floor = {
      name: { zh: '一层', en: 'Ground floor' },
      points: { 'inputs.smoke': [0.25, 0.123456] },
      zones: { atrium: [0.1, 0.2, 0.3, 0.4] },
    };
    const made = await put('ground', floor);
    const { etag } = made.json;
    expect(made.json).toEqual({ id: 'ground', ...floor, points: { 'inputs.smoke': [0.25, 0.1235] }, etag });
    expect((await client.get('/floors')).json).toEqual([made.json]);
    expect((await client.get('/floors/ground')).json).toEqual(made.json);
    expect(parse(readFileSync(at('ground.yaml'), 'utf8'))).toMatchObject({ name: floor.name });
    // another in its place, whole
    await put('ground', { name: 'Ground' });
    expect((await client.get('/floors/ground')).json).toEqual({
      id: 'ground',
      name: 'Ground',
      points: {},
      zones: {},
      etag: expect.stringMatching(/^[\w-]{22}$/),
    });
    expect(readdirSync(at())).toEqual(['ground.yaml']);
  });

  test.each([
    [{}],
    [{ name: '' }],
    [{ name: { zh: '一' } }],
    [{ name: 'x', points: { 'a.b': [2, 0] } }],
    [{ name: 'x', points: { 'a.b': [0.1] } }],
    [{ name: 'x', points: { 'a.b': ['0.1', 0.2] } }],
    [{ name: 'x', points: { '../x': [0, 0] } }],
    [{ name: 'x', points: { constructor: [0, 0] } }],
    [{ name: 'x', zones: { a: [0, 0] } }],
    [{ name: 'x', more: 1 }],
    [[]],
  ])('%j is none', async (body) => {
    const { status, json } = await put('bad', body);
    expect([status, json.code]).toEqual([400, 'badRequest']);
    expect(existsSync(at('bad.yaml'))).toBe(false);
  });

  test('one that was spoilt by hand is shown by its id, can be written anew, and harms no other', async () => {
    writeFileSync(at('spoilt.yaml'), 'name: [');
    writeFileSync(
      at('bomb.yaml'),
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
        .split('')
        .map((key, n) => `${key}: &${key} [${Array(9).fill(`*${'abcdefgh'[n]}`).join()}]`)
        .join('\n')}\n`,
    );
    writeFileSync(at('Not_An_Id.yaml'), 'name: x');
    mkdirSync(at('folder.yaml'));
    const { status, json } = await client.get('/floors');
    expect(status).toBe(200);
    expect(json.map(({ id }: { id: string }) => id)).toEqual(['bomb', 'ground', 'spoilt']);
    expect((await client.get('/floors/spoilt')).status).toBe(409);
    expect((await put('spoilt', { name: 'mended' })).status).toBe(200);
    expect((await client.ask('DELETE', '/floors/bomb')).status).toBe(200);
    expect((await client.get('/floors/bomb')).status).toBe(404);
    expect((await client.ask('DELETE', '/floors/bomb')).status).toBe(404);
  });
});

describe('two who change one floor at once', () => {
  const change = (method: string, path: string, tag: string | undefined, body?: unknown, type?: string) =>
    client.ask(method, path, {
      body,
      headers: {
        ...(tag !== undefined && { 'if-match': tag }),
        ...(type !== undefined && { 'content-type': type }),
      },
    });

  test('the second is told, in both languages, and nothing is lost without a word', async () => {
    const made = await put('shared', { name: 'x' });
    const read = await client.get('/floors/shared');
    const tag = read.headers.etag!;
    expect([made.headers.etag, `"${made.json.etag}"`]).toEqual([tag, tag]);
    const listed = (await client.get('/floors')).json.find(({ id }: { id: string }) => id === 'shared');
    expect(listed.etag).toBe(made.json.etag);
    const first = await change('PUT', '/floors/shared', tag, { name: 'first' });
    expect([first.status, first.headers.etag === tag]).toEqual([200, false]);
    const second = await change('PUT', '/floors/shared', tag, { name: 'second' });
    expect([second.status, second.json.code]).toEqual([412, 'changed']);
    expect(second.json.message).toMatch(/^floor shared was changed or removed by somebody else/);
    const zh = await client.ask('PUT', '/floors/shared', {
      body: { name: 'second' },
      headers: { 'if-match': tag, 'accept-language': 'zh' },
    });
    expect(zh.json.message).toMatch(/^楼层 shared 已被其他人修改/);
    expect((await client.get('/floors/shared')).json.name).toBe('first');
    // on purpose: without a tag, or with the present one
    expect((await put('shared', { name: 'mine' })).status).toBe(200);
    expect((await change('PUT', '/floors/shared', `"x", "${first.json.etag}"`, { name: 'y' })).status).toBe(
      412,
    );
    const present = (await client.get('/floors/shared')).headers.etag!;
    expect((await change('PUT', '/floors/shared', `"x", ${present}`, { name: 'y' })).status).toBe(200);
  });

  test('of two at the very same moment one is told', async () => {
    const { headers } = await put('race', { name: 'x' });
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => change('PUT', '/floors/race', headers.etag!, { name })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  });

  test('the picture and its removal count too', async () => {
    const { headers } = await put('pictured', { name: 'x' });
    const tag = headers.etag!;
    const drawn = await change('PUT', '/floors/pictured/image', tag, svg, 'image/svg+xml');
    expect([drawn.status, drawn.headers.etag === tag]).toEqual([200, false]);
    expect((await change('PUT', '/floors/pictured/image', tag, png, 'image/png')).status).toBe(412);
    expect((await change('DELETE', '/floors/pictured', tag)).status).toBe(412);
    expect((await change('DELETE', '/floors/pictured', drawn.headers.etag)).status).toBe(200);
    expect((await change('PUT', '/floors/pictured', drawn.headers.etag, { name: 'x' })).status).toBe(412);
    expect((await change('PUT', '/floors/pictured', '*', { name: 'x' })).status).toBe(412);
    for (const id of ['shared', 'race']) await change('DELETE', `/floors/${id}`, '*');
  });
});

describe('a picture', () => {
  test('SVG is served shut in, and may be read again by its address', async () => {
    expect((await picture('none', svg)).status).toBe(404);
    const { json } = await picture('ground', svg);
    expect(json.image).toMatch(/^\/floors\/ground\/image\?v=\w+$/);
    const got = await client.get(json.image);
    expect(got.text).toBe(svg);
    expect(got.headers['content-type']).toBe('image/svg+xml');
    expect(got.headers['content-security-policy']).toMatch(/default-src 'none'.*sandbox/);
    expect(got.headers['content-security-policy']).not.toMatch(/script|allow-/);
    expect(got.headers['x-content-type-options']).toBe('nosniff');
  });

  test('PNG takes its place', async () => {
    const { json } = await picture('ground', png, 'image/png');
    const got = await client.get(json.image);
    expect(got.headers['content-type']).toBe('image/png');
    expect(got.bytes.equals(png)).toBe(true);
    expect(readdirSync(at()).filter((name) => name.startsWith('ground'))).toEqual([
      'ground.png',
      'ground.yaml',
    ]);
  });

  test('what is none is refused, whatever it says it is', async () => {
    for (const body of [
      '<html><svg/></html>',
      'GIF89a',
      '<!DOCTYPE html><svg/>',
      '<svgx/>',
      '',
      '<!DOCTYPE svg [<!ENTITY a "b">]><svg/>',
    ])
      expect([body, (await picture('ground', body, 'image/png')).status]).toEqual([
        body,
        body === '' ? 415 : 415,
      ]);
    expect((await picture('ground', svg, 'text/html')).status).toBe(415);
    expect((await client.get('/floors/ground')).json.image).toBeDefined();
  });

  test('a file that was put there by hand under another kind is not given out', async () => {
    await put('odd', { name: 'odd' });
    writeFileSync(at('odd.svg'), '<html><script>1</script></html>');
    expect((await client.get('/floors/odd/image')).status).toBe(404);
    symlinkSync('/etc/passwd', at('odd.png'));
    expect((await client.get('/floors/odd/image')).status).toBe(404);
  });

  test.each([
    ['<svg>', 'svg'],
    ['  \n<svg ', 'svg'],
    ['\uFEFF<svg/>', 'svg'],
    ['<!-- a --><!-- b --><?xml x?><svg>', 'svg'],
    ['<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/x.dtd"><svg>', 'svg'],
    [`${'<!-- -->'.repeat(1500)}<svg>`, 'svg'],
    [`${'<!-- -->'.repeat(5000)}<svg>`, undefined],
    ['<!-- <svg>', undefined],
    ['<SVG>', undefined],
  ])('%.40s', (text, kind) => {
    const beganMs = performance.now();
    expect(pictureKind(Buffer.from(text))).toBe(kind);
    expect(performance.now() - beganMs).toBeLessThan(100);
  });
});

test('a folder that can’t be written is told with what to do', async () => {
  writeFileSync(path.join(stage.folder, 'a-file'), '');
  stage.write(siteWith({ withoutLogin: 'configure', floors: 'a-file/floors' }));
  expect((await stage.app.reload()).ok).toBe(true);
  const { status, json } = await put('x', { name: 'x' });
  expect([status, json.code]).toEqual([409, 'refused']);
  expect(json.message).toMatch(/can't be written \(ENOTDIR\): make the folder/);
  stage.write(siteWith({ withoutLogin: 'configure' }));
  expect((await stage.app.reload()).ok).toBe(true);
});

test('floors are in a backup', async () => {
  const { floorFiles } = await import('../../src/config-copy.ts');
  const { config } = loadConfig(stage.file, { drivers });
  expect(floorFiles(config!)).toContain(at('ground.yaml'));
  expect(floorFiles(config!)).toContain(at('ground.png'));
});
