// What can still be read of a file that is damaged: which retained messages it left at the broker, and which incidents
// were open. Best effort; a file that gives nothing gives nothing. Knows no engine.

import Sqlite, { type Database } from 'better-sqlite3';
import type { Event, Incident } from '../core/types.ts';

export interface Salvaged {
  readonly topics: readonly string[];
  /** alarms first */
  readonly openIncidents: readonly LostIncident[];
  /** all of those could be read */
  readonly openKnown: boolean;
  /** events that had not reached the broker, in order */
  readonly unsent: readonly Event[];
}

/** What a person needs to know to look for it on the spot; nothing of it is sure but the id. */
export interface LostIncident {
  readonly id: string;
  /** `Fire · Atrium`, in both languages: plan and zone as people call them */
  readonly title?: { readonly en: string; readonly zh: string };
  readonly plan?: string;
  readonly zone?: string;
}

/** Rows up to the first that can't be read. */
function rowsOf(database: Database, sql: string): { rows: string[]; whole: boolean } {
  const rows: string[] = [];
  try {
    for (const row of database.prepare<[], string>(sql).pluck().iterate()) rows.push(row);
    return { rows, whole: true };
  } catch {
    // the rest is gone
    return { rows, whole: false };
  }
}

function parsed<T>(body: string): T[] {
  try {
    return [JSON.parse(body) as T];
  } catch {
    return [];
  }
}

/**
 * Of a file that was set aside: it is read where it lies, since a copy of it could take a slow card longer than an alarm
 * may wait. Never throws.
 */
export function salvage(file: string): Salvaged {
  try {
    const database = new Sqlite(file, { timeout: 0, fileMustExist: true });
    try {
      // no files of SQLite's own beside it
      database.pragma('locking_mode = EXCLUSIVE');
      return readable(database);
    } finally {
      database.close();
    }
  } catch {
    return nothing;
  }
}

function readable(database: Database): Salvaged {
  const open = rowsOf(database, 'SELECT body FROM incident WHERE open = 1');
  const incidents = open.rows.flatMap(parsed<Partial<Incident> | null>);
  const isAlarm = (one: Partial<Incident> | null): boolean => one?.category === 'alarm';
  const lost = [...incidents.filter(isAlarm), ...incidents.filter((one) => !isAlarm(one))].flatMap(lostOf);
  return {
    topics: rowsOf(database, 'SELECT topic FROM retained').rows,
    openIncidents: lost,
    openKnown: open.whole && lost.length === open.rows.length,
    unsent: rowsOf(
      database,
      'SELECT body FROM outbox CROSS JOIN event ON event.seq = outbox.seq ORDER BY outbox.seq',
    ).rows.flatMap(parsed<Event>),
  };
}

/** It comes from a damaged file: only what has the form of an incident is believed. */
function lostOf(incident: Partial<Incident> | null): LostIncident[] {
  const id = wordOf(incident?.id);
  if (id === undefined) return [];
  const { title } = incident!;
  const [en, zh] = ['en', 'zh'].map((language) =>
    phraseOf(typeof title === 'object' && title !== null ? title[language as 'en' | 'zh'] : title),
  );
  const [plan, zone] = [wordOf(incident?.plan), wordOf(incident?.zone)];
  return [
    {
      id,
      ...(en !== undefined && zh !== undefined && { title: { en, zh } }),
      ...(plan !== undefined && { plan }),
      ...(zone !== undefined && { zone }),
    },
  ];
}

function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.-]{1,128}$/.test(value) ? value : undefined;
}

/** Without the marks that divide a list of them. */
function phraseOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.replace(/[\p{C};/()\s]+/gu, ' ').trim();
  return text === '' ? undefined : text.slice(0, longestTitle);
}

const longestTitle = 80;
/** So many are named: a person looks for them one by one. */
const mostNamed = 20;

/** `i3 (Fire · Atrium / 火灾 · 中庭), i4 (theft, hall)`, which `becauseIn` knows how to say in Chinese. */
export function namesOf(lost: readonly LostIncident[]): string {
  const named = lost.slice(0, mostNamed).map(({ id, title, plan, zone }) => {
    const about =
      title === undefined
        ? [plan, zone].filter((word) => word !== undefined).join(', ')
        : title.en === title.zh
          ? title.en
          : `${title.en} / ${title.zh}`;
    return about === '' ? id : `${id} (${about})`;
  });
  const more = lost.length - named.length;
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}

const nothing: Salvaged = { topics: [], openIncidents: [], openKnown: false, unsent: [] };
