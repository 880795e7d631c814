// `keepwatch unshelve`: a person takes a shelved incident back before its time.

import { asOperator, type OperatorOptions, operate } from './operate.ts';
import type { Define } from './verb.ts';

export const define: Define = (command, act) => {
  asOperator(command, 'keepwatch unshelve i3')
    .argument('<incident>', 'its id, such as i3')
    .action(act((incident: string, options: OperatorOptions) => operate(options, 'unshelve', { incident })));
};
