// Is the ground under the program what it was made for: Node, with it the compiled modules, and a 64-bit system. Knows
// versions and words only.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { moduleFault } from '../lib/compiled-module.ts';
import { version } from '../lib/version.ts';
import { type Finding, fault, good, type Look, note, say } from './types.ts';

const oldest = [20, 19] as const;
const beyond = 27;
const advised = 22;

export const program: Look = {
  id: 'program',
  name: say('程序', 'program'),
  look: async ({ machine }) => [
    judgeNode(machine.nodeVersion),
    ...judgeModule(await loadSqlite(), machine.nodeVersion),
    judgeArch(machine.arch),
  ],
};

interface Loaded {
  readonly error?: unknown;
  /** compiled with the headers of a Node with which it ends the process at random */
  readonly aborts: boolean;
}

/** The one without which nothing runs; the others fit one Node as it does, or every one. */
async function loadSqlite(): Promise<Loaded> {
  try {
    const { default: Sqlite } = await import('better-sqlite3');
    new Sqlite(':memory:').close();
    const folder = path.dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json'));
    const file = path.join(folder, 'build/Release/better_sqlite3.node');
    return { aborts: readFileSync(file).includes('RemoveEnvironmentCleanupHook') };
  } catch (error) {
    return { error, aborts: false };
  }
}

/** Nothing where it is well. */
export function judgeModule({ error, aborts }: Loaded, node: string): Finding[] {
  const unfit = moduleFault(error, node);
  if (unfit !== undefined)
    return [
      fault(
        'moduleUnfit',
        say(`编译模块与 Node ${node} 不符：${unfit.message}`, unfit.message),
        say(`安装为此版本 Node 构建的 keepwatch 软件包；若由 npm 安装：\`npm rebuild\``, unfit.hint),
      ),
    ];
  if (!aborts) return [];
  return [
    fault(
      'moduleAborts',
      say(
        `SQLite 模块是用有缺陷的 Node 头文件编译的，程序会随机中止`,
        'the SQLite module was compiled with faulty headers of Node (24.19 and newer): the program will end at random',
      ),
      say(
        '安装 keepwatch 软件包；若由 npm 安装：`node systemd/package/object-wrap.mjs`',
        'install the keepwatch package; where it came by npm: `node systemd/package/object-wrap.mjs` in its folder',
      ),
    ),
  ];
}

/** @param text `v20.20.2` */
export function judgeNode(text: string): Finding {
  const [major = 0, minor = 0] = text.replace(/^v/, '').split('.').map(Number);
  const mend = say(
    '安装 Node 22 或 24（64 位），以及为它构建的 keepwatch 软件包',
    'install Node 22 or 24 (64-bit), and the keepwatch package that is made for it',
  );
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1]))
    return fault(
      'nodeTooOld',
      say(`Node ${text} 太旧，至少要 20.19`, `Node ${text} is too old: at least 20.19`),
      mend,
    );
  if (major >= beyond)
    return fault(
      'nodeTooNew',
      say(`Node ${text} 未经验证`, `Node ${text} is newer than what this was tried on`),
      mend,
    );
  if (major < advised)
    return note(
      'nodeOld',
      say(
        `keepwatch ${version}，Node ${text}（已停止维护）`,
        `keepwatch ${version} on Node ${text}, which is no longer maintained`,
      ),
      mend,
    );
  return good('node', say(`keepwatch ${version}，Node ${text}`, `keepwatch ${version} on Node ${text}`));
}

export function judgeArch(arch: string): Finding {
  if (arch === 'arm64' || arch === 'x64')
    return good('arch', say(`64 位系统（${arch}）`, `a 64-bit system (${arch})`));
  return fault(
    'arch',
    say(`处理器架构 ${arch} 不受支持`, `the architecture ${arch} is not supported`),
    say('安装 64 位 Raspberry Pi OS', 'install the 64-bit Raspberry Pi OS'),
  );
}
