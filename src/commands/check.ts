// `keepwatch check`: validates a site file with all it names and prints every fault and warning, one line
// each, all at once. With `--matrix` the cause-and-effect table of a good site instead.

import { createHash } from 'node:crypto';
import type { Config, Fault } from '../config/types.ts';
import {
  type Define,
  print,
  printJson,
  say,
  UsageFault,
  withConfig,
  withExample,
  withLanguage,
} from './verb.ts';
import { siteFile } from './where.ts';

interface Options {
  readonly config?: string;
  readonly strict?: boolean;
  readonly matrix?: boolean;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly lang?: string;
}

export const define: Define = (command, act) => {
  withExample(withLanguage(withConfig(command)), 'keepwatch check -c site.yaml --strict')
    .option('--strict', 'warnings are faults')
    .option('--matrix', 'print the table of causes and effects, for signing off')
    .option('--json', 'with --matrix: print JSON for machines')
    .option('--csv', 'with --matrix: print CSV for spreadsheets')
    .action(act(check));
};

async function check(options: Options): Promise<number> {
  if ((options.json || options.csv) && !options.matrix)
    throw new UsageFault('--json and --csv go with --matrix');
  if (options.json && options.csv) throw new UsageFault('--json or --csv, not both');
  const file = siteFile(options.config);
  if (file === undefined) {
    throw new UsageFault(
      'no ./keepwatch.yaml and no /etc/keepwatch/keepwatch.yaml here; name a site file with -c FILE',
    );
  }
  const [{ drivers }, { faultsFirst, loadConfig, formatFault }] = await Promise.all([
    import('../app.ts'),
    import('../config/load.ts'),
  ]);
  const { config, faults } = loadConfig(file, { drivers });
  const lines = new Map<string, Fault>();
  for (const fault of faultsFirst([...faults, ...(config?.warnings ?? [])]))
    lines.set(formatFault(fault), fault);
  // the table alone goes to standard output, so that it can be printed or read by a machine as it is
  for (const line of lines.keys()) (options.matrix ? say : print)(line);
  const found = [...lines.values()];
  const faulty = found.filter((fault) => fault.severity === 'fault').length;
  const warned = found.length - faulty;
  const good = faulty === 0 && config !== undefined && !(options.strict && warned > 0);
  const counts = [faulty && counted(faulty, 'fault'), warned && counted(warned, 'warning')]
    .filter(Boolean)
    .join(', ');
  say(`${options.config ?? file}: ${good ? 'good' : 'not good'}${counts ? `, ${counts}` : ''}`);
  if (good && options.matrix) await printMatrix(config, options);
  return good ? 0 : 1;
}

async function printMatrix(config: Config, options: Options): Promise<void> {
  const [{ matrixOf }, { matrixCsv, matrixLines }, { languageOf }, { canonicalJson }, { namesOf }] =
    await Promise.all([
      import('./matrix.ts'),
      import('./matrix-print.ts'),
      import('../terminal/words.ts'),
      import('../lib/canonical-json.ts'),
      import('../report.ts'),
    ]);
  const matrix = matrixOf(config);
  // of all that decides what an output does: rules, plans and points, and where and how each is driven
  const whole = canonicalJson([config.site, config.outputs]);
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, 12);
  if (options.json) printJson({ ...matrix, site: hash });
  else if (options.csv) for (const line of matrixCsv(matrix)) print(line);
  else {
    const language = languageOf(options.lang, config.premises.language);
    for (const line of matrixLines(matrix, language, hash, namesOf(config.site))) print(line);
  }
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
