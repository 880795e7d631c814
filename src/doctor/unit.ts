// Is the unit that systemd has the one that this version ships, and does it still start and watch the daemon without
// end? Drop-ins are named, for they are the first place to look when a gateway behaves unlike its neighbours.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../lib/assets.ts';
import { type Finding, fault, good, type Look, note, say } from './types.ts';
import { effectiveUnit, type InstalledUnit, parseUnit, type UnitSettings, unitName } from './unit-file.ts';

export const unit: Look = {
  id: 'unit',
  name: say('系统服务', 'unit'),
  look: ({ machine }) => judgeUnit(effectiveUnit(machine), shippedUnit()),
};

function shippedUnit(): UnitSettings | undefined {
  try {
    return parseUnit(readFileSync(path.join(packageRoot, 'systemd', unitName), 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param shipped undefined where the program came without one */
export function judgeUnit(
  installed: InstalledUnit | undefined,
  shipped: UnitSettings | undefined,
): Finding[] {
  if (installed === undefined) {
    return [
      note(
        'unitMissing',
        say(
          '没有安装系统服务：重启后不会自动守护',
          'no unit is installed: nothing begins to guard after a reboot',
        ),
        say(
          '安装软件包，或按 README 安装 systemd/keepwatch.service',
          'install the package, or systemd/keepwatch.service as the README says',
        ),
      ),
    ];
  }
  const findings: Finding[] = [];
  const { file, own, dropIns, settings } = installed;
  const differing = shipped === undefined ? [] : differences(own, shipped);
  if (differing.length > 0) {
    const keys = differing.join(', ');
    findings.push(
      note(
        'unitDiffers',
        say(`${file} 与本版本自带的不同：${keys}`, `${file} is not the one of this version: ${keys}`),
        file.startsWith('/etc/')
          ? say(
              `把自己的改动移到 drop-in（systemctl edit keepwatch），删除 ${file}`,
              `put what is yours into a drop-in (systemctl edit keepwatch) and remove ${file}`,
            )
          : say('重新安装软件包', 'install the package again'),
      ),
    );
  } else if (shipped === undefined) {
    findings.push(good('unit', say(`已安装 ${file}`, `${file} is installed`)));
  } else {
    findings.push(good('unit', say(`${file} 与本版本一致`, `${file} is the one of this version`)));
  }
  if (dropIns.length > 0)
    findings.push(
      note('unitDropIns', say(`另有改动：${dropIns.join('，')}`, `changed by ${dropIns.join(', ')}`)),
    );
  const last = (key: string): string => settings.get(key)?.at(-1) ?? '';
  const mend = (line: string) =>
    say(
      `sudo systemctl edit keepwatch，写 [Service] ${line}`,
      `sudo systemctl edit keepwatch, and write [Service] ${line}`,
    );
  if (/^(0|0?s|infinity)?$/.test(last('WatchdogSec'))) {
    findings.push(
      fault(
        'unitWatchdog',
        say(
          'WatchdogSec 关闭：卡住的守护进程不会被重启',
          'WatchdogSec is off: a daemon that hangs is not begun again',
        ),
        mend('WatchdogSec=30'),
      ),
    );
  }
  if (last('Restart') !== 'always') {
    findings.push(
      fault(
        'unitRestart',
        say(
          `Restart=${last('Restart') || 'no'}：结束后可能不再启动`,
          `Restart=${last('Restart') || 'no'}: once ended it may stay so`,
        ),
        mend('Restart=always'),
      ),
    );
  }
  if (last('Type') !== 'notify') {
    findings.push(
      fault(
        'unitType',
        say(
          `Type=${last('Type') || 'simple'}：不报告就绪与存活`,
          `Type=${last('Type') || 'simple'}: nobody hears that it is ready and alive`,
        ),
        mend('Type=notify'),
      ),
    );
  }
  const user = last('User');
  if (user === '' || user === 'root') {
    findings.push(
      note('unitRoot', say('守护进程以 root 运行', 'the daemon runs as root'), mend('User=keepwatch')),
    );
  }
  return findings;
}

function differences(own: UnitSettings, shipped: UnitSettings): string[] {
  const keys = new Set([...own.keys(), ...shipped.keys()]);
  const same = (key: string): boolean =>
    (own.get(key) ?? []).join('\n') === (shipped.get(key) ?? []).join('\n');
  return [...keys].filter((key) => !same(key)).sort();
}
