// Every GET route of the demo against what the document says of its answer: nothing missing, nothing of another type, and
// no field that the document does not know. Among them the doctor, which looks in a process of its own.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes } from '../../src/console/routes.ts';
import { type Daemon, newPlace, type Place } from '../support/daemon.ts';
import { type Form, faultsOfAnswer } from '../support/schema-faults.ts';
import { type Answer, type Client, clientOf } from './stage.ts';

let place: Place;
let daemon: Daemon;
let client: Client;
let forms: Readonly<Record<string, Form>>;
let paths: Readonly<
  Record<string, { get?: { responses: { 200: { content: Record<string, { schema: Form }> } } } }>
>;
let incident: string;
beforeAll(async () => {
  place = newPlace();
  // a folder of its own: other demos may run on this machine
  daemon = await place.start({ demo: true, env: { TMPDIR: place.folder } });
  const { url } = await daemon.said('the console listens', ({ code }) => code === 'CONSOLE');
  client = clientOf(() => Number(new URL(url).port));
  const document = (await client.get('/openapi.json')).json;
  forms = document.components.schemas;
  paths = document.paths;
  const place_ = { points: { 'inputs.smoke_atrium': [0.3, 0.4] }, zones: { atrium: [0.1, 0.1, 0.5, 0.5] } };
  await client.ask('PUT', '/floors/ground', { body: { name: '一层', ...place_ } });
  const raised = await client.command({
    verb: 'raise',
    plan: 'fire',
    zone: 'atrium',
    by: '王伟',
    finder: '李',
    phone: '1',
  });
  incident = raised.json.incident;
  await client.command({ verb: 'ack', incident, by: '王伟' });
  await client.command({ verb: 'disable', point: 'inputs.lift_fault', reason: 'x', for: '1h', by: '王伟' });
  const other = await client.command({ verb: 'raise', plan: 'water-leak', by: '王伟' });
  await client.command({ verb: 'ack', incident: other.json.incident, by: '王伟' });
  await client.command({
    verb: 'close',
    incident: other.json.incident,
    verdict: 'test',
    by: '王伟',
    cause: 'x',
    remedy: 'y',
    losses: 'z',
  });
}, 60_000);
afterAll(() => place?.leave());

const now = Date.now();
const asked: Readonly<Record<string, () => string>> = {
  '/points/:id': () => '/points/gas.ppm',
  '/points/:id/trend': () => `/points/gas.ppm/trend?from=${now - 60_000}&to=${now + 60_000}`,
  '/incidents': () => '/incidents?all=true',
  '/incidents/:id': () => `/incidents/${incident}`,
  '/history': () => `/history?from=${now - 3_600_000}&to=${now + 3_600_000}`,
  '/floors/:id': () => '/floors/ground',
};
const gets = routes
  .filter(({ method, answer }) => method === 'GET' && typeof answer !== 'string')
  .map(({ path }) => path);

test('each route of the API that answers with JSON is asked', () => {
  expect(gets.filter((path) => path.includes(':') && asked[path] === undefined)).toEqual([]);
  expect(gets).toContain('/doctor');
});

test.each(gets)('GET %s', { timeout: 60_000 }, async (path) => {
  const answer: Answer = await client.get(asked[path]?.() ?? path);
  expect([path, answer.status]).toEqual([path, 200]);
  const name = `/api/v1${path.replaceAll(/:(\w+)/g, '{$1}')}`;
  const form = paths[name]!.get!.responses[200].content['application/json']!.schema;
  expect(faultsOfAnswer(answer.json, form, forms)).toEqual([]);
});

describe('the doctor', () => {
  test('sees the daemon that asks, and looks once for all who ask meanwhile', {
    timeout: 60_000,
  }, async () => {
    const answers = await Promise.all([1, 2, 3].map(() => client.get('/doctor')));
    expect(new Set(answers.map(({ json }) => json.at)).size).toBe(1);
    const { looks, well } = answers[0]!.json;
    const findings = looks.flatMap((look: { findings: object[] }) => look.findings);
    expect(well).toBe(findings.every(({ state }: { state: string }) => state !== 'fault'));
    const codesOf = (id: string): string[] =>
      looks.find((look: { id: string }) => look.id === id).findings.map(({ code }: { code: string }) => code);
    expect(codesOf('daemon')).toContain('daemon');
    // (a running daemon's lines are left alone)
    expect(codesOf('daemon')).not.toContain('noDaemon');
    for (const finding of findings) {
      expect(finding.what).toEqual({ zh: expect.any(String), en: expect.any(String) });
      if (finding.state === 'fault') expect(finding.mend).toBeDefined();
    }
    const again = (await client.get('/doctor')).json;
    expect(again.at).not.toBe(answers[0]!.json.at);
  });

  test('the page goes on meanwhile', { timeout: 60_000 }, async () => {
    let done = false;
    const looking = client.get('/doctor').then(() => {
      done = true;
    });
    expect((await client.get('/status')).status).toBe(200);
    expect(done).toBe(false);
    await looking;
  });
});

test('the comparison finds what is missing, of another type, and not known', () => {
  const form = {
    type: 'object',
    properties: {
      a: { type: 'integer' },
      b: { type: ['string', 'null'] },
      c: { $ref: '#/components/schemas/C' },
    },
    required: ['a'],
    additionalProperties: true,
  };
  const named = { C: { type: 'object', properties: { d: { enum: [1] } }, required: ['d'] } };
  const faults = (value: object) => faultsOfAnswer(value, form, named);
  expect(faults({ a: 1, b: null, c: { d: 1 } })).toEqual([]);
  expect(faults({})).toEqual(['a is missing']);
  expect(faults({ a: 1.5 })).toHaveLength(1);
  expect(faults({ a: 1, e: 2 })).toEqual(['e is not in the document']);
  expect(faults({ a: 1, c: { d: 2 } })).toHaveLength(1);
  expect(faults({ a: 1, c: { d: 1, x: 1 } })).toEqual(['c.x is not in the document']);
});
