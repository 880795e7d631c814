// `keepwatch output`: a person drives an output by hand for a while; then it is automatic again.

import { asOperator, duration, type OperatorOptions, operate } from './operate.ts';
import { type Define, UsageFault } from './verb.ts';

interface Options extends OperatorOptions {
  readonly for?: string;
}

const values: Readonly<Record<string, boolean | 'auto'>> = { on: true, off: false, auto: 'auto' };

export const define: Define = (command, act) => {
  const value = command.createArgument('<value>', 'auto: at once back to automatic');
  asOperator(command, 'keepwatch output siren off --for 5m')
    .argument('<output>', 'id of the output')
    .addArgument(value.choices(Object.keys(values)))
    .option('--for <duration>', 'how long, such as 5m; on and off need it')
    .action(
      act((output: string, value: string, options: Options) => {
        if (options.for === undefined && value !== 'auto') {
          throw new UsageFault(`how long is ${output} to stay ${value}? give --for, such as --for 5m`);
        }
        const limit = options.for === undefined ? {} : { for: duration(options.for) };
        return operate(options, 'output', { output, value: values[value], ...limit });
      }),
    );
};
