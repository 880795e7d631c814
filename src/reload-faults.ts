// Why a site file that is sound can't be taken up by a running daemon, as faults with a place and what to do. Knows
// configurations, and nothing that runs.

import type { Config, Fault } from './config/types.ts';

export function faultOf(config: Config, what: string, todo: string): Fault {
  return { severity: 'fault', file: config.file, line: 1, column: 1, what, todo };
}

/** What this section of the configuration is about can't be opened. */
export function cannotOpen(config: Config, section: 'mqtt' | 'console', error: Error): Fault {
  const what = `${section === 'mqtt' ? 'mqtt' : 'the console'} can't be opened: ${error.message}`;
  return faultOf(config, what, `correct \`${section}:\`; what was in force before goes on`);
}

/** What only a restart can change: the identity and the place of the state. */
export function unreloadable(before: Config, next: Config): Fault[] {
  const fault = (what: string): Fault =>
    faultOf(next, `${what} can't be changed while running`, 'restart keepwatch, or put back what it was');
  return [
    ...(before.premises.id === next.premises.id ? [] : [fault(`premises.id (now ${before.premises.id})`)]),
    ...(before.data === next.data ? [] : [fault(`data (now ${before.data})`)]),
  ];
}
