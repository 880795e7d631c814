// `keepwatch follow`: prints events of a running daemon as they come, until it is interrupted.

import { callDaemon, followDaemon } from '../control/client.ts';
import { eventLines } from '../terminal/lines.ts';
import { languageOf } from '../terminal/words.ts';
import {
  type DaemonOptions,
  type Define,
  output,
  print,
  withDaemon,
  withExample,
  withLanguage,
} from './verb.ts';
import { daemonSocket } from './where.ts';

export const define: Define = (command, act) => {
  withExample(withLanguage(withDaemon(command)), 'keepwatch follow --json | jq .type').action(
    act(async (options: DaemonOptions) => {
      const socket = await daemonSocket(options);
      const { premises } = await callDaemon(socket, 'status');
      const reading = { language: languageOf(options.lang, premises.language), timezone: premises.timezone };
      const interrupted = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
      const lineOf = eventLines(output());
      await followDaemon(
        socket,
        (event) => print(options.json ? JSON.stringify(event) : lineOf(event, reading)),
        interrupted.signal,
      );
      return 0;
    }),
  );
};
