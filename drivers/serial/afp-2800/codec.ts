// The event lines of Notifier/Honeywell AFP-2800 and XLS-2000 panels, `:EVENT Zone Point Label DD/MM HH:MM;`, to
// events; pure. Words and fields: Firesense, Printer & Modem Interface V3. Cutting the stream into lines is done
// by the codec of `lines`; which gateway point an event sets is not known here.

/** What a panel says stands, by the name that a point's `read` has. */
export const stateNames = [
  'alarm',
  'fault',
  'isolate',
  'mainsFail',
  'chargerLow',
  'batteryLow',
  'commsFail',
] as const;
export type StateName = (typeof stateNames)[number];

export interface Meaning {
  readonly sets: readonly StateName[];
  readonly clears: readonly StateName[];
  /** a person reset it: ends all of a zone, and with zone 0 all of the panel */
  readonly reset: boolean;
}

const faults: readonly StateName[] = ['fault', 'mainsFail', 'chargerLow', 'batteryLow', 'commsFail'];
const sets = (...names: StateName[]): Meaning => ({ sets: names, clears: [], reset: false });
const clears = (names: readonly StateName[], reset: boolean): Meaning => ({ sets: [], clears: names, reset });

/** every event word that the document lists */
export const meanings: Readonly<Record<string, Meaning>> = {
  ALARM: sets('alarm'),
  // still in alarm; for a gateway that came later it is the first it hears
  'ACKD ALARM': sets('alarm'),
  'RESET ALARM': clears(['alarm'], true),
  'ALARM SELF CLEARED': clears(['alarm'], false),
  ISOL: sets('isolate'),
  // an alarm of what a person has isolated: shown as isolated, and no alarm
  'ISOL ALARM': sets('isolate'),
  'DE-ISOLATE': clears(['isolate'], false),
  FAULT: sets('fault'),
  'RESET FAULT': clears(faults, true),
  'FAULT SELF CLEARED': clears(faults, false),
  'MAINS FAIL': sets('mainsFail'),
  'CHARGER LOW': sets('chargerLow'),
  'BATTERY LOW': sets('batteryLow'),
  'COMMS FAIL': sets('commsFail'),
  'COMMS PROC FL': sets('commsFail'),
  'NO REPLY': sets('commsFail'),
  'RING BROKEN': sets('commsFail'),
  // the end of an input that is neither alarm nor fault
  'ACTIVE SELF CLR': sets(),
};

export interface PanelEvent {
  /** one of the words above */
  readonly word: string;
  readonly zone: number;
  /** as the panel prints it, such as 1.1.Z1 */
  readonly point: string;
  readonly label: string;
  /** the panel's clock, DD/MM HH:MM; undefined where the line's end was spoilt */
  readonly at: string | undefined;
}

// the longest first: ALARM SELF CLEARED is no ALARM
const words = Object.keys(meanings)
  .sort((a, b) => b.length - a.length)
  .join('|');
const head = new RegExp(`^\\s*(${words})(?:\\s*\\(F\\d+\\))?\\s+Z(\\d{1,3})\\s+(\\S+)`);
const time = /\d\d\/\d\d\s+\d\d:\d\d$/;
/** Where a lost `;` let the next event run into this one. */
const joint = new RegExp(`:(?=(?:${words})(?:\\s*\\(F\\d+\\))?\\s+Z\\d)`);

/** The events in a line, without its `:` and `;`, and what of it is none. */
export function parseLine(line: string): {
  readonly events: readonly PanelEvent[];
  readonly unknown: readonly string[];
} {
  const events: PanelEvent[] = [];
  const unknown: string[] = [];
  for (const text of line.split(joint)) {
    const match = head.exec(text);
    if (!match) {
      if (text.trim() !== '') unknown.push(text);
      continue;
    }
    const [whole, word, zone, point] = match;
    // in two steps: one pattern for all of it would take seconds on a line of blanks
    const rest = text.slice(whole.length).trim();
    const at = time.exec(rest)?.[0];
    const label = rest.slice(0, rest.length - (at?.length ?? 0)).trim();
    events.push({ word: word!, zone: Number(zone), point: point!, label, at });
  }
  return { events, unknown };
}
