// The same tests on another Node: `node test/support/node-leg.mjs VERSION [WHAT VITEST TAKES…]`. That Node comes from the
// npm registry, the checkout's files are copied into a temporary folder, and modules are installed there with their
// compiled parts made for it; Node and modules are kept for the next time. Knows no test.

import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'keepwatch');
/** Each has some 300 MB; more than one, for whoever goes back and forth between two branches. */
const modulesKept = 2;

class Trouble extends Error {}

const tell = (text) => console.error(`node-leg: ${text}`);

async function timed(what, work) {
  const beganMs = performance.now();
  const result = await work();
  tell(`${what}: ${((performance.now() - beganMs) / 1000).toFixed(1)} s`);
  return result;
}

/** What `npm run` says to its own scripts must not lead another npm to this checkout. */
function environment(nodeFolder) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^(NODE|INIT_CWD)$|^npm_(package|lifecycle|node|command|execpath)|^npm_config_(local_prefix|nodedir)/.test(
          name,
        ),
    ),
  );
  return nodeFolder === undefined ? env : { ...env, PATH: `${path.join(nodeFolder, 'bin')}:${env.PATH}` };
}

let running;
let stopped = false;

/** Resolves with the exit code; its words go to the terminal, or to `quiet` as they come. */
function run(command, argv, { cwd, env, quiet }) {
  if (stopped) throw new Trouble('stopped');
  const child = spawn(command, argv, {
    cwd,
    env,
    // a group of its own, so that whatever it has started ends with it
    detached: true,
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
  });
  running = child;
  for (const stream of quiet ? [child.stdout, child.stderr] : [])
    stream.setEncoding('utf8').on('data', (text) => quiet.push(text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      running = undefined;
      resolve(code ?? 1);
    });
  });
}

const lastLines = (words) => words.join('').trim().split('\n').slice(-25).join('\n');
const processor = process.arch;

