// `keepwatch raise`: a person opens an incident by hand.

import { asOperator, type OperatorOptions, operate } from './operate.ts';
import type { Define } from './verb.ts';

interface Options extends OperatorOptions {
  readonly zone?: string;
  readonly level?: string;
  readonly note?: string;
  readonly finder?: string;
  readonly phone?: string;
  readonly place?: string;
}

export const define: Define = (command, act) => {
  const level = command.createOption('--level <level>', "instead of the plan's own level");
  asOperator(command, 'keepwatch raise fire --zone atrium --note "smoke seen at the stairs"')
    .argument('<plan>', 'id of the plan, such as fire; `keepwatch plans` lists all')
    .option('--zone <zone>', 'where')
    .addOption(level.choices(['general', 'major', 'urgent']))
    .option('--note <text>', 'what was seen')
    .option('--finder <name>', 'who found it, if that is somebody else')
    .option('--phone <number>', 'where the finder can be called back')
    .option('--place <text>', 'where exactly, such as "2nd floor, by the lift"')
    .action(
      act((plan: string, options: Options) => {
        const { zone, level, note, finder, phone, place } = options;
        const fields = { plan, zone, level, note, finder, phone, place };
        return operate(options, 'raise', fields, async ({ code, message }) => {
          if (code !== 'notFound') return undefined;
          const { aboutPlan } = await import('./plans.ts');
          return aboutPlan(message, plan, options.config);
        });
      }),
    );
};
