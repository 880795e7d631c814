// Builds the program: src/main.ts and what it imports into dist/, one chunk for each part that is loaded on
// its own, packages left outside. `node test/support/build.mjs [FOLDER]` builds elsewhere, for tests.

import { chmod, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const folder = path.resolve(process.argv[2] ?? path.join(root, 'dist'));
// Built beside and put in place at the end: a build that fails leaves the last good one.
const fresh = `${folder}.tmp`;
const began = performance.now();

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
    packages: 'external',
    sourcemap: 'linked',
    chunkNames: 'chunks/[name]-[hash]',
    metafile: true,
    logLevel: 'error',
  });
} catch {
  process.exit(1); // esbuild has said why
}
await chmod(path.join(fresh, 'main.js'), 0o755);
await rm(folder, { recursive: true, force: true });
await rename(fresh, folder);

const files = Object.entries(result.metafile.outputs).filter(([file]) => file.endsWith('.js'));
const bytes = files.reduce((sum, [, output]) => sum + output.bytes, 0);
const took = Math.round(performance.now() - began);
console.log(
  `built ${path.relative(root, path.join(folder, 'main.js'))}: ${files.length} files, ${Math.round(bytes / 1024)} KiB, ${took} ms`,
);
