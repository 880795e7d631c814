// `keepwatch ack`: a person has seen the incident and takes it on.

import { asOperator, type OperatorOptions, operate } from './operate.ts';
import type { Define } from './verb.ts';

interface Options extends OperatorOptions {
  readonly note?: string;
}

export const define: Define = (command, act) => {
  asOperator(command, 'keepwatch ack i3 --by lina')
    .argument('<incident>', 'its id, such as i3')
    .option('--note <text>', 'a remark for the journal')
    .action(
      act((incident: string, options: Options) => operate(options, 'ack', { incident, note: options.note })),
    );
};
