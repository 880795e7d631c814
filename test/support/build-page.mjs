// Builds the page of the console into a folder of plain files, and says how heavy it is on the wire. A page that has
// become too heavy for a gateway's line and an old tablet fails the build.

import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

/** All scripts and styles together, compressed: the limit that was set for the page. */
export const mostBytes = 150_000;

/** Sizes in bytes, compressed: of what the first view needs, and of everything. */
export async function buildPage(root, folder) {
  await build({
    configFile: path.join(root, 'src/console/page/vite.config.ts'),
    build: { outDir: folder },
  });
  const manifestFile = path.join(folder, '.vite', 'manifest.json');
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8'));
  await rm(path.dirname(manifestFile), { recursive: true });
  const first = new Set();
  const add = (key) => {
    const { file, css = [], imports = [] } = manifest[key];
    if (first.has(file)) return;
    first.add(file);
    for (const one of css) first.add(one);
    for (const one of imports) add(one);
  };
  add('index.html');
  let firstBytes = 0;
  let allBytes = 0;
  for (const file of await filesIn(folder)) {
    if (!/\.(js|css|html)$/.test(file)) continue;
    const { length } = gzipSync(await readFile(path.join(folder, file)), { level: 9 });
    allBytes += length;
    if (first.has(file) || file === 'index.html') firstBytes += length;
  }
  const inKb = (bytes) => (bytes / 1000).toFixed(1);
  console.log(
    `built the console's page: ${inKb(firstBytes)} kB compressed for the first view, ${inKb(allBytes)} kB in all (limit ${inKb(mostBytes)})`,
  );
  if (allBytes > mostBytes)
    throw new Error(
      `${inKb(allBytes)} kB compressed, more than ${inKb(mostBytes)}: leave something out or load it later`,
    );
  return { firstBytes, allBytes };
}

async function filesIn(folder, within = '') {
  const files = [];
  for (const entry of await readdir(path.join(folder, within), { withFileTypes: true })) {
    const name = path.posix.join(within, entry.name);
    if (entry.isDirectory()) files.push(...(await filesIn(folder, name)));
    else files.push(name);
  }
  return files;
}
