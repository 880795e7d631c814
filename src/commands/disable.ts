// `keepwatch disable`: a person takes a point, a device or a zone out of service, with a reason.

import {
  asOperator,
  duration,
  type OperatorOptions,
  operateOnFirst,
  targets,
  withTarget,
} from './operate.ts';
import type { Define } from './verb.ts';

interface Options extends OperatorOptions {
  readonly point?: string;
  readonly device?: string;
  readonly zone?: string;
  readonly for?: string;
  readonly reason: string;
}

export const define: Define = (command, act) => {
  const example = 'keepwatch disable inputs.smoke_atrium --for 2h --reason "welding in the atrium"';
  withTarget(asOperator(command, example))
    .option('--for <duration>', 'how long, such as 2h; otherwise until it is enabled')
    .requiredOption('--reason <text>', 'why')
    .action(
      act((name: string | undefined, options: Options) => {
        const limit = options.for === undefined ? {} : { for: duration(options.for) };
        const fields = { ...limit, reason: options.reason };
        const readings = targets(name, options).map((target) => ({ ...target, ...fields }));
        return operateOnFirst(options, 'disable', readings);
      }),
    );
};
