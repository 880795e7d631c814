// `keepwatch contacts`: a person looked through the contacts and vouches that they are right.

import { asOperator, type OperatorOptions, operate } from './operate.ts';
import type { Define } from './verb.ts';

interface Options extends OperatorOptions {
  readonly note?: string;
}

export const define: Define = (command, act) => {
  const action = command.createArgument(
    '<action>',
    'checked: every name and number was looked at and is right',
  );
  asOperator(command, 'keepwatch contacts checked --note "rang every number"')
    .addArgument(action.choices(['checked']))
    .option('--note <text>', 'a remark for the journal')
    .action(act((_action: string, options: Options) => operate(options, 'contacts', { note: options.note })));
};
