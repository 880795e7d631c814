// `keepwatch enable`: a person puts a point, a device or a zone back into service.

import { asOperator, type OperatorOptions, operateOnFirst, targets, withTarget } from './operate.ts';
import type { Define } from './verb.ts';

interface Options extends OperatorOptions {
  readonly point?: string;
  readonly device?: string;
  readonly zone?: string;
  readonly reason?: string;
}

export const define: Define = (command, act) => {
  withTarget(asOperator(command, 'keepwatch enable inputs.smoke_atrium'))
    .option('--reason <text>', 'why')
    .action(
      act((name: string | undefined, options: Options) => {
        const fields = options.reason === undefined ? {} : { reason: options.reason };
        const readings = targets(name, options).map((target) => ({ ...target, ...fields }));
        return operateOnFirst(options, 'enable', readings);
      }),
    );
};
