// `keepwatch silence`: a person silences the sirens; the incident stays open.

import { asOperator, type OperatorOptions, operate } from './operate.ts';
import type { Define } from './verb.ts';

interface Options extends OperatorOptions {
  readonly note?: string;
}

export const define: Define = (command, act) => {
  asOperator(command, 'keepwatch silence --by lina')
    .argument('[incident]', 'its id, such as i3; all when left out')
    .option('--note <text>', 'a remark for the journal')
    .action(
      act((incident: string | undefined, options: Options) =>
        operate(options, 'silence', { incident, note: options.note }),
      ),
    );
};
