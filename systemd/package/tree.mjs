// The tree of files that the Debian package unpacks, and what stands in its control file. Knows where Debian wants
// things; what they hold comes from the checkout.

import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { bashCompletion } from './completion.mjs';
import { copyrightOf } from './copyright.mjs';
import { commandManual, fileManual } from './manual.mjs';
import { copyCompiled, copyModules, filesBelow, librariesFor } from './modules.mjs';

const maintainer = `${process.env.DEBFULLNAME ?? 'The Keepwatch authors'} <${process.env.DEBEMAIL ?? 'keepwatch@users.noreply.github.com'}>`;

/** A version before another (1.0.0-rc.1) is before it for Debian as well. */
export const debianVersion = (version) => version.replace('-', '~');

export async function stageTree(given) {
  const { root, tree, dist, version, seconds, target, tell } = given;
  const at = (...names) => path.join(tree, ...names);
  const put = (from, to) => cpSync(path.join(root, from), at(to), { recursive: true });
  const write = (to, body, mode = 0o644) => {
    mkdirSync(path.dirname(at(to)), { recursive: true });
    writeFileSync(at(to), body, { mode });
  };
  const packed = (to, text) => write(`${to}.gz`, gzipSync(text, { level: 9 }));
  mkdirSync(tree, { recursive: true });

  const program = 'usr/lib/keepwatch';
  // what the maps would tell is in the sources
  cpSync(dist, at(program, 'dist'), { recursive: true, filter: (file) => !/\.(map|LEGAL\.txt)$/.test(file) });
  put('config', `${program}/config`);
  write(`${program}/package.json`, packageFile(root, version));
  copyModules(root, at(program));
  const compiled = copyCompiled(root, at(program), { ...target, tell });
  for (const file of filesBelow(at(program))) dropMapLine(file);
  write('usr/bin/keepwatch', readFileSync(path.join(root, 'systemd/package/debian/wrapper')), 0o755);

  for (const unit of ['keepwatch.service', 'keepwatch-update.service'])
    put(`systemd/${unit}`, `usr/lib/systemd/system/${unit}`);
  put('systemd/finish-update', `${program}/systemd/finish-update`);
  put('systemd/keepwatch.sysusers.conf', 'usr/lib/sysusers.d/keepwatch.conf');
  put('systemd/keepwatch.tmpfiles.conf', 'usr/lib/tmpfiles.d/keepwatch.conf');
  for (const rules of ['60-keepwatch-gpio.rules', '60-keepwatch-serial.rules'])
    put(`systemd/${rules}`, `usr/lib/udev/rules.d/${rules}`);
  mkdirSync(at('etc/keepwatch/release-keys'), { recursive: true });

  const described = await describe(given);
  const about = { version, seconds };
  packed('usr/share/man/man1/keepwatch.1', commandManual(described.program, about));
  packed('usr/share/man/man5/keepwatch.yaml.5', fileManual(described.schema, about));
  write('usr/share/bash-completion/completions/keepwatch', bashCompletion(described.program));

  const papers = 'usr/share/doc/keepwatch';
  for (const name of readdirSync(path.join(root, 'docs'))) put(`docs/${name}`, `${papers}/${name}`);
  put('README.md', `${papers}/README.md`);
  packed(`${papers}/NEWS.md`, readFileSync(path.join(root, 'CHANGELOG.md')));
  packed(`${papers}/changelog`, changelog(version, seconds));
  write(`${papers}/copyright`, copyrightOf(root));
  put('config/examples', `${papers}/examples`);
  put('systemd/examples', `${papers}/examples`);
  put('config/mosquitto', `${papers}/examples/mosquitto`);
  put('systemd/package/debian/lintian-overrides', 'usr/share/lintian/overrides/keepwatch');
  return { libraries: librariesFor(compiled) };
}

