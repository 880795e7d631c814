// The packages that the program finds beside itself at run time, those with compiled parts above all: which they are,
// what of each is needed, and their compiled parts for the target. Knows nothing of the Debian package around them.

import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { flags } from './object-wrap.mjs';

/** What the build leaves outside (see test/support/build.mjs), and what reports on paper load with `require`. */
const roots = [
  'better-sqlite3',
  'serialport',
  'onoff',
  'pdfkit',
  'fontkit',
  'wawoff2',
  '@fontsource-variable/noto-sans-sc',
];
/** Needed to install or to compile them, never to run them. */
const notAtRunTime = new Set(['prebuild-install', 'nan', 'node-addon-api']);

/** Those that are compiled for each version of Node; `serialport` brings its own for every processor. */
const compiled = { 'better-sqlite3': 'better_sqlite3.node', epoll: 'epoll.node' };

const notNeeded = [
  /(^|\/)(tests?|docs?|examples?|integration-test|benchmarks?|deps|tools|types|scripts|bin|build|prebuilds|node_modules|\.[^/]*)\//i,
  /(^|\/)\.[^/]*$/,
  /\.(map|md|markdown|[cm]?ts|gypi?|cc|cpp|c|h|hpp|css|scss|ya?ml|html|txt|rst)$/i,
  /(^|\/)(licen[cs]e|copying|changelog|history|authors|notice|makefile|gruntfile)[^/]*$/i,
  /(^|\/)(vitest|rollup|jest|jsconfig|tsconfig|karma)[^/]*$/i,
];
/** More of single packages: what is for browsers, and the same again in another form. */
const notNeededOf = {
  pdfkit: [/browser|standalone|\.old\.|\.mjs$/],
  fontkit: [/^src\/|browser|\.mjs$/],
  '@swc/helpers': [/^(?!package\.json$|cjs\/)/],
  fflate: [/^(esm|umd)\/|browser/],
  pako: [/^dist\//],
  '@noble/ciphers': [/^esm\//],
  '@noble/hashes': [/^esm\//],
  'better-sqlite3': [/^src\//],
  epoll: [/^src\//],
  'node-gyp-build': [/^(bin|build-test|optional)\.js$/],
  '@serialport/bindings-cpp': [/^src\//],
  // one weight axis, upright: see src/reports/fonts.ts
  '@fontsource-variable/noto-sans-sc': [
    /^(?!package\.json$|unicode\.json$|files\/noto-sans-sc-\S+-wght-normal\.woff2$)/,
  ],
};
/** Where what is needed lies in a folder that the rules above leave out. */
const neededAfterAll = { wawoff2: [/^build\/.*\.js$/] };

export const packageOf = (folder) => JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));

/** Where `name` is found by whoever lies in `from`, as Node looks for it. */
function find(name, from, root) {
  for (let folder = from; folder.startsWith(root); folder = path.dirname(folder)) {
    const at = path.join(folder, 'node_modules', name);
    if (existsSync(path.join(at, 'package.json'))) return at;
  }
  return undefined;
}

/** Folders of all packages that are needed, from the checkout's `node_modules`. */
export function modulesFor(root) {
  const found = new Set();
  const look = (name, from, optional) => {
    const folder = find(name, from, root);
    if (folder === undefined) {
      if (optional) return;
      throw new Error(`${name} is not installed: run \`npm ci\` first`);
    }
    if (found.has(folder)) return;
    found.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = packageOf(folder);
    for (const each of Object.keys({ ...dependencies, ...optionalDependencies }))
      if (!notAtRunTime.has(each)) look(each, folder, each in optionalDependencies);
  };
  for (const name of roots) look(name, root, false);
  return [...found].sort();
}

function filesIn(folder, within = '') {
  return readdirSync(path.join(folder, within), { withFileTypes: true }).flatMap((entry) => {
    const name = path.posix.join(within, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesIn(folder, name);
    return entry.isFile() ? [name] : [];
  });
}

/** Puts what is needed of them below `target`, as they lie below the checkout. */
export function copyModules(root, target) {
  for (const folder of modulesFor(root)) {
    const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const out = [...notNeeded, ...(notNeededOf[name] ?? [])];
    const kept = neededAfterAll[name] ?? [];
    for (const file of filesIn(folder)) {
      if (out.some((form) => form.test(file)) && !kept.some((form) => form.test(file))) continue;
      cpSync(path.join(folder, file), path.join(target, path.relative(root, folder), file), {
        dereference: true,
      });
    }
  }
}

/** `processor` as Node names it (x64, arm64), `strip` and the compilers as Debian names them. */
export function copyCompiled(root, target, { processor, triple, tell }) {
  const own = processor === process.arch;
  const tool = (name) => (own ? name : `${triple}-${name}`);
  const stripped = (file) => {
    execFileSync(tool('strip'), ['--strip-unneeded', file]);
    return file;
  };
  const placed = [];
  for (const [name, file] of Object.entries(compiled)) {
    const folder = path.join(root, 'node_modules', name);
    const made = own
      ? path.join(folder, 'build', 'Release', file)
      : crossCompile(root, folder, file, { processor, triple, tell });
    if (!existsSync(made))
      throw new Error(`${name} is not compiled: run \`npm ci\` or \`npm rebuild ${name}\` first`);
    const to = path.join(target, 'node_modules', name, 'build', 'Release', file);
    mkdirSync(path.dirname(to), { recursive: true });
    cpSync(made, to);
    placed.push(stripped(to));
  }
  const brought = `prebuilds/linux-${processor}`;
  const bindings = path.join('node_modules', '@serialport', 'bindings-cpp', brought);
  for (const file of readdirSync(path.join(root, bindings)).filter((each) => !each.includes('musl'))) {
    const to = path.join(target, bindings, file);
    mkdirSync(path.dirname(to), { recursive: true });
    cpSync(path.join(root, bindings, file), to);
    placed.push(stripped(to));
  }
  return placed;
}

function crossCompile(root, folder, file, { processor, triple, tell }) {
  const { name, version } = packageOf(folder);
  const cache = path.join(root, 'node_modules', '.cache', 'keepwatch-package');
  const key = `${name}-${version}-${processor}-abi${process.versions.modules}`;
  const made = path.join(cache, key, file);
  if (existsSync(made)) return made;
  mustHave(`${triple}-g++`, `g++-${triple.replace('_', '-')}`);
  for (const each of ['make', 'python3']) mustHave(each, each);
  tell(`compiling ${name} ${version} for ${processor}`);
  const work = path.join(cache, `${key}.tmp`);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  cpSync(folder, work, {
    recursive: true,
    dereference: true,
    filter: (from) => !from.startsWith(path.join(folder, 'build')),
  });
  const npm = execFileSync('npm', ['root', '--global', '--loglevel=error'], { encoding: 'utf8' }).trim();
  const gyp = path.join(npm, 'npm', 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  const include = path.resolve(process.execPath, '../..');
  const headers = existsSync(path.join(include, 'include', 'node')) ? [`--nodedir=${include}`] : [];
  const env = {
    ...process.env,
    CC: `${triple}-gcc`,
    CXX: `${triple}-g++`,
    AR: `${triple}-ar`,
    LINK: `${triple}-g++`,
    CXXFLAGS: `${process.env.CXXFLAGS ?? ''} ${flags}`.trim(),
  };
  try {
    execFileSync(
      process.execPath,
      [gyp, 'rebuild', '--release', `--arch=${processor}`, `--directory=${work}`, ...headers],
      {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
        maxBuffer: 64 * 1024 * 1024,
      },
    );
  } catch (error) {
    throw new Error(
      `${name} can't be compiled for ${processor}:\n${String(error.stderr).split('\n').slice(-25).join('\n')}`,
    );
  }
  mkdirSync(path.dirname(made), { recursive: true });
  renameSync(path.join(work, 'build', 'Release', file), made);
  rmSync(work, { recursive: true, force: true });
  return made;
}

export function mustHave(command, debianPackage) {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' });
  } catch {
    throw new Error(`${command} is missing; on Debian: apt-get install ${debianPackage}`);
  }
}

/** Oldest C and C++ libraries that they run with, as Debian's dependencies. */
export function librariesFor(files) {
  const newest = (form) => {
    let best = [0, 0];
    for (const file of files)
      for (const [, major, minor, patch = '0'] of readFileSync(file, 'latin1').matchAll(form)) {
        const found = [Number(major) * 1000 + Number(minor), Number(patch)];
        if (found[0] > best[0] || (found[0] === best[0] && found[1] > best[1])) best = found;
      }
    return best;
  };
  const [libc] = newest(/\bGLIBC_(\d+)\.(\d+)(?:\.\d+)?\0/g);
  const [, cxx] = newest(/\bGLIBCXX_(\d+)\.(\d+)\.(\d+)\0/g);
  const gcc = { 30: '12', 31: '13', 32: '13.1', 33: '14' }[cxx] ?? (cxx > 33 ? '14' : '11');
  return [
    `libc6 (>= ${Math.floor(libc / 1000)}.${libc % 1000})`,
    `libgcc-s1 (>= 3.0)`,
    `libstdc++6 (>= ${gcc})`,
  ];
}

/** Bytes of everything below. */
export function bytesIn(folder) {
  return filesBelow(folder).reduce((sum, file) => sum + statSync(file).size, 0);
}

export function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const at = path.join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(at) : entry.isFile() ? [at] : [];
  });
}
