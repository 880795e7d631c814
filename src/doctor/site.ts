// The site file as `check` sees it: every fault, and the first of its warnings. Reads nothing by itself.

import type { Fault } from '../config/types.ts';
import { asIs, type Finding, fault, good, type Look, note, type Patient, say } from './types.ts';

const mostFaults = 20;
const mostWarnings = 5;

export const site: Look = { id: 'site', name: say('站点文件', 'site file'), look: judgeSite };

export function judgeSite({ file, config, faults }: Pick<Patient, 'file' | 'config' | 'faults'>): Finding[] {
  if (file === undefined) {
    return [
      note(
        'noSiteFile',
        say(
          '这里没有站点文件：只检查机器本身',
          'there is no site file here: only the machine itself is looked at',
        ),
        say(
          '用 `keepwatch init` 建一个，或用 -c FILE 指定',
          'make one with `keepwatch init`, or name one with -c FILE',
        ),
      ),
    ];
  }
  const wrong = faults.filter(({ severity }) => severity === 'fault');
  const warned = faults.filter(({ severity }) => severity === 'warning');
  const findings: Finding[] = wrong
    .slice(0, mostFaults)
    .map((each) => fault('siteFault', placed(each), asIs(each.todo)));
  findings.push(...more(wrong.length - mostFaults, 'fault'));
  if (config !== undefined && wrong.length === 0)
    findings.push(good('site', say(`${file}：没有错误`, `${file}: no faults`)));
  findings.push(
    ...warned.slice(0, mostWarnings).map((each) => note('siteWarning', placed(each), asIs(each.todo))),
  );
  findings.push(...more(warned.length - mostWarnings, 'note'));
  return findings;
}

function placed({ file, line, column, what }: Fault) {
  return asIs(`${file}:${line}:${column}: ${what}`);
}

function more(count: number, state: 'fault' | 'note'): Finding[] {
  if (count <= 0) return [];
  const what = say(`还有 ${count} 条`, `${count} more of these`);
  return [{ state, code: 'siteMore', what, mend: say('运行 `keepwatch check`', 'run `keepwatch check`') }];
}
