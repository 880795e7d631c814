// What the source may not hold: nothing turns text into code, and programs are started in a few named places alone. The
// scan is put to the test on made-up lines, so that it can't be blind.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkout } from '../support/daemon.ts';

function sources(folder: string): string[] {
  return readdirSync(path.join(checkout, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.relative(checkout, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** The source without its comments, which may speak of anything. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/[^\n]*/g, '$1');
}

/** What may not be, and the files that need it with the reason why it is no danger there. */
const forbidden: Readonly<Record<string, { pattern: RegExp; but: Readonly<Record<string, string>> }>> = {
  'eval and its kin': {
    pattern:
      /(?<![.\w])eval\s*\(|\bnew\s+Function\b|(?<![.\w])Function\s*\(|\bset(?:Timeout|Interval)\(\s*['"`]/,
    but: {},
  },
  'the module vm': {
    pattern: /['"](?:node:)?vm['"]/,
    but: {
      'drivers/serial/lines/pattern.ts': 'a time limit for regular expressions; its script is a constant',
    },
  },
  'a worker from a text': {
    pattern: /\beval:\s*true/,
    but: { 'src/devices/pacer.ts': 'its text is a constant' },
  },
  'modules by a computed name': {
    pattern: /\bimport\(\s*[^'"\s)]/,
    but: {},
  },
  'modules by require': {
    pattern: /\bcreateRequire\b/,
    but: {
      'src/doctor/program.ts': 'where a package lies, by a constant name',
      'src/reports/fonts.ts': 'packages of CommonJS, by constant names',
      'src/reports/pdf.ts': 'packages of CommonJS, by constant names',
    },
  },
  'other programs': {
    pattern: /['"](?:node:)?child_process['"]/,
    but: {
      'drivers/gpio/children.ts': 'the tools of libgpiod, arguments in a list',
      'src/commands/doctor.ts': 'this program itself, to verify its state',
      'src/console/work.ts': 'this program itself, with verbs that the routes name',
      'src/devices/rs485.ts': 'python3 with a constant script, for one ioctl',
      'src/doctor/machine.ts': 'programs that tell of the machine, arguments in a list, with a time limit',
      'src/lib/clock-sync.ts': 'asks the time server, constant arguments',
      'src/lib/notify-systemd.ts': 'systemd-notify, constant arguments',
      'src/notify/verified-socket.ts': 'openssl verify, on files that it has written',
      'src/update/run.ts': 'dpkg, systemctl and this program, for an update that root asked for',
    },
  },
  'a shell': {
    pattern: /\bshell:\s*(?!false)|(?<![.\w])exec(?:Sync)?\s*\(/,
    but: {},
  },
  'certificates that are not looked at': {
    pattern: /rejectUnauthorized:\s*false|NODE_TLS_REJECT_UNAUTHORIZED/,
    but: {
      'src/doctor/broker.ts': 'looks at them and tells; no word is ever sent over that connection',
      'src/notify/verified-socket.ts': 'looks at them itself, before a byte is sent',
    },
  },
};

const files = [...sources('src'), ...sources('drivers')];
const texts = new Map(files.map((file) => [file, code(readFileSync(path.join(checkout, file), 'utf8'))]));

test('there is something to scan', () => {
  expect(files.length).toBeGreaterThan(250);
});

describe.each(Object.entries(forbidden))('%s', (_name, { pattern, but }) => {
  test('only where it is named', () => {
    expect(files.filter((file) => pattern.test(texts.get(file)!))).toEqual(
      files.filter((file) => Object.hasOwn(but, file)),
    );
    // what needs it no longer is taken from the list
    expect(Object.keys(but).filter((file) => !files.includes(file))).toEqual([]);
  });
});

test.each([
  ['eval and its kin', 'const x = eval(text);'],
  ['eval and its kin', 'return new Function("a", body);'],
  ['eval and its kin', "setTimeout('run()', 5);"],
  ['the module vm', "import vm from 'node:vm';"],
  ['a worker from a text', 'new Worker(text, { eval: true });'],
  ['modules by a computed name', 'await import(folder + name);'],
  ['modules by require', 'const require = createRequire(import.meta.url);'],
  ['other programs', "import { spawn } from 'child_process';"],
  ['a shell', 'spawn(program, { shell: true });'],
  ['a shell', 'exec("ls " + folder);'],
  ['certificates that are not looked at', 'tls.connect({ rejectUnauthorized: false });'],
])('the scan sees %s in: %s', (name, line) => {
  expect(forbidden[name]!.pattern.test(code(line))).toBe(true);
});

test('the language of conditions has none of it either', () => {
  const folder = path.join(checkout, 'node_modules/@marcbachmann/cel-js');
  const found = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.js'))
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8'));
  expect(found.length).toBeGreaterThan(3);
  const pattern = forbidden['eval and its kin']!.pattern;
  expect(found.filter((text) => pattern.test(code(text)))).toEqual([]);
});
