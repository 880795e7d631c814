// What dpkg knows and does for an update: what a package file is, what is installed, putting one in the place of the
// other, and making a package of what is installed, to go back to. Judges nothing about the daemon.

import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { lastWords, must, run } from './run.ts';
import { type Installed, Refused } from './types.ts';

const name = 'keepwatch';
const dpkgInfo = '/var/lib/dpkg/info';

/** What dpkg says is installed. */
export async function installed(): Promise<Installed> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills them in
  const { stdout } = await run(['dpkg-query', '-W', '-f', '${db:Status-Abbrev}|${Version}', name]);
  const [status = '', version = ''] = stdout.trim().split('|');
  // the first letter is what is wanted, the third is set where it must be installed again
  return { whole: /^.i ?$/.test(status), ...(version !== '' && { version }) };
}

/** The version that is installed. Throws Refused where none is, or where dpkg was interrupted. */
export function versionOf({ whole, version }: Installed): string {
  if (version === undefined)
    throw new Refused('keepwatch is not installed as a package', 'install the first one with apt');
  if (!whole)
    throw new Refused('the package is not installed in full', 'run `dpkg --configure -a`, then try again');
  return version;
}

/** Throws Refused for what is not a newer keepwatch for this machine, or what can't be installed as it is. */
export async function examine(file: string, installed: string, olderToo: boolean): Promise<string> {
  const field = async (which: string): Promise<string> => {
    const { code, stdout } = await run(['dpkg-deb', '--field', file, which]);
    if (code !== 0) throw new Refused('this is not a Debian package, or it is damaged', 'get it again');
    return stdout.trim();
  };
  if ((await field('Package')) !== name)
    throw new Refused('this is a package of something else', 'give a package of keepwatch');
  const own = await must(['dpkg', '--print-architecture']);
  const arch = await field('Architecture');
  if (arch !== own)
    throw new Refused(
      `the package is for ${arch}, this machine is ${own}`,
      `get the one that ends in _${own}.deb`,
    );
  const version = await field('Version');
  const newer = (await run(['dpkg', '--compare-versions', version, 'gt', installed])).code === 0;
  if (!newer && !olderToo)
    throw new Refused(
      `${version} is not newer than ${installed}, which is installed`,
      'add --older where that is what you want',
    );
  const trial = await run(['dpkg', '--no-act', '--install', file]);
  if (trial.code !== 0)
    throw new Refused(
      `dpkg would not install it: ${lastWords(trial.stderr)}`,
      `\`apt-get install ${file}\` gets what is missing, but can't be taken back by itself`,
    );
  return version;
}

/** Errors are dpkg's own last words. */
export const install = (file: string): Promise<string> =>
  // what a person has changed of the package's own settings stays
  must(['dpkg', '--force-confold', '--force-downgrade', '--install', file]);

/** A package of the files that are installed, under its usual name in `folder`. */
export async function repack(folder: string, version: string): Promise<string> {
  const arch = await must(['dpkg', '--print-architecture']);
  const file = path.join(folder, `${name}_${version}_${arch}.deb`);
  const tree = path.join(folder, 'repack');
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(path.join(tree, 'DEBIAN'), { recursive: true, mode: 0o755 });
  try {
    const list = (await must(['dpkg-query', '--listfiles', name]))
      .split('\n')
      .filter((each) => each.startsWith('/') && each !== '/.');
    // a path that dpkg was told to leave out, such as manuals, is not there
    const there = list.filter((each) => existsSync(each)).map((each) => `.${each}`);
    const names = path.join(folder, 'repack.list');
    writeFileSync(names, `${there.join('\0')}\0`);
    await must([
      'sh',
      '-c',
      'tar -C / --no-recursion --null -cf - -T "$1" | tar -C "$2" -xpf -',
      'repack',
      names,
      tree,
    ]);
    rmSync(names);
    // owned by a system user here: whoever installs it again gives them away again
    await must(['chown', '-R', 'root:root', tree]);
    for (const each of readdirSync(dpkgInfo)) {
      const [of, part] = [path.parse(each).name, path.parse(each).ext.slice(1)];
      if (of !== name || part === 'list') continue;
      copyFileSync(path.join(dpkgInfo, each), path.join(tree, 'DEBIAN', part));
      if (/^(pre|post)(inst|rm)$/.test(part)) chmodSync(path.join(tree, 'DEBIAN', part), 0o755);
    }
    const control = await must(['dpkg-query', '--status', name]);
    // these two are of this installation, not of the package
    const fields = control.replaceAll(/^(Status|Conffiles):.*\n( .*\n)*/gm, '');
    writeFileSync(path.join(tree, 'DEBIAN', 'control'), `${fields.trim()}\n`);
    await must(['dpkg-deb', '-Zgzip', '-z1', '--build', tree, `${file}.part`]);
    renameSync(`${file}.part`, file);
    return file;
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}
