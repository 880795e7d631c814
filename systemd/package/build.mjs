// `npm run package [-- --arch amd64|arm64] [--out FOLDER] …`: the Debian package of the program, from the checkout and
// without the network. The same sources give the same bytes: every date is SOURCE_DATE_EPOCH, or the last commit's.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bytesIn, mustHave } from './modules.mjs';
import { signFile } from './release.mjs';
import { control, debianVersion, stageTree } from './tree.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const usage = `usage: npm run package [-- OPTION…]
  --arch amd64|arm64   processor; default: this machine's
  --out FOLDER         where the package goes; default: node_modules/.cache/package
  --version VERSION    instead of package.json's
  --dist FOLDER        a build of the program; default: one is made
  --fast               packed quicker and larger, for trying out
  --sign KEY.pem       also writes FILE.deb.sig, for \`keepwatch update\``;

const processors = {
  amd64: { processor: 'x64', triple: 'x86_64-linux-gnu' },
  arm64: { processor: 'arm64', triple: 'aarch64-linux-gnu' },
};

function secondsOfTheSources() {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined) {
    if (!/^\d{1,11}$/.test(given)) throw new Error('SOURCE_DATE_EPOCH is not a number of seconds');
    return Number(given);
  }
  try {
    return Number(
      execFileSync('git', ['log', '-1', '--format=%ct'], {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
  } catch {
    return Math.floor(statSync(path.join(root, 'CHANGELOG.md')).mtimeMs / 1000);
  }
}

const isProgram = (file) =>
  /\/(usr\/bin|DEBIAN)\/[a-z-]+$|\/usr\/lib\/keepwatch\/(dist\/main\.js|systemd\/finish-update)$/.test(
    file,
  ) && !/\/(control|md5sums)$/.test(file);

/** One date and plain modes for everything below, whatever the umask of whoever builds. */
function settle(folder, seconds) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) settle(at, seconds);
    else if (entry.isFile()) chmodSync(at, isProgram(at) ? 0o755 : 0o644);
    lutimesSync(at, seconds, seconds);
  }
  chmodSync(folder, 0o755);
  lutimesSync(folder, seconds, seconds);
}

async function make(options) {
  const { arch } = options;
  const target = processors[arch];
  if (target === undefined)
    throw new UsageFault(`--arch ${arch}: there is ${Object.keys(processors).join(' and ')}`);
  mustHave('dpkg-deb', 'dpkg');
  mustHave('strip', 'binutils');
  const version =
    options.version ?? JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version;
  const seconds = secondsOfTheSources();
  const out = path.resolve(options.out);
  mkdirSync(out, { recursive: true });
  // below node_modules, where what is built for the moment finds its packages
  const cache = path.join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(path.join(cache, 'keepwatch-tree-'));
  try {
    let { dist } = options;
    if (dist === undefined) {
      dist = path.join(work, 'dist');
      execFileSync(process.execPath, [path.join(root, 'test/support/build.mjs'), dist], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    }
    const tree = path.join(work, 'tree');
    const { libraries } = await stageTree({
      root,
      tree,
      work,
      dist: path.resolve(dist),
      version,
      seconds,
      target,
      tell: (text) => console.error(text),
    });
    const installed = bytesIn(tree);
    control({ root, tree, arch, version, libraries, installed });
    settle(tree, seconds);
    const file = path.join(out, `keepwatch_${debianVersion(version)}_${arch}.deb`);
    execFileSync(
      'dpkg-deb',
      [
        '--root-owner-group',
        ...(options.fast ? ['-Zgzip', '-z1'] : ['-Zxz']),
        '--build',
        tree,
        `${file}.tmp`,
      ],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, SOURCE_DATE_EPOCH: String(seconds), LC_ALL: 'C.UTF-8' },
      },
    );
    renameSync(`${file}.tmp`, file);
    if (options.sign !== undefined) signFile(file, options.sign);
    const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
    console.error(
      `${path.basename(file)}: ${megabytes(statSync(file).size)} MB, ${megabytes(installed)} MB installed, for Node ${process.versions.node.split('.')[0]}`,
    );
    console.log(path.relative(process.cwd(), file) || file);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

class UsageFault extends Error {}

try {
  const { values } = parseArgs({
    options: {
      arch: { type: 'string', default: { x64: 'amd64', arm64: 'arm64' }[os.arch()] ?? os.arch() },
      out: { type: 'string', default: path.join(root, 'node_modules', '.cache', 'package') },
      version: { type: 'string' },
      dist: { type: 'string' },
      fast: { type: 'boolean' },
      sign: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) console.log(usage);
  else {
    if (values.dist !== undefined && !existsSync(path.join(values.dist, 'main.js')))
      throw new UsageFault(`--dist ${values.dist}: there is no main.js in it`);
    await make(values);
  }
} catch (error) {
  const wrongUsage = error instanceof UsageFault || error.code?.startsWith('ERR_PARSE_ARGS');
  console.error(`package: ${error.message}${wrongUsage ? `\n${usage}` : ''}`);
  process.exit(wrongUsage ? 2 : 1);
}
