// `keepwatch drill`: a person begins or ends a drill of a plan; without either, which drills run and which are due.

import type { DutyReport, StatusReport } from '../control/types.ts';
import type { Language } from '../core/types.ts';
import { type Cell, type Screen, table } from '../terminal/paint.ts';
import { momentIn, words } from '../terminal/words.ts';
import { dutyLines } from './duty-lines.ts';
import { asOperator, type OperatorOptions, operate } from './operate.ts';
import { askAndShow, type Define, output, UsageFault } from './verb.ts';

interface Options extends OperatorOptions {
  readonly zone?: string;
  readonly outputs?: boolean;
  readonly channels?: boolean;
}

export const define: Define = (command, act) => {
  asOperator(command, 'keepwatch drill start fire --zone atrium --channels')
    .argument('[action]', 'start or stop; without it: what is running and what is due')
    .argument('[name]', 'start: the plan, such as fire; stop: the incident, where several are running')
    .option('--zone <zone>', 'start: where')
    .option('--outputs', 'start: outputs are driven as well')
    .option('--channels', 'start: people are told outside the house as well')
    .action(
      act((first: string | undefined, second: string | undefined, options: Options) => {
        const { zone, outputs, channels } = options;
        // `drill fire` is `drill start fire`
        const short = first !== undefined && second === undefined && !['start', 'stop'].includes(first);
        const [action, name] = short ? ['start', first] : [first, second];
        if (action !== 'start' && (zone ?? outputs ?? channels) !== undefined)
          throw new UsageFault('--zone, --outputs and --channels go with `drill start PLAN`');
        switch (action) {
          case undefined:
            return showDrills(options);
          case 'start':
            if (name === undefined) throw new UsageFault('which plan? such as `keepwatch drill start fire`');
            return operate(
              options,
              'drill',
              { action, plan: name, zone, outputs, channels },
              async ({ code, message }) => {
                if (code !== 'notFound') return undefined;
                const { aboutPlan } = await import('./plans.ts');
                return aboutPlan(message, name, options.config);
              },
            );
          case 'stop':
            return operate(options, 'drill', { action, incident: name });
          default:
            throw new UsageFault(
              `"${action}" is not an action; write \`drill start PLAN\` or \`drill stop\``,
            );
        }
      }),
    );
};

function showDrills(options: OperatorOptions): Promise<number> {
  return askAndShow(options, {
    method: 'status',
    json: (status) => ({ running: status.drills ?? [], due: drillsOf(status) }),
    lines: (status, { language }) => drillLines(output(), status, language, Date.now()),
  });
}

function drillsOf({ duties = [] }: StatusReport): readonly DutyReport[] {
  return duties.filter(({ kind }) => kind === 'drill');
}

export function drillLines(
  screen: Pick<Screen, 'colours' | 'columns'>,
  status: StatusReport,
  language: Language,
  nowMs: number,
): string[] {
  const { title } = words[language];
  const { timezone } = status.premises;
  const all = drillsOf(status);
  const soon = all.filter(({ due, overdue }) => overdue || Date.parse(due) <= nowMs + soonDays * dayMs);
  const later = all.filter((duty) => !soon.includes(duty));
  const running = runningDrills(screen, status, language);
  return [
    ...(running.length > 0 ? running : [title.noDrill]),
    '',
    ...(all.length > 0 ? dutyLines(screen, soon, timezone, language) : [title.noDrillDue]),
    ...(later.length > 0
      ? [laterWords[language](later.length, momentIn(timezone, later[0]!.due).slice(0, 10))]
      : []),
  ];
}

const dayMs = 86_400_000;
/** What is due later is only counted. */
const soonDays = 60;

const laterWords: Readonly<Record<Language, (count: number, next: string) => string>> = {
  en: (count, next) => `${count} due after ${soonDays} days, the first on ${next}: keepwatch readiness`,
  zh: (count, next) => `${soonDays} 天以后还有 ${count} 项，最早 ${next}：keepwatch readiness`,
};

/** The table of drills that are running; no lines where there are none. */
export function runningDrills(
  screen: Pick<Screen, 'colours' | 'columns'>,
  { drills = [], premises }: StatusReport,
  language: Language,
): string[] {
  const { title } = words[language];
  if (drills.length === 0) return [];
  const columns = [{ title: title.drill }, { title: title.plan }, { title: title.zone }, { title: title.at }];
  const rows = drills.map(({ incident, plan, zone, since }): (string | Cell)[] => [
    { text: incident, colour: 'cyan' },
    plan,
    zone ?? '',
    momentIn(premises.timezone, since),
  ]);
  return table(screen, columns, rows);
}
