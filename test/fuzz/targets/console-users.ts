// The file of users: whoever is in it comes out with an id, a name of their own, a role and the hash of a password; faults
// have a place and words and repeat nothing of the file; never an error.

import { readUsers } from '../../../src/config/console-form.ts';
import { faultList } from '../../../src/config/faults.ts';
import { isHash } from '../../../src/rights/passwords.ts';
import { roles } from '../../../src/rights/roles.ts';
import { must, outline, type Target, textOf } from '../target.ts';
import { soundFaults } from './faults.ts';
import { scratch } from './scratch.ts';

const place = scratch();
const hash = `$scrypt$ln=15,r=8,p=3$${'A'.repeat(22)}$${'B'.repeat(43)}`;

export const consoleUsers: Target = {
  name: 'console-users',
  what: 'files of users: an id, a name of its own, a role and a hash for each; faults with a place and words; never an error',
  seeds: [
    `wang: { name: 王伟, role: operate, hash: "${hash}" }\n`,
    `# night shift\nli:\n  name: Li\n  role: view\n  hash: ${hash}\nan: { name: An, role: configure, hash: "${hash}" }\n`,
    `a: &a { name: A, role: view, hash: "${hash}" }\nb: *a\n`,
    '{}\n',
  ],
  words: [
    'name: ',
    'role: ',
    'view',
    'operate',
    'hash: ',
    hash,
    '$scrypt$',
    'ln=17,',
    'r=8',
    'p=1',
    '&a ',
    '*a',
    '!secret x',
  ],
  largestBytes: 800,
  slowestMs: 300,
  executions: 50_000,
  open: place.open,
  run(bytes) {
    const file = place.write('users.yaml', bytes);
    const faults = faultList(file);
    const users = readUsers(file, { file, line: 1, column: 1 }, faults);
    const kinds = soundFaults(faults.sorted(), file, textOf(bytes));
    const names = users.flatMap((user) => [...new Set([user.id, user.name])]);
    must(new Set(names).size === names.length, () => `one name twice: ${names.join()}`);
    for (const user of users) {
      must(/^[a-z][a-z0-9_]{0,63}$/.test(user.id), () => `id ${user.id}`);
      must(roles.includes(user.role) && isHash(user.hash), () => `${user.id} with what role or hash`);
      must(user.name.trim() === user.name && user.name !== '', () => `${user.id} without a name`);
    }
    return `${kinds} ${outline(users, 2)}`;
  },
};
