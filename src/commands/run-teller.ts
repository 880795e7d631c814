// How a running daemon tells what happens: as JSON lines in its log, for the journal, or at a terminal as
// coloured lines for a person. Knows how things are told, not when.

import { realpathSync } from 'node:fs';
import type { Reach } from '../control/types.ts';
import type { Event, Text } from '../core/types.ts';
import { createLog, type LogLevel, type RootLog } from '../lib/log.ts';
import type { View } from '../terminal/view.ts';

/** What is told while it runs: to the log, or to the person at the terminal. */
export interface Teller {
  readonly log: RootLog;
  readonly view?: View;
  readonly event: (event: Event) => void;
  readonly link: (of: 'bus' | 'device', id: string, up: boolean, because: string) => void;
  readonly tell: (text: Text) => void;
}

/** At a terminal people see the view; otherwise events and links go into the log, for the journal. */
export async function tellerFor(terminal: boolean): Promise<Teller> {
  // At a terminal links and events have lines of their own; what else is good news is left out.
  const level = levelOf(process.env.KEEPWATCH_LOG, terminal ? 'warn' : 'info');
  if (!terminal) {
    const log = createLog({ level });
    return {
      log,
      event: (event) => logEvent(log, event),
      link: (of, id, up, because) => {
        log[up ? 'info' : 'warn'](
          { code: 'LINK', of, id, up, because },
          `${of} ${id} is ${up ? 'up' : 'down'}`,
        );
      },
      tell: (text) => log.info({ code: 'DEMO' }, typeof text === 'string' ? text : text.en),
    };
  }
  const [{ startView }, { screenOf }] = await Promise.all([
    import('../terminal/view.ts'),
    import('../terminal/paint.ts'),
  ]);
  process.stdout.on('error', () => {}); // a terminal that was closed is no reason to end
  const view = startView(screenOf(process.stdout));
  const log = createLog({ level, destination: view.log });
  return { log, view, event: view.event, link: view.link, tell: view.tell };
}

/** How to watch it and take part: at a terminal in full, in the log where it can be reached. */
export async function showBanner(
  { log, view }: Teller,
  reach: Reach,
  file: string | undefined,
): Promise<void> {
  if (view) {
    view.banner(reach, await howToFind(reach.socket, file));
    return;
  }
  const { premises, data, socket, broker, console } = reach;
  log.info({ code: 'STARTED', premises: premises.id, data, socket, broker, console }, 'keepwatch runs');
}

/** The shortest options by which a command typed here finds this daemon. */
async function howToFind(socket: string, file: string | undefined): Promise<string> {
  const { daemonSocket } = await import('./where.ts');
  const finds = async (options: { config?: string }): Promise<boolean> =>
    real(await daemonSocket(options).catch(() => '')) === real(socket);
  if (await finds({})) return '';
  if (file !== undefined && (await finds({ config: file }))) return `-c ${quoted(file)}`;
  return `--socket ${quoted(socket)}`;
}

/** The demo's usual folder is a link to that of the latest one. */
function real(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function logEvent(log: RootLog, event: Event): void {
  const { type, seq, because, by, drill, incident, output } = event;
  const fields = {
    code: 'EVENT',
    type,
    seq,
    because,
    ...(by === undefined ? {} : { by }),
    ...(drill ? { drill } : {}),
    ...(incident ? { incident: incident.id, category: incident.category, severity: incident.level } : {}),
    ...(output ? { output } : {}),
  };
  log.info(fields, incident ? `${type} ${incident.title.en}` : type);
}

function levelOf(asked: string | undefined, otherwise: LogLevel): LogLevel {
  const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];
  return levels.find((level) => level === asked) ?? otherwise;
}
