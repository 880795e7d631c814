// Floor plans, their files and their pictures: a floor has places inside the picture, and comes back from its own file as
// it was; bytes are a picture of a kind, or none; never an error.

import { floorInYaml, pictureKind, yamlOf } from '../../../src/console/floor-form.ts';
import { must, mustEqual, outline, type Target, textOf } from '../target.ts';

export const floor: Target = {
  name: 'floor',
  what: 'floor plans and pictures: places inside the picture, the same again from its own file; never an error',
  seeds: [
    'name: { zh: 一层, en: Ground }\npoints: { inputs.smoke: [0.25, 0.5] }\nzones: { hall: [0, 0, 1, 1] }\n',
    'name: Ground\npoints:\n  a.b: [1, 0]\n',
    '{"name":"x","points":{"constructor":[0,0]}}',
    'name: &n x\npoints: { *n : [0, 0] }',
    '<?xml version="1.0"?><!-- x --><!DOCTYPE svg PUBLIC "a" "b"><svg xmlns="x"/>',
    Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, ...new Array(20).fill(0)]),
  ],
  words: [
    'name: ',
    'points: ',
    'zones: ',
    '[0.5, 0.5]',
    'zh: ',
    'en: ',
    '<svg ',
    '<!--',
    '-->',
    '<?',
    '?>',
    '<!DOCTYPE svg',
    '&a ',
    '*a',
    '__proto__',
    '.nan',
    '-0',
  ],
  largestBytes: 1200,
  slowestMs: 200,
  executions: 50_000,
  run(bytes) {
    const kind = pictureKind(bytes);
    const judged = floorInYaml(textOf(bytes));
    if ('fault' in judged) {
      for (const words of [judged.fault.zh, judged.fault.en])
        must(words.length > 5 && words.length < 300 && !words.includes('\n'), () => `words: ${words}`);
      return `${kind} ${judged.fault.en.replaceAll(/`[^`]*`|[\w.]+:/g, '')}`;
    }
    const found = judged.floor;
    for (const place of [...Object.values(found.points), ...Object.values(found.zones)])
      for (const share of place) must(share >= 0 && share <= 1, () => `a place at ${share}`);
    for (const id of [...Object.keys(found.points), ...Object.keys(found.zones)])
      must(/^[a-z][a-z0-9_.]*$/.test(id), () => `id ${id}`);
    mustEqual(floorInYaml(yamlOf(found)), judged, 'the same floor out of its own file');
    return `${kind} ${outline(found, 2)}`;
  },
};
