// `keepwatch close`: a person closes an incident, with what its plan demands.

import { asOperator, type OperatorOptions, operate } from './operate.ts';
import type { Define } from './verb.ts';

interface Options extends OperatorOptions {
  readonly verdict?: string;
  readonly cause?: string;
  readonly remedy?: string;
  readonly losses?: string;
  readonly note?: string;
}

export const define: Define = (command, act) => {
  // Which of them a plan demands only the daemon knows, so none is demanded here.
  const verdict = command.createOption('--verdict <verdict>', 'what it turned out to be');
  asOperator(command, 'keepwatch close i3 --verdict false --cause "steam from the kitchen"')
    .argument('<incident>', 'its id, such as i3')
    .addOption(verdict.choices(['real', 'false', 'test', 'maintenance']))
    .option('--cause <text>', 'why it happened')
    .option('--remedy <text>', 'what was done')
    .option('--losses <text>', 'what was lost')
    .option('--note <text>', 'a remark for the journal')
    .action(
      act((incident: string, options: Options) => {
        const { verdict, cause, remedy, losses, note } = options;
        return operate(options, 'close', { incident, verdict, cause, remedy, losses, note });
      }),
    );
};
