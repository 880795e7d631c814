// The daemon's log: pino, one JSON object in a line, with secrets struck out. Written at once where the
// reader keeps up and thrown away, counted, where it does not: a stalled log reader must never stall the
// house. No domain words; the only place that knows pino.

import { pino } from 'pino';
import type { Log } from '../driver.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface RootLog extends Log {
  fatal(fields: object, message: string): void;
  /** a log whose every line carries these fields */
  child(fields: object): RootLog;
}

/** Where lines go: each with its newline. */
export interface LogDestination {
  write(line: string): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** default: standard output */
  readonly destination?: LogDestination;
}

const secretKeys = ['password', 'passphrase', 'secret', 'secrets', 'key', 'token', 'authorization'];
const depths = ['', '*.', '*.*.'];
// mqtt://user:password@host, also inside a sentence or an error's text
const credentials = /(:\/\/)[^\s/@"]+@/g;

export function createLog(options: LogOptions): RootLog {
  const destination = options.destination ?? streamDestination(process.stdout);
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: depths.flatMap((depth) => secretKeys.map((key) => depth + key)), censor: '***' },
      messageKey: 'message',
      errorKey: 'error',
    },
    { write: (line: string) => destination.write(line.replace(credentials, '$1***@')) },
  );
}

/** What may wait for a reader of the log before lines are dropped. */
const mostUnreadBytes = 1024 * 1024;

/**
 * A pipe or a socket is written to without blocking, a file at once (that is Node's own doing). When the
 * reader has gone or stalls, lines are dropped; how many is said once it reads again.
 */
export function streamDestination(stream: NodeJS.WriteStream): LogDestination {
  let dropped = 0;
  // without a listener a reader that has gone (EPIPE) would end the daemon
  stream.on('error', () => {});
  return {
    write(line) {
      if (stream.writableLength > mostUnreadBytes) {
        dropped += 1;
        return;
      }
      if (dropped > 0) {
        const at = new Date().toISOString();
        const said = {
          level: 'warn',
          time: at,
          code: 'LOG_DROPPED',
          dropped,
          message: 'the reader of this log was too slow',
        };
        dropped = 0;
        stream.write(`${JSON.stringify(said)}\n`);
      }
      stream.write(line);
    },
  };
}
