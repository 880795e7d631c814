// `keepwatch step`: a person reports a step of the plan as done.

import { asOperator, type OperatorOptions, operate } from './operate.ts';
import type { Define } from './verb.ts';

interface Options extends OperatorOptions {
  readonly note?: string;
}

export const define: Define = (command, act) => {
  asOperator(command, 'keepwatch step i3 evacuate --note "hall is empty"')
    .argument('<incident>', 'its id, such as i3')
    .argument('<step>', 'id of the step')
    .option('--note <text>', 'a remark for the journal')
    .action(
      act((incident: string, step: string, options: Options) =>
        operate(options, 'step', { incident, step, note: options.note }),
      ),
    );
};