/** The folder of that Node, with `bin` and `include`. */
async function fetchNode(version) {
  const folder = path.join(cache, `node-${version}-${processor}`);
  if (existsSync(folder)) return folder;
  const name = `node-linux-${processor}@${version}`;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(path.join(cache, 'fetch-'));
  try {
    const ask = (...argv) =>
      JSON.parse(
        execFileSync('npm', [...argv, '--json', '--loglevel=error'], {
          cwd: work,
          env: environment(),
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
          maxBuffer: 64 * 1024 * 1024,
        }),
      );
    let promised;
    let file;
    try {
      promised = ask('view', name, 'dist.integrity');
      file = path.join(work, ask('pack', name)[0].filename);
    } catch (error) {
      // npm says it in JSON, in what it gives as in what it refuses
      const why = /"summary": "(.+)"/.exec(String(error.stdout))?.[1] ?? error.message;
      throw new Trouble(
        `${name} is not in ${cache} yet, and the npm registry does not give it (${why}): run this where the registry can be reached`,
      );
    }
    const found = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
    if (found !== promised)
      throw new Trouble(`${name} is not what the registry says: ${found} instead of ${promised}`);
    const unpacked = path.join(work, 'node');
    mkdirSync(unpacked);
    execFileSync('tar', ['-xzf', file, '-C', unpacked, '--strip-components=1']);
    const says = execFileSync(path.join(unpacked, 'bin/node'), ['--version'], { encoding: 'utf8' }).trim();
    if (says !== `v${version}`) throw new Trouble(`${name} says that it is ${says}`);
    renameSync(unpacked, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/** What git knows of, and what is new and not ignored, as it stands now. */
function copyCheckout(copy) {
  let names;
  try {
    names = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    throw new Trouble(
      `git does not tell which files the checkout has: ${String(error.stderr ?? error.message).trim()}`,
    );
  }
  for (const name of names.split('\0').filter(Boolean)) {
    const from = path.join(root, name);
    // one that was deleted and not yet committed
    if (lstatSync(from, { throwIfNoEntry: false }) === undefined) continue;
    cpSync(from, path.join(copy, name), { preserveTimestamps: true, verbatimSymlinks: true });
  }
}

/** `node_modules` for the copy, from those kept, or installed and kept. */
async function giveModules(copy, nodeFolder, version) {
  const hash = createHash('sha256');
  for (const name of ['package.json', 'package-lock.json']) {
    const { scripts, ...rest } = JSON.parse(readFileSync(path.join(copy, name), 'utf8'));
    hash.update(JSON.stringify(rest));
  }
  // what `npm ci` does beside
  for (const name of ['object-wrap.mjs', 'object-wrap.h'])
    hash.update(readFileSync(path.join(copy, 'systemd/package', name)));
  const modules = path.join(cache, `modules-${hash.digest('hex').slice(0, 16)}-node-${version}-${processor}`);
  const to = path.join(copy, 'node_modules');
  const place = (from, where) => execFileSync('cp', ['-a', '--reflink=auto', from, where]);
  if (existsSync(modules)) {
    await timed('modules from before copied', () => place(modules, to));
    const now = new Date();
    utimesSync(modules, now, now);
    return;
  }
  tell('installing modules and compiling those that have to be; a few minutes, once for this lock file');
  await timed('npm ci', async () => {
    const words = [];
    const argv = ['ci', `--nodedir=${nodeFolder}`, '--no-audit', '--no-fund'];
    const env = environment(nodeFolder);
    if ((await run('npm', argv, { cwd: copy, env, quiet: words })) !== 0)
      throw new Trouble(`npm ci failed for Node ${version}:\n${lastLines(words)}`);
  });
  const fresh = mkdtempSync(path.join(cache, 'fresh-'));
  place(to, path.join(fresh, 'node_modules'));
  try {
    renameSync(path.join(fresh, 'node_modules'), modules);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error; // another run was faster
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  dropOldModules();
}

function dropOldModules() {
  readdirSync(cache)
    .filter((name) => name.startsWith('modules-'))
    .map((name) => ({ at: path.join(cache, name), usedMs: statSync(path.join(cache, name)).mtimeMs }))
    .sort((one, other) => other.usedMs - one.usedMs)
    .slice(modulesKept)
    .forEach(({ at }) => {
      rmSync(at, { recursive: true, force: true });
    });
}

async function leg(version, wanted) {
  const nodeFolder = await timed(`Node ${version}`, () => fetchNode(version));
  const copy = mkdtempSync(path.join(tmpdir(), `keepwatch-node-${version.split('.')[0]}-`));
  // a person's umask may shut others out; some tests run programs as another user
  execFileSync('chmod', ['755', copy]);
  try {
    copyCheckout(copy);
    await giveModules(copy, nodeFolder, version);
    const env = environment(nodeFolder);
    const words = [];
    const built = await timed('build', () =>
      run('node', ['test/support/build.mjs'], { cwd: copy, env, quiet: words }),
    );
    if (built !== 0) throw new Trouble(`the program was not built:\n${lastLines(words)}`);
    return await timed('tests', () =>
      run('node', ['node_modules/vitest/vitest.mjs', 'run', ...wanted], { cwd: copy, env }),
    );
  } finally {
    rmSync(copy, { recursive: true, force: true, maxRetries: 3 });
  }
}

// the copy is dropped after whatever runs in it has ended
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    stopped = true;
    try {
      if (running !== undefined) process.kill(-running.pid, signal);
    } catch {
      // it has just ended
    }
  });

const [version = '', ...wanted] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+$/.test(version)) {
  console.error(
    'usage: node test/support/node-leg.mjs VERSION [WHAT VITEST TAKES…], such as 24.21.0 test/store',
  );
  process.exit(2);
}
try {
  process.exitCode = await leg(version, wanted);
} catch (error) {
  if (!(error instanceof Trouble)) throw error;
  tell(error.message);
  process.exitCode = 1;
}
