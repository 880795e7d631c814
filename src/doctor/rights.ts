// Who may read and write what belongs to the daemon: its data folder, secrets and private keys. Reads permission bits,
// never contents.

import path from 'node:path';
import type { Machine } from './machine.ts';
import { may } from './people.ts';
import { type Finding, fault, good, type Look, note, type Patient, say } from './types.ts';
import { effectiveUnit } from './unit-file.ts';

export const rights: Look = {
  id: 'rights',
  name: say('权限', 'rights'),
  look: (patient) => [...judgeData(patient), ...judgeSite(patient), ...judgeSecrets(patient)],
};

function judgeData({ machine, data, runner }: Patient): Finding[] {
  if (data === undefined) return [];
  const stat = machine.stat(data);
  const mine = say(`sudo chown -R ${runner.name}: ${data}`, `sudo chown -R ${runner.name}: ${data}`);
  if (stat === undefined) {
    const above = machine.stat(path.dirname(data));
    if ((above && may(runner, above, 3)) || isMadeByUnit(data, machine))
      return [
        note(
          'dataNone',
          say(`${data} 还没有：第一次启动时建立`, `${data} is not there yet: the first start makes it`),
        ),
      ];
    return [
      fault(
        'dataMissing',
        say(
          `没有 ${data}，${runner.name} 也不可建立`,
          `there is no ${data}, and ${runner.name} may not make it`,
        ),
        say(
          `sudo install -d -o ${runner.name} -m 750 ${data}`,
          `sudo install -d -o ${runner.name} -m 750 ${data}`,
        ),
      ),
    ];
  }
  if (stat.kind !== 'folder')
    return [
      fault(
        'dataNoFolder',
        say(`${data} 不是文件夹`, `${data} is no folder`),
        say('改 `data`', 'mend `data`'),
      ),
    ];
  const findings: Finding[] = [];
  if (!may(runner, stat, 7))
    findings.push(
      fault(
        'dataForbidden',
        say(`${runner.name} 不可写 ${data}`, `${runner.name} may not write ${data}`),
        mine,
      ),
    );
  const file = machine.stat(`${data}/keepwatch.db`);
  if (file && !may(runner, file, 6))
    findings.push(
      fault(
        'stateForbidden',
        say(
          `${runner.name} 不可写 ${data}/keepwatch.db`,
          `${runner.name} may not write ${data}/keepwatch.db`,
        ),
        mine,
      ),
    );
  if ((stat.mode & 0o002) !== 0)
    findings.push(
      fault(
        'dataOpen',
        say(`任何人都可写 ${data}`, `everybody may write ${data}`),
        say(`chmod 750 ${data}`, `chmod 750 ${data}`),
      ),
    );
  else if ((stat.mode & 0o004) !== 0)
    findings.push(
      note(
        'dataReadable',
        say(`任何人都可读 ${data}`, `everybody may read ${data}`),
        say(`chmod 750 ${data}`, `chmod 750 ${data}`),
      ),
    );
  return findings.length > 0
    ? findings
    : [good('data', say(`${data} 属于守护进程`, `${data} is the daemon's own`))];
}

/** `StateDirectory=`: systemd makes it for the unit's user before the first start. */
function isMadeByUnit(data: string, machine: Machine): boolean {
  const states = effectiveUnit(machine)?.settings.get('StateDirectory') ?? [];
  return states.some((words) => words.split(' ').some((name) => data === `/var/lib/${name}`));
}

function judgeSite({ machine, file, runner }: Patient): Finding[] {
  if (file === undefined) return [];
  const stat = machine.stat(file);
  if (!stat) return [];
  if (!may(runner, stat, 4))
    return [
      fault(
        'siteForbidden',
        say(`${runner.name} 不可读 ${file}`, `${runner.name} may not read ${file}`),
        say(
          `sudo chgrp ${runner.name} ${file} && sudo chmod 640 ${file}`,
          `sudo chgrp ${runner.name} ${file} && sudo chmod 640 ${file}`,
        ),
      ),
    ];
  if ((stat.mode & 0o002) !== 0)
    return [
      fault(
        'siteOpen',
        say(`任何人都可改 ${file}`, `everybody may change ${file}`),
        say(`chmod 640 ${file}`, `chmod 640 ${file}`),
      ),
    ];
  return [];
}

function judgeSecrets({ machine, file, config }: Patient): Finding[] {
  if (file === undefined) return [];
  const secrets = secretFiles(file, config?.files ?? [], config?.console?.key, machine);
  return secrets.flatMap((each): Finding[] => {
    const stat = machine.stat(each);
    if (!stat || (stat.mode & 0o044) === 0 || ((stat.mode & 0o004) === 0 && stat.uid === 0)) return [];
    const all = (stat.mode & 0o004) !== 0;
    const what = all
      ? say(`任何人都可读 ${each}`, `everybody may read ${each}`)
      : say(`同组用户可读 ${each}`, `the group may read ${each}`);
    const mend = say(
      `chmod 600 ${each}（归守护进程的用户）`,
      `chmod 600 ${each} (owned by the daemon's user)`,
    );
    return [all ? fault('secretOpen', what, mend) : note('secretGroup', what, mend)];
  });
}

/** Files that hold secrets: the secrets file, private keys, and the folder beside the site file. */
function secretFiles(
  file: string,
  files: readonly string[],
  consoleKey: string | undefined,
  machine: Machine,
): string[] {
  const folder = path.dirname(file);
  const usual = [
    `${folder}/secrets.yaml`,
    ...machine.list(`${folder}/secrets`).map((name) => `${folder}/secrets/${name}`),
  ];
  const keys = files.filter(
    (each) => each.endsWith('.key') || machine.read(each)?.includes('PRIVATE KEY-----'),
  );
  const named = files.filter((each) => /secret/i.test(path.basename(each)));
  return [...new Set([...usual, ...keys, ...named, ...(consoleKey === undefined ? [] : [consoleKey])])];
}
