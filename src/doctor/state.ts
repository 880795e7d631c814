// The state on the disk: its size, what was set aside, and whether its chain is unbroken. Where the chain is too long
// for the time there is, it says so and names the command that has time.

import { type Finding, fault, good, type Look, note, say } from './types.ts';

const verifyWithinMs = 6000;

export const state: Look = {
  id: 'state',
  name: say('状态', 'state'),
  withinMs: 8000,
  deepWithinMs: 120_000,
  async look(patient): Promise<readonly Finding[]> {
    const { machine, data, deep } = patient;
    if (data === undefined) return [];
    const file = `${data}/keepwatch.db`;
    const stat = machine.stat(file);
    if (stat === undefined)
      return [note('stateNone', say(`${data} 里还没有状态`, `there is no state in ${data} yet`))];
    const findings: Finding[] = [];
    const aside = machine.list(data).filter((name) => /\.damaged-\d{8}T\d{6}Z(-\d+)?$/.test(name));
    if (aside.length > 0) {
      findings.push(
        note(
          'stateDamaged',
          say(
            `曾有损坏的状态被搁置：${aside.join('，')}`,
            `a state was damaged and set aside: ${aside.join(', ')}`,
          ),
          say(
            '检查存储卡；把文件交给支持人员后删除',
            'check the card; give the file to support, then remove it',
          ),
        ),
      );
    }
    const size = `${(stat.bytes / 1024 / 1024).toFixed(1)} MB`;
    if (!machine.readable(file))
      return [
        ...findings,
        note(
          'stateUnread',
          say(`不可读 ${file}（${size}）`, `${file} may not be read (${size})`),
          say('用 sudo 再运行一次', 'run this again with sudo'),
        ),
      ];
    try {
      const { intact, because } = await patient.verify(deep ? 110_000 : verifyWithinMs);
      if (intact) findings.push(good('state', say(`状态完好，${size}`, `the state is intact, ${size}`)));
      else
        findings.push(
          fault(
            'stateBroken',
            say(
              `状态被改动或损坏：${because ?? ''}`,
              `the state was changed or is damaged: ${because ?? ''}`,
            ),
            say(
              '运行 `keepwatch verify`；恢复备份：`keepwatch restore`',
              'run `keepwatch verify`; restore a backup: `keepwatch restore`',
            ),
          ),
        );
    } catch (error) {
      const why = (error as Error).message;
      findings.push(
        note(
          'stateUnverified',
          say(`没能核对状态（${size}）：${why}`, `the state could not be verified (${size}): ${why}`),
          say('运行 `keepwatch verify`', 'run `keepwatch verify`'),
        ),
      );
    }
    return findings;
  },
};
