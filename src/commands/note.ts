// `keepwatch note`: a person adds a note to an incident.

import { asOperator, type OperatorOptions, operate } from './operate.ts';
import type { Define } from './verb.ts';

export const define: Define = (command, act) => {
  asOperator(command, 'keepwatch note i3 "fire brigade is at the gate"')
    .argument('<incident>', 'its id, such as i3')
    .argument('<text...>', 'the note')
    .action(
      act((incident: string, text: string[], options: OperatorOptions) =>
        operate(options, 'note', { incident, text: text.join(' ') }),
      ),
    );
};
