// `keepwatch check`: validates a site file with all it names and prints every fault and warning, one line
// each, all at once.

import type { Fault } from '../config/types.ts';
import { type Define, print, say, UsageFault, withConfig, withExample } from './verb.ts';
import { siteFile } from './where.ts';

interface Options {
  readonly config?: string;
  readonly strict?: boolean;
}

export const define: Define = (command, act) => {
  withExample(withConfig(command), 'keepwatch check -c site.yaml --strict')
    .option('--strict', 'warnings are faults')
    .action(act(check));
};

async function check(options: Options): Promise<number> {
  const file = siteFile(options.config);
  if (file === undefined) {
    throw new UsageFault(
      'no ./keepwatch.yaml and no /etc/keepwatch/keepwatch.yaml here; name a site file with -c FILE',
    );
  }
  const [{ drivers }, { loadConfig, formatFault }] = await Promise.all([
    import('../app.ts'),
    import('../config/load.ts'),
  ]);
  const { config, faults } = loadConfig(file, { drivers });
  const lines = new Map<string, Fault>();
  for (const fault of [...faults, ...(config?.warnings ?? [])]) lines.set(formatFault(fault), fault);
  for (const line of lines.keys()) print(line);
  const found = [...lines.values()];
  const faulty = found.filter((fault) => fault.severity === 'fault').length;
  const warned = found.length - faulty;
  const good = faulty === 0 && config !== undefined && !(options.strict && warned > 0);
  const counts = [faulty && counted(faulty, 'fault'), warned && counted(warned, 'warning')]
    .filter(Boolean)
    .join(', ');
  say(`${options.config ?? file}: ${good ? 'good' : 'not good'}${counts ? `, ${counts}` : ''}`);
  return good ? 0 : 1;
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
