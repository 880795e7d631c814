// `keepwatch raise`: a person opens an incident by hand.

import { asOperator, type OperatorOptions, operate } from './operate.ts';
import type { Define } from './verb.ts';

interface Options extends OperatorOptions {
  readonly zone?: string;
  readonly level?: string;
  readonly note?: string;
}

export const define: Define = (command, act) => {
  const level = command.createOption('--level <level>', "instead of the plan's own level");
  asOperator(command, 'keepwatch raise fire --zone atrium --note "smoke seen at the stairs"')
    .argument('<plan>', 'id of the plan, such as fire')
    .option('--zone <zone>', 'where')
    .addOption(level.choices(['general', 'major', 'urgent']))
    .option('--note <text>', 'what was seen')
    .action(
      act((plan: string, options: Options) => {
        const { zone, level, note } = options;
        return operate(options, 'raise', { plan, zone, level, note });
      }),
    );
};
