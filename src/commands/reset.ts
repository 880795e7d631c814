// `keepwatch reset`: a person lets go what is latched, so that the incident can return.

import { asOperator, type OperatorOptions, operate } from './operate.ts';
import type { Define } from './verb.ts';

interface Options extends OperatorOptions {
  readonly note?: string;
}

export const define: Define = (command, act) => {
  asOperator(command, 'keepwatch reset i3 --by lina')
    .argument('<incident>', 'its id, such as i3')
    .option('--note <text>', 'a remark for the journal')
    .action(
      act((incident: string, options: Options) =>
        operate(options, 'reset', { incident, note: options.note }),
      ),
    );
};
