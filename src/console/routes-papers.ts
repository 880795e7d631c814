// Routes that give something on paper, the settings and the machine: reports and the look at the site file are made by the
// command line's own program in a process of its own.

import type { Language } from '../core/types.ts';
import type { DoctorView, SettingsView } from './api.ts';
import { machineView } from './machine.ts';
import { wordOf } from './query.ts';
import { type Asked, named, type Route } from './route.ts';
import { Refusal, type Words } from './types.ts';

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

/** Who waits for it. */
const whoseOf = ({ user, address }: Asked['who']): string =>
  user === undefined ? address : `user ${user.id}`;

async function report(
  { house, query: given, reply, who }: Asked,
  name: string,
  which: readonly string[],
): Promise<Buffer> {
  const format = wordOf(given, 'format', formats, 'pdf');
  const language = wordOf(given, 'lang', languages, house.host.premises().language);
  const socket = house.host.socket();
  if (socket === undefined) throw new Refusal(503, 'failed', noSocket);
  const argv = ['report', ...which, '--format', format, '--lang', language, '--socket', socket];
  const { code, output, words } = await house.work.run(whoseOf(who), argv);
  if (code !== 0) {
    if (/there is no incident/.test(words))
      throw new Refusal(404, 'notFound', { zh: '没有这个事件', en: 'there is no such incident' });
    if (/has not begun yet/.test(words))
      throw new Refusal(400, 'badRequest', {
        zh: `${name} 还没有开始`,
        en: `${name} has not begun yet`,
      });
    throw failed(house, words, { zh: '报告没有做成', en: 'the report could not be made' });
  }
  reply
    .type(types[format])
    .header('content-disposition', `attachment; filename="keepwatch-${name}.${format}"`);
  return output;
}

/** What the other program said is in the language of the command line: it goes into the log. */
function failed({ log }: Asked['house'], words: string, said: Words): Refusal {
  const because =
    words
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^keepwatch: /, '') || 'it said nothing';
  log.error({ code: 'CONSOLE_FAILED', because }, said.en);
  return new Refusal(503, 'failed', {
    zh: `${said.zh}：请稍后再试；原因见日志`,
    en: `${said.en}: try again later; the log says why`,
  });
}

async function settings({ house, who }: Asked): Promise<SettingsView> {
  const { host } = house;
  const { code, output, words } = await house.work.run(
    whoseOf(who),
    ['settings', '-c', host.siteFile],
    host.siteText(),
  );
  if (code !== 0)
    throw failed(house, words, { zh: '无法查看站点文件', en: 'the site file could not be looked at' });
  const seen = JSON.parse(output.toString('utf8')) as Pick<SettingsView, 'text' | 'findings' | 'changes'>;
  return {
    file: host.siteFile,
    ...seen,
    machine: machineView({ data: host.data, clock: host.clockState() }),
  };
}

/** by the house that asks: whoever comes while one looks gets what that one finds */
const looking = new WeakMap<Asked['house'], Promise<DoctorView>>();

function doctor({ house, who }: Asked): Promise<DoctorView> {
  const begun = looking.get(house);
  if (begun !== undefined) return begun;
  const look = examined(house, whoseOf(who)).finally(() => looking.delete(house));
  looking.set(house, look);
  return look;
}

async function examined(house: Asked['house'], whose: string): Promise<DoctorView> {
  const { host, work, clock } = house;
  const socket = host.socket();
  if (socket === undefined) throw new Refusal(503, 'failed', noSocket);
  // (without its word it could take this daemon for one that does not run, and try the lines that it holds)
  const argv = ['doctor', '--json', '--from-daemon', '-c', host.siteFile, '--socket', socket];
  const { output, words } = await work.run(whose, argv);
  let found: Pick<DoctorView, 'well' | 'looks'>;
  try {
    found = JSON.parse(output.toString('utf8'));
  } catch {
    throw failed(house, words, { zh: 'doctor 没有结果', en: 'the doctor found no answer' });
  }
  return { at: new Date(clock.wallMs()).toISOString(), well: found.well, looks: found.looks };
}
