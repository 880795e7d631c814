// Bundles a simulation with the daemon's sources into one throw-away file, with SQLite and the loop tapped, and where
// asked with a bug planted.

import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const here = path.join(root, 'test', 'simulation');
const banner = {
  js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
};

/** @typedef {{ path: string, find: string, replace: string }} Planted */

const unusedPorts = {
  name: 'unused-ports',
  setup(building) {
    const unused = /\/(rtubufferedport|asciiport|telnetport|c701port|udpport|bleport|serverserial)$/;
    building.onResolve({ filter: unused }, ({ path: asked, importer }) =>
      importer.includes('modbus-serial') ? { path: asked, namespace: 'unused' } : undefined,
    );
    building.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({
      contents: 'module.exports = undefined;',
    }));
  },
};

const taps = {
  name: 'taps',
  setup(building) {
    building.onResolve({ filter: /^better-sqlite3$/ }, ({ importer }) =>
      importer.startsWith(path.join(root, 'src')) ? { path: path.join(here, 'sqlite.ts') } : undefined,
    );
    building.onResolve({ filter: /^\.\/loop\.ts$/ }, ({ importer }) =>
      importer === path.join(root, 'src', 'app.ts') ? { path: path.join(here, 'loop-tap.ts') } : undefined,
    );
  },
};

/** A simulated day has as many seconds as a real one: what is looked at every few of them is looked at less often. */
const slower = [
  { path: 'src/devices/outputs.ts', find: 'const checkMs = 5000;', replace: 'const checkMs = 30_000;' },
];

/** Throws where a text to be replaced does not occur exactly once: the list of bugs is behind the sources then. */
export function plantIn(text, { path: file, find, replace }) {
  const count = text.split(find).length - 1;
  if (count !== 1) throw new Error(`${file}: occurs ${count} times, and not once: ${find}`);
  return text.replace(find, () => replace);
}

const planting = (planted) => ({
  name: 'planting',
  setup(building) {
    building.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
      const mine = planted.filter((one) => path.join(root, one.path) === file);
      if (mine.length === 0) return undefined;
      return { contents: mine.reduce(plantIn, readFileSync(file, 'utf8')), loader: 'ts' };
    });
  },
});

/**
 * @param {string} folder inside the package, so that packages are found from it
 * @param {readonly Planted[]} planted
 * @returns the bundled file
 */
export async function bundle(folder, planted = []) {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'simulation.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/simulation/run.ts'],
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['better-sqlite3', 'serialport', 'onoff'],
    mainFields: ['module', 'main'],
    sourcemap: 'inline',
    banner,
    plugins: [planting([...slower, ...planted]), taps, unusedPorts],
    logLevel: 'error',
  });
  return file;
}
