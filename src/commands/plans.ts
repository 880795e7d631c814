// `keepwatch plans`: the emergency plans with their ids, as `raise` and `drill` take them, and the kinds of points that
// open them. Reads the plans of the site file or those that are shipped; asks no daemon.

import { kinds } from '../core/kinds.ts';
import type { Language, Plan } from '../core/types.ts';
import { symbols } from '../terminal/lines.ts';
import { type Cell, type Screen, table } from '../terminal/paint.ts';
import { inLanguage, languageOf, words } from '../terminal/words.ts';
import { type Define, output, print, printJson, say, withConfig, withExample, withLanguage } from './verb.ts';
import { siteFile } from './where.ts';

interface Options {
  readonly config?: string;
  readonly json?: boolean;
  readonly lang?: string;
}

const wordsOf = {
  en: { id: 'id', title: 'plan', kinds: 'opened by', hint: 'by hand: keepwatch raise ID' },
  zh: { id: '编号', title: '名称', kinds: '触发的探测器', hint: '人工启动：keepwatch raise 编号' },
} as const;

export const define: Define = (command, act) => {
  withExample(withLanguage(withConfig(command)), 'keepwatch plans --lang zh')
    .option('--json', 'print JSON for machines')
    .action(act(plans));
};

async function plans(options: Options): Promise<number> {
  const { plansOf } = await import('../config/plans.ts');
  const found = plansOf(siteFile(options.config));
  for (const { file, line, column, what } of found.faults) say(`${file}:${line}:${column}: ${what}`);
  if (options.json) {
    const shown = found.plans.map(({ id, title, category, level, silent }) => ({
      ...{ id, title, category, level, silent },
      kinds: kindsOf(id),
    }));
    printJson(shown);
  } else {
    const language = languageOf(options.lang, found.language);
    for (const line of planLines(output(), found.plans, language)) print(line);
  }
  return found.faults.length > 0 ? 1 : 0;
}

/** Kinds of points whose own rule opens this plan. */
function kindsOf(plan: string): string[] {
  return Object.keys(kinds).filter((kind) => kinds[kind]!.plan === plan);
}

export function planLines(
  screen: Pick<Screen, 'colours' | 'columns'>,
  all: readonly Plan[],
  language: Language,
): string[] {
  const { category, level, title } = words[language];
  const own = wordsOf[language];
  const comma = language === 'zh' ? '、' : ', ';
  const rows = all.map((plan): (string | Cell)[] => {
    const { symbol, colour } = symbols[plan.category];
    return [
      plan.id,
      inLanguage(plan.title, language),
      { text: `${symbol} ${category[plan.category]}`, colour },
      level[plan.level],
      kindsOf(plan.id)
        .map((kind) => kinds[kind]![language])
        .join(comma),
    ];
  });
  const columns = [
    { title: own.id },
    { title: own.title },
    { title: title.category },
    { title: title.level },
    { title: own.kinds, flexible: true },
  ];
  return [...table(screen, columns, rows), '', own.hint];
}

/** The plan that was probably meant, by its id or its name; undefined where there is such a plan, or none is near. */
export async function planMeant(word: string, config: string | undefined): Promise<Plan | undefined> {
  const [{ plansOf }, { nearest }] = await Promise.all([
    import('../config/plans.ts'),
    import('../config/nearest.ts'),
  ]);
  const all = plansOf(siteFile(config)).plans;
  if (all.some(({ id }) => id === word)) return undefined;
  const namesOf = ({ id, title }: Plan): string[] =>
    [id, inLanguage(title, 'zh'), inLanguage(title, 'en')].map((name) => name.toLowerCase());
  const asked = word.trim().toLowerCase().replaceAll('_', '-');
  // a part of a name before one that is only near: 停电 is 突然停电, and not 停用
  const isPart = asked.length >= (/\p{Script=Han}/u.test(asked) ? 1 : 3);
  const part = isPart ? all.find((plan) => namesOf(plan).some((name) => name.includes(asked))) : undefined;
  const near = part === undefined ? nearest(asked, all.flatMap(namesOf)) : undefined;
  return part ?? all.find((plan) => near !== undefined && namesOf(plan).includes(near));
}

/** What is said under a refusal, in its language, where the plan is unknown: the one that was meant, and the list. */
export async function aboutPlan(
  refused: string,
  word: string,
  config: string | undefined,
): Promise<string | undefined> {
  const plan = await planMeant(word, config);
  if (plan === undefined) return undefined;
  return /\p{Script=Han}/u.test(refused)
    ? `是不是 ${plan.id}（${inLanguage(plan.title, 'zh')}）？全部编号：keepwatch plans`
    : `did you mean ${plan.id} (${inLanguage(plan.title, 'en')})? keepwatch plans lists all`;
}
