// A profile file, shipped or of the site: a profile of the declared shape or faults with words, never an error.

import { faultList } from '../../../src/config/faults.ts';
import { loadProfile } from '../../../src/config/profiles.ts';
import { must, outline, type Target, textOf } from '../target.ts';
import { soundFaults } from './faults.ts';
import { scratch } from './scratch.ts';
import { shippedFile } from './shipped.ts';

const place = scratch();

export const profile: Target = {
  name: 'profile',
  what: 'profile files: a profile of the declared shape, or faults with a place and words; never an error',
  seeds: [
    shippedFile('profiles', 'xy-md02.yaml'),
    shippedFile('profiles', 'pzem-016.yaml'),
    shippedFile('profiles', 'two-input-board.yaml'),
    shippedFile('profiles', 'generic-modbus-gas.yaml'),
  ],
  words: [
    'points:\n',
    'drivers: [',
    'source: ',
    'caveats:\n',
    'link: ',
    'examples:\n',
    'limits: { most: 1 }',
    'verified: true',
    'every: 1s',
    'given: ',
    'read: "input:0:u16"',
  ],
  largestBytes: 1600,
  slowestMs: 400,
  executions: 50_000,
  open: place.open,
  run(bytes) {
    const file = place.write('xy-md02.yaml', bytes);
    const faults = faultList(file);
    const read = loadProfile(file, faults);
    const kinds = soundFaults(faults.sorted(), file, textOf(bytes));
    must(read !== undefined || faults.broken(), 'no profile, and no fault');
    if (read === undefined) return kinds;
    must(read.drivers.length > 0 && read.source.length > 0, 'a profile without drivers or source');
    must(read.unit === undefined || (read.unit >= 0 && read.unit <= 255), () => `unit ${read.unit}`);
    const { tree: _tree, ...rest } = read;
    return `${kinds} ${outline(rest, 2)}`;
  },
};
