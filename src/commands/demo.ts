// `keepwatch demo`: plays a scenario again on the running demo.

import { callDaemon } from '../control/client.ts';
import { type DaemonOptions, type Define, print, printJson, withDaemon, withExample } from './verb.ts';
import { daemonSocket } from './where.ts';

export const define: Define = (command, act) => {
  withExample(withDaemon(command), 'keepwatch demo smoke')
    .argument('[scenario]', 'what is to happen', 'smoke')
    .action(
      act(async (scenario: string, options: DaemonOptions) => {
        await callDaemon(await daemonSocket(options), 'demo', { scenario });
        if (options.json) printJson({ ok: true, scenario });
        else print(`the demo plays "${scenario}"`);
        return 0;
      }),
    );
};
