// Is the ground under the program what it was made for: Node, and a 64-bit system. Knows versions and words only.

import { version } from '../lib/version.ts';
import { type Finding, fault, good, type Look, note, say } from './types.ts';

const oldest = [20, 19] as const;
const beyond = 27;
const advised = 22;

export const program: Look = {
  id: 'program',
  name: say('程序', 'program'),
  look: ({ machine }) => [judgeNode(machine.nodeVersion), judgeArch(machine.arch)],
};

/** @param text `v20.20.2` */
export function judgeNode(text: string): Finding {
  const [major = 0, minor = 0] = text.replace(/^v/, '').split('.').map(Number);
  const mend = say('安装 Node 22 或 24（64 位）', 'install Node 22 or 24 (64-bit)');
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
