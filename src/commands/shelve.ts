// `keepwatch shelve`: a person puts an incident aside for a while, with a reason.

import { asOperator, duration, type OperatorOptions, operate } from './operate.ts';
import type { Define } from './verb.ts';

interface Options extends OperatorOptions {
  readonly for: string;
  readonly reason: string;
}

export const define: Define = (command, act) => {
  asOperator(command, 'keepwatch shelve i3 --for 30m --reason "detector is being replaced"')
    .argument('<incident>', 'its id, such as i3')
    .requiredOption('--for <duration>', 'how long, such as 30m')
    .requiredOption('--reason <text>', 'why')
    .action(
      act((incident: string, options: Options) =>
        operate(options, 'shelve', { incident, for: duration(options.for), reason: options.reason }),
      ),
    );
};
