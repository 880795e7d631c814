// `keepwatch readiness`: everything that is due between incidents, and signing off an article of the stock and
// inspection list.

import { callDaemon } from '../control/client.ts';
import { inLanguage, languageOf, momentIn, words } from '../terminal/words.ts';
import { dutyLines } from './duty-lines.ts';
import { asOperator, type OperatorOptions, operate } from './operate.ts';
import { askAndShow, type Define, output, UsageFault } from './verb.ts';

interface Options extends OperatorOptions {
  readonly amount?: string;
  readonly expires?: string;
  readonly note?: string;
}

export const define: Define = (command, act) => {
  asOperator(command, 'keepwatch readiness sign extinguisher_hall --amount 4 --expires 2027-05-01')
    .argument('[action]', 'sign: an article was looked at; without it: everything that is due')
    .argument('[article]', 'sign: its id in the readiness list')
    .option('--amount <number>', 'sign: how many are there')
    .option('--expires <date>', 'sign: when it expires now, such as 2027-05-01')
    .option('--note <text>', 'sign: a remark for the journal')
    .action(
      act((action: string | undefined, article: string | undefined, options: Options) => {
        const { amount, expires, note } = options;
        if (action === undefined) {
          if ((amount ?? expires ?? note) !== undefined)
            throw new UsageFault('--amount, --expires and --note go with `readiness sign ARTICLE`');
          return showDuties(options);
        }
        if (action !== 'sign')
          throw new UsageFault(`"${action}" is not an action; write \`readiness sign ARTICLE\``);
        if (article === undefined)
          throw new UsageFault('which article? `keepwatch readiness` shows what is due');
        const fields = { article, amount: numberOf(amount), expires, note };
        return operate(options, 'readiness', fields, ({ ok }, socket) =>
          ok ? stillExpired(article, socket, options.lang) : Promise.resolve(undefined),
        );
      }),
    );
};

/** Signing an article off renews it only with --expires: an old one that was only counted is as old as before. */
async function stillExpired(
  article: string,
  socket: string,
  lang: string | undefined,
): Promise<string | undefined> {
  const { duties = [], premises } = await callDaemon(socket, 'status');
  const due = duties.find(
    ({ subject, what, overdue }) =>
      overdue && subject === `article:${article}` && inLanguage(what, 'en') === 'expires',
  )?.due;
  if (due === undefined) return undefined;
  const date = momentIn(premises.timezone, due).slice(0, 10);
  return languageOf(lang, premises.language) === 'zh'
    ? `仍已过期 ${date}，更换后用 --expires 登记`
    : `still expired ${date}; when it is replaced, sign it with --expires`;
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const amount = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(amount) || amount < 0)
    throw new UsageFault(`--amount "${text}" is not a number; write how many are there, such as 4`);
  return amount;
}

function showDuties(options: OperatorOptions): Promise<number> {
  return askAndShow(options, {
    method: 'status',
    json: ({ duties }) => duties ?? [],
    lines: ({ duties = [], premises }, { language }) =>
      duties.length > 0
        ? dutyLines(output(), duties, premises.timezone, language)
        : [words[language].title.noDuties],
  });
}
