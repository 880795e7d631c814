// Inside a guest, the container or the virtual machine: loads a scenario, does its part in there and prints the
// figures for the host to take. `node guest.mjs NAME`.

import { register } from 'node:module';

register('./typescript.mjs', import.meta.url);
const { inside } = await import(`./${process.argv[2]}.ts`);
const tell = (text) => console.log(`  ${text}`);
const figures = await inside({ quick: process.argv[3] === 'quick', tell });
console.log(`FIGURES ${JSON.stringify(figures)}`);
// whatever an interrupted part has left open
process.exit(0);
