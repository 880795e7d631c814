// `keepwatch level`: a person changes the level of an incident.

import { asOperator, type OperatorOptions, operate } from './operate.ts';
import type { Define } from './verb.ts';

interface Options extends OperatorOptions {
  readonly note?: string;
}

export const define: Define = (command, act) => {
  const level = command.createArgument('<level>', 'the new level');
  asOperator(command, 'keepwatch level i3 urgent --note "spreads to the first floor"')
    .argument('<incident>', 'its id, such as i3')
    .addArgument(level.choices(['general', 'major', 'urgent']))
    .option('--note <text>', 'a remark for the journal')
    .action(
      act((incident: string, level: string, options: Options) =>
        operate(options, 'level', { incident, level, note: options.note }),
      ),
    );
};
