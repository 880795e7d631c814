// Builds the program: src/main.ts and what it imports, packages included, into dist/, one chunk for each part
// that is loaded on its own; reading a few files instead of a thousand is half of a cold start. Packages with
// compiled parts stay outside. `node test/support/build.mjs [FOLDER]` builds elsewhere, for tests.

import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { buildPage } from './build-page.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const folder = path.resolve(process.argv[2] ?? path.join(root, 'dist'));
// Built beside and put in place at the end: a build that fails leaves the last good one.
const fresh = `${folder}.tmp`;
const began = performance.now();

// modbus-serial loads every kind of port that it knows, and with them the serial package; our own ports, over
// the house's links, are all that we use.
const unusedPorts = {
  name: 'unused-ports',
  setup(build) {
    const unused = /\/(rtubufferedport|asciiport|telnetport|c701port|udpport|bleport|serverserial)$/;
    build.onResolve({ filter: unused }, ({ path: asked, importer }) =>
      importer.includes('modbus-serial') ? { path: asked, namespace: 'unused' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = undefined;' }));
  },
};

await rm(fresh, { recursive: true, force: true });
let result;
try {
  result = await build({
    absWorkingDir: root,
    // the first line of main.ts, which makes it a program, is kept
    entryPoints: { main: 'src/main.ts' },
    outdir: fresh,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // their compiled parts are found beside their own files
    external: ['better-sqlite3', 'serialport', 'onoff'],
    // the packages' ES modules where they have them: what is not used of those is left out
    mainFields: ['module', 'main'],
    minify: true,
    keepNames: true,
    legalComments: 'linked',
    sourcemap: 'linked',
    // packages in the older form ask for Node's own modules with `require`
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    plugins: [unusedPorts],
    chunkNames: 'chunks/[name]-[hash]',
    metafile: true,
    logLevel: 'error',
  });
} catch {
  process.exit(1); // esbuild has said why
}
await chmod(path.join(fresh, 'main.js'), 0o755);
await preparePlans();
try {
  await buildPage(root, path.join(fresh, 'console'));
} catch (error) {
  console.error(`the page of the console could not be built: ${error.message}`);
  process.exit(1);
}
await rm(folder, { recursive: true, force: true });
await rename(fresh, folder);

/** Parses the shipped plans once, here, instead of at every start; a faulty one fails the build. */
async function preparePlans() {
  const loader = path.join(fresh, 'plans-loader.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['src/config/plans.ts'],
    outfile: loader,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  });
  const { preparePlans: prepare } = await import(pathToFileURL(loader));
  const plans = prepare(path.join(root, 'config', 'plans'));
  await rm(loader);
  await writeFile(path.join(fresh, 'plans.json'), JSON.stringify(plans));
}

const files = Object.entries(result.metafile.outputs).filter(([file]) => file.endsWith('.js'));
const bytes = files.reduce((sum, [, output]) => sum + output.bytes, 0);
const took = Math.round(performance.now() - began);
console.log(
  `built ${path.relative(root, path.join(folder, 'main.js'))}: ${files.length} files, ${Math.round(bytes / 1024)} KiB, ${took} ms`,
);
