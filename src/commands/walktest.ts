// `keepwatch walktest`: begins or ends a test of detectors on foot; without either, which were heard and which are
// left to trip.

import type { StatusReport } from '../control/types.ts';
import type { Language } from '../core/types.ts';
import { plain } from '../lib/width.ts';
import { paint, type Screen } from '../terminal/paint.ts';
import { momentIn, words } from '../terminal/words.ts';
import { asOperator, duration, type OperatorOptions, operate } from './operate.ts';
import { askAndShow, type Define, output, UsageFault } from './verb.ts';

interface Options extends OperatorOptions {
  readonly zone?: string;
  readonly buttons?: boolean;
  readonly for?: string;
}

export const define: Define = (command, act) => {
  asOperator(command, 'keepwatch walktest start --zone atrium --for 2h')
    .argument('[action]', 'start or stop; without it: which detectors were heard and which are left')
    .option('--zone <zone>', 'start: the detectors of this zone; default: all')
    .option('--for <duration>', 'start: it ends by itself after this; default 2h, at most 8h')
    .option('--buttons', 'start: the buttons that people press for help as well')
    .action(
      act((action: string | undefined, options: Options) => {
        const { zone, buttons } = options;
        const limit = options.for === undefined ? {} : { for: duration(options.for) };
        if (action !== 'start' && (zone ?? options.for ?? buttons) !== undefined)
          throw new UsageFault('--zone, --for and --buttons go with `walktest start`');
        switch (action) {
          case undefined:
            return askAndShow(options, {
              method: 'status',
              json: ({ walkTest }) => walkTest ?? null,
              lines: (status, { language }) => {
                const lines = walkTestLines(output(), status, language);
                return lines.length > 0 ? lines : [words[language].title.noWalkTest];
              },
            });
          case 'start':
            return operate(options, 'walktest', { action, zone, buttons, ...limit });
          case 'stop':
            return operate(options, 'walktest', { action });
          default:
            throw new UsageFault(
              `"${action}" is not an action; write \`walktest start\` or \`walktest stop\``,
            );
        }
      }),
    );
};

/** No lines where no test is running. */
export function walkTestLines(
  screen: Pick<Screen, 'colours'>,
  { walkTest, premises }: StatusReport,
  language: Language,
): string[] {
  if (walkTest === undefined) return [];
  const { title } = words[language];
  const { zone, by, until, ending, heard, left, incident } = walkTest;
  const facts = [zone ?? title.everywhere, plain(by), `${title.until} ${momentIn(premises.timezone, until)}`];
  return [
    `${paint(screen, 'cyan', title.walkTest)}: ${facts.join(' · ')} (${incident})`,
    ...(ending ? [`  ${title.ending}`] : []),
    `  ${title.heard}: ${heard}/${heard + left.length}`,
    ...(left.length > 0 ? [`  ${title.left}: ${left.map(plain).join(', ')}`] : []),
  ];
}
