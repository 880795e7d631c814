// `keepwatch evidence`: a person has secured something that is to be kept of an incident, such as the video.

import { asOperator, duration, type OperatorOptions, operate } from './operate.ts';
import { type Define, UsageFault } from './verb.ts';

interface Options extends OperatorOptions {
  readonly text?: string;
  readonly for?: string;
  readonly note?: string;
}

export const define: Define = (command, act) => {
  asOperator(command, 'keepwatch evidence i3 video --note "camera 4, copied to the office"')
    .argument('<incident>', 'its id, such as i3')
    .argument('[evidence]', 'what its plan demands, such as video; `keepwatch explain` shows it')
    .option('--text <text>', 'what it is, where the plan does not name it')
    .option('--for <duration>', 'how long it is kept at least, such as 30d')
    .option('--note <text>', 'where it is, who holds it')
    .action(
      act((incident: string, evidence: string | undefined, options: Options) => {
        const { text, note } = options;
        if ((evidence === undefined) === (text === undefined))
          throw new UsageFault(
            'name either what the plan demands, such as `video`, or something else by --text',
          );
        const limit = options.for === undefined ? {} : { for: duration(options.for) };
        return operate(options, 'evidence', { incident, evidence, text, note, ...limit });
      }),
    );
};
