// The OpenAPI document against the routes that there are, and the page's files as they are served.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPages } from '../../src/console/pages.ts';
import { routes } from '../../src/console/routes.ts';
import { type Client, openStage, type Stage, siteWith } from './stage.ts';

describe('the document', () => {
  let stage: Stage;
  // biome-ignore lint/suspicious/noExplicitAny: a document is what it is
  let document: any;
  beforeAll(async () => {
    stage = await openStage(siteWith({ withoutLogin: 'view' }));
    document = (await stage.client().get('/openapi.json')).json;
  });
  afterAll(() => stage?.stop());

  test('names each route once, with its least role, and no other', () => {
    const named = Object.entries(
      document.paths as Record<string, Record<string, { description: string }>>,
    ).flatMap(([at, methods]) =>
      Object.entries(methods).map(
        ([method, { description }]) => `${method.toUpperCase()} ${at} ${description}`,
      ),
    );
    const wanted = routes.map(({ method, path: at, least }) => {
      const role = least === 'anybody' ? 'Anybody may ask.' : `Least role: ${least}.`;
      return `${method} /api/v1${at.replaceAll(/:(\w+)/g, '{$1}')} ${role}`;
    });
    expect(named.sort()).toEqual(wanted.sort());
    const ids = Object.values(
      document.paths as Record<string, Record<string, { operationId: string }>>,
    ).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    expect(new Set(ids).size).toBe(routes.length);
  });

  test('refers to nothing that is not in it', () => {
    expect(document.openapi).toBe('3.1.0');
    const text = JSON.stringify(document);
    const refs = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]!);
    expect(refs.length).toBeGreaterThan(20);
    expect(refs.filter((name) => document.components.schemas[name] === undefined)).toEqual([]);
    expect(text).not.toContain('x-is');
    // the answer of each route is described
    for (const methods of Object.values(
      document.paths as Record<string, Record<string, { responses: { 200: { content: object } } }>>,
    ))
      for (const { responses } of Object.values(methods))
        expect(Object.keys(responses[200].content)).toHaveLength(1);
  });

  test('what it says of answers holds for those there are', async () => {
    const client = stage.client();
    for (const [route, name] of [
      ['/status', 'StatusReport'],
      ['/site', 'SiteView'],
      ['/session', 'Session'],
      ['/machine', 'MachineView'],
    ] as const) {
      const { required } = document.components.schemas[name];
      const { json } = await client.get(route);
      expect([route, required.filter((key: string) => !(key in json))]).toEqual([route, []]);
    }
  });
});

describe('files of the page', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-pages-'));
    mkdirSync(path.join(folder, 'console', 'assets'), { recursive: true });
    writeFileSync(path.join(folder, 'main.js'), '');
    writeFileSync(path.join(folder, 'secret.js'), 'secret');
    writeFileSync(path.join(folder, 'console', 'index.html'), '<!doctype html><title>x</title>');
    writeFileSync(path.join(folder, 'console', 'assets', 'index-Ab12.js'), `// ${'x'.repeat(5000)}`);
    writeFileSync(path.join(folder, 'console', '.env'), 'secret');
    writeFileSync(path.join(folder, 'console', 'notes.exe'), 'secret');
    symlinkSync(path.join(folder, 'none'), path.join(folder, 'console', 'assets', 'gone.js'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('are those that were there, by their kinds', async () => {
    const pages = await readPages(path.join(folder, 'console'));
    expect([...pages.keys()].sort()).toEqual(['/', '/assets/index-Ab12.js', '/index.html']);
    expect(await readPages(path.join(folder, 'none'))).toEqual(new Map());
  });

  test('are served with an end to their keeping that fits, small, and nothing beside them', async () => {
    const stage = await openStage(siteWith({ withoutLogin: 'none' }), {
      program: path.join(folder, 'main.js'),
    });
    try {
      const client: Client = stage.client();
      const page = await client.get('//');
      expect([page.status, page.headers['content-type'], page.headers['cache-control']]).toEqual([
        200,
        'text/html; charset=utf-8',
        'no-cache',
      ]);
      expect(page.headers['content-security-policy']).toMatch(/frame-ancestors 'none'/);
      const again = await client.ask('GET', '//', {
        headers: { 'if-none-match': String(page.headers.etag) },
      });
      expect([again.status, again.text]).toEqual([304, '']);
      const script = await client.ask('GET', '//assets/index-Ab12.js', {
        headers: { 'accept-encoding': 'gzip, br' },
      });
      expect([script.headers['content-encoding'], script.headers['cache-control']]).toEqual([
        'gzip',
        'public, max-age=31536000, immutable',
      ]);
      expect(script.bytes.length).toBeLessThan(200);
      expect(gunzipSync(script.bytes).toString()).toHaveLength(5003);
      expect((await client.get('//assets/index-Ab12.js')).text).toHaveLength(5003);
      for (const at of [
        '//secret.js',
        '//../secret.js',
        '//assets/..%2f..%2fsecret.js',
        '//.env',
        '//notes.exe',
        '//assets/',
        '//assets/gone.js',
        '//index.html/..',
      ])
        expect([at, (await client.get(at)).status]).toEqual([at, 404]);
      // a link from elsewhere may lead to the page, though not to what it asks
      const from = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
      expect((await client.ask('GET', '//', { headers: from })).status).toBe(200);
      expect((await client.ask('GET', '//', { headers: { host: 'evil.example' } })).status).toBe(403);
    } finally {
      await stage.stop();
    }
  });
});