/** The program's own package.json, without what is for building it. */
function packageFile(root, version) {
  const { name, description, license, type, engines, bin } = JSON.parse(
    readFileSync(path.join(root, 'package.json'), 'utf8'),
  );
  return `${JSON.stringify({ name, version, description, license, type, engines, bin }, null, 2)}\n`;
}

/** A line that names a map which is not here would have a debugger look for it. */
function dropMapLine(file) {
  if (!/\.(js|cjs|css)$/.test(file)) return;
  const text = readFileSync(file, 'utf8');
  const without = text.replace(/\n(\/\/|\/\*)# sourceMappingURL=\S+(\s*\*\/)?\s*$/, '\n');
  if (without !== text) writeFileSync(file, without);
}

/** The verbs and the schema, from the sources themselves. */
async function describe({ root, work }) {
  const file = path.join(work, 'describe.mjs');
  await build({
    absWorkingDir: root,
    stdin: {
      contents:
        "export { everyVerb } from './src/commands/index.ts'; export { drivers } from './src/app.ts'; export { siteJsonSchema } from './src/config/load.ts';",
      resolveDir: root,
      loader: 'ts',
    },
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  });
  const { everyVerb, drivers, siteJsonSchema } = await import(pathToFileURL(file));
  return { program: await everyVerb(), schema: siteJsonSchema(drivers) };
}

function changelog(version, seconds) {
  const date = new Date(seconds * 1000).toUTCString().replace('GMT', '+0000');
  return [
    `keepwatch (${debianVersion(version)}) stable; urgency=medium`,
    '',
    '  * What users notice is in NEWS.md.gz beside this file.',
    '',
    ` -- ${maintainer}  ${date}`,
    '',
  ].join('\n');
}

/** Writes DEBIAN/ of the tree. `libraries` are the dependencies of the compiled parts. */
export function control({ root, tree, arch, version, libraries, installed }) {
  const folder = path.join(tree, 'DEBIAN');
  mkdirSync(folder);
  for (const script of ['postinst', 'prerm', 'postrm'])
    writeFileSync(
      path.join(folder, script),
      readFileSync(path.join(root, 'systemd/package/debian', script)),
      { mode: 0o755 },
    );
  const major = Number(process.versions.node.split('.')[0]);
  const { description } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const fields = {
    Package: 'keepwatch',
    Version: debianVersion(version),
    Architecture: arch,
    Maintainer: maintainer,
    'Installed-Size': Math.ceil(installed / 1024),
    // compiled parts are for one version of Node alone
    Depends: [
      `nodejs (>= ${major === 20 ? '20.19' : major})`,
      `nodejs (<< ${major + 1}~)`,
      ...libraries,
      'systemd (>= 247)',
      'udev',
      'init-system-helpers (>= 1.54~)',
    ].join(', '),
    Recommends: 'gpiod',
    Suggests: 'mosquitto, mosquitto-clients, bash-completion, systemd-timesyncd',
    Section: 'net',
    Priority: 'optional',
    Description: `premises safety gateway: detectors in, alarms out\n${wrapped(description)}`,
  };
  const text = Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`);
  writeFileSync(path.join(folder, 'control'), text.join(''));
  const sums = filesBelow(tree)
    .filter((file) => !file.startsWith(folder))
    .sort()
    .map(
      (file) =>
        `${createHash('md5').update(readFileSync(file)).digest('hex')}  ${path.relative(tree, file)}\n`,
    );
  writeFileSync(path.join(folder, 'md5sums'), sums.join(''));
}

/** The long description: lines of at most 78 characters, each behind a space. */
function wrapped(text) {
  const lines = [''];
  for (const word of `${text}. It listens to certified fire and gas equipment and does not replace it.`.split(
    ' ',
  )) {
    if (`${lines.at(-1)} ${word}`.length > 77) lines.push('');
    lines[lines.length - 1] = `${lines.at(-1)} ${word}`;
  }
  return lines.join('\n');
}
