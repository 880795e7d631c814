// Routes that give something on paper, the settings and the machine: reports and the look at the site file are made by the
// command line's own program in a process of its own.

import type { Language } from '../core/types.ts';
import type { DoctorView, SettingsView } from './api.ts';
import { machineView } from './machine.ts';
import { wordOf } from './query.ts';
import { type Asked, named, type Route } from './route.ts';
import { Refusal } from './types.ts';

const formats = ['pdf', 'md', 'csv', 'json'] as const;
const types = {
  pdf: 'application/pdf',
  md: 'text/markdown; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  json: 'application/json; charset=utf-8',
} as const;
const noSocket = {
  zh: '本网关没有本地套接字，无法在另一个进程中查询',
  en: 'this daemon has no local socket, over which another process could ask it',
} as const;
const languages: readonly Language[] = ['zh', 'en'];
const query = {
  format: { type: 'string', enum: formats, description: 'default: pdf' },
  lang: { type: 'string', enum: languages, description: 'default: that of the premises' },
} as const;

export const paperRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/incidents/:id/report',
    least: 'view',
    summary: 'An incident on paper',
    query,
    answer: 'application/pdf',
    handle(asked) {
      const id = asked.path.id!;
      if (!/^[a-z][a-z0-9_-]{0,100}$/i.test(id))
        throw new Refusal(404, 'notFound', { zh: '没有这个事件', en: 'there is no such incident' });
      return report(asked, id, [id]);
    },
  },
  {
    method: 'GET',
    path: '/reports/:month',
    least: 'view',
    summary: 'All incidents of a month on paper; the month as 2026-11',
    query,
    answer: 'application/pdf',
    handle(asked) {
      const month = asked.path.month!;
      if (!/^20\d{2}-(?:0[1-9]|1[0-2])$/.test(month))
        throw new Refusal(400, 'badRequest', {
          zh: '月份写作 2026-11',
          en: 'a month is written like 2026-11',
        });
      return report(asked, month, ['--month', month]);
    },
  },
  {
    method: 'GET',
    path: '/machine',
    least: 'view',
    summary: 'The health of the machine',
    answer: named('MachineView'),
    handle: ({ house: { host } }) => machineView({ data: host.data, clock: host.clockState() }),
  },
  {
    method: 'GET',
    path: '/settings',
    least: 'operate',
    summary:
      'The site file without its secrets, what `check` says of it, what a reload would change, and the machine',
    answer: named('SettingsView'),
    handle: settings,
  },
  {
    method: 'GET',
    path: '/doctor',
    least: 'operate',
    summary: 'What `keepwatch doctor` finds on this machine, and what to do; it takes up to ten seconds',
    answer: named('DoctorView'),
    handle: doctor,
  },
];

async function report(
  { house, query: given, reply }: Asked,
  name: string,
  which: readonly string[],
): Promise<Buffer> {
  const format = wordOf(given, 'format', formats, 'pdf');
  const language = wordOf(given, 'lang', languages, house.host.premises().language);
  const socket = house.host.socket();
  if (socket === undefined) throw new Refusal(503, 'failed', noSocket);
  const argv = ['report', ...which, '--format', format, '--lang', language, '--socket', socket];
  const { code, output, words } = await house.work.run(argv);
  if (code !== 0) {
    const because =
      words
        .trim()
        .split('\n')
        .at(-1)
        ?.replace(/^keepwatch: /, '') ?? 'the report could not be made';
    if (/there is no incident/.test(words))
      throw new Refusal(404, 'notFound', { zh: '没有这个事件', en: because });
    throw new Refusal(code === 2 ? 400 : 503, code === 2 ? 'badRequest' : 'failed', {
      zh: `报告没有做成：${because}`,
      en: because,
    });
  }
  reply
    .type(types[format])
    .header('content-disposition', `attachment; filename="keepwatch-${name}.${format}"`);
  return output;
}

async function settings({ house }: Asked): Promise<SettingsView> {
  const { host } = house;
  const { code, output, words } = await house.work.run(['settings', '-c', host.siteFile], host.siteText());
  if (code !== 0)
    throw new Refusal(503, 'failed', {
      zh: `无法查看站点文件：${words.trim()}`,
      en: words.trim() || 'the site file could not be looked at',
    });
  const seen = JSON.parse(output.toString('utf8')) as Pick<SettingsView, 'text' | 'findings' | 'changes'>;
  return {
    file: host.siteFile,
    ...seen,
    machine: machineView({ data: host.data, clock: host.clockState() }),
  };
}

/** by the house that asks: whoever comes while one looks gets what that one finds */
const looking = new WeakMap<Asked['house'], Promise<DoctorView>>();

function doctor({ house }: Asked): Promise<DoctorView> {
  const begun = looking.get(house);
  if (begun !== undefined) return begun;
  const look = examined(house).finally(() => looking.delete(house));
  looking.set(house, look);
  return look;
}

async function examined({ host, work, clock }: Asked['house']): Promise<DoctorView> {
  const socket = host.socket();
  if (socket === undefined) throw new Refusal(503, 'failed', noSocket);
  // (without its word it could take this daemon for one that does not run, and try the lines that it holds)
  const argv = ['doctor', '--json', '--from-daemon', '-c', host.siteFile, '--socket', socket];
  const { output, words } = await work.run(argv);
  let found: Pick<DoctorView, 'well' | 'looks'>;
  try {
    found = JSON.parse(output.toString('utf8'));
  } catch {
    const because = words.trim().split('\n').at(-1) || 'no answer';
    throw new Refusal(503, 'failed', {
      zh: `doctor 没有结果：${because}`,
      en: `the doctor found no answer: ${because}`,
    });
  }
  return { at: new Date(clock.wallMs()).toISOString(), well: found.well, looks: found.looks };
}
