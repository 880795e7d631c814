// YAML of any kind to plain data that knows its places: never an error, faults with a place and words, and every key
// and value found where the file has it.

import { faultList } from '../../../src/config/faults.ts';
import { isMapping, type Path, parseTree, SecretMark, type Tree } from '../../../src/config/yaml.ts';
import { must, outline, type Target, textOf } from '../target.ts';
import { soundFaults } from './faults.ts';

const file = 'site.yaml';
const mostPlaces = 60;

/** Paths of everything inside, a limited number of them. */
function pathsIn(value: unknown, path: Path, found: Path[]): void {
  if (found.length >= mostPlaces) return;
  found.push(path);
  must(
    typeof value !== 'function' && typeof value !== 'symbol' && typeof value !== 'bigint',
    'no plain data',
  );
  if (Array.isArray(value)) for (const [at, each] of value.entries()) pathsIn(each, [...path, at], found);
  else if (isMapping(value)) {
    must(Object.getPrototypeOf(value) === Object.prototype, 'a prototype from the file');
    for (const [key, each] of Object.entries(value)) pathsIn(each, [...path, key], found);
  } else if (value !== null && typeof value === 'object')
    must(value instanceof SecretMark, 'an unknown object');
}

function checkPlaces(tree: Tree, lines: number): void {
  const paths: Path[] = [];
  pathsIn(tree.value, [], paths);
  for (const path of [...paths, ['nowhere'], [0], ['a', 0, 'b']])
    for (const place of [tree.keyAt(path), tree.valueAt(path), tree.insideAt(path, 3)])
      must(
        place.line >= 1 && place.line <= lines && place.column >= 1,
        () => `${path.join('.')} at ${place.line}:${place.column} of ${lines} lines`,
      );
}

export const siteYaml: Target = {
  name: 'site-yaml',
  what: 'YAML text: plain data with the places of its keys and values, or faults with a place and words; never an error',
  seeds: [
    'premises: { id: store_1, name: { zh: 店, en: Shop } }\nmqtt:\n  password: !secret broker\n',
    "a: &x [1, 2.5, true, null, \"q\\n\", 'it''s']\nb: *x\nc: |\n  block\n  text\nd: >-\n  folded\n  text\n",
    'rules:\n  r1: { when: "a.b > 1.0 && c.d" }\n  ? complex\n  : value\n',
    '%YAML 1.2\n---\na: !!binary abc=\n...\n',
    'a: {b: [ {c: d}, [e, f] ]}\r\n# end\r\n',
  ],
  words: [
    '!secret ',
    '&a ',
    '*a',
    '<<: *a',
    '? ',
    ': ',
    '- ',
    '|\n  ',
    '>-\n ',
    '---\n',
    '...',
    '!!set ',
    '!!str ',
    '{',
    '[',
    '\n  ',
    '# ',
    '0x1F',
    '.inf',
    '__proto__: 1\n',
    '\t',
  ],
  largestBytes: 800,
  executions: 100_000,
  run(bytes) {
    const text = textOf(bytes);
    const faults = faultList(file);
    const tree = parseTree(file, text, faults);
    const sorted = faults.sorted();
    must(tree !== undefined || faults.broken(), 'nothing, and no fault');
    const kinds = soundFaults(sorted, file, text);
    if (tree !== undefined) checkPlaces(tree, text.split('\n').length);
    return `${kinds} ${tree === undefined ? '' : outline(tree.value, 2)}`;
  },
};
