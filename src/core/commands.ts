// Runs a command: finds its verb, lets it judge and act, and makes the reply. A new verb is a function in one of
// the files of verbs.

import { type Act, optionalText, Refusal } from './command-fields.ts';
import { drillVerbs } from './drills.ts';
import { dutyVerbs } from './duties.ts';
import { equipmentVerbs } from './equipment-verbs.ts';
import { incidentVerbs } from './incident-verbs.ts';
import type { Turn } from './incidents.ts';
import type { Command, Reply, Text, Verb } from './types.ts';
import { isLanguage, noLanguage } from './vocabulary.ts';
import { walkTestVerbs } from './walk-test.ts';

const verbs: Readonly<Record<Verb, Act>> = {
  ...incidentVerbs,
  ...equipmentVerbs,
  ...drillVerbs,
  ...walkTestVerbs,
  ...dutyVerbs,
};

/** Runs a command whose shape the door has checked. Always gives a reply; a refused one has changed nothing. */
export function run(turn: Turn, command: Command): Reply {
  const asked = command.language;
  const language = isLanguage(asked) ? asked : turn.model.site.language;
  const reply = (ok: boolean, code: string, message: Text, more: object = {}): Reply => ({
    id: command.id,
    ok,
    code,
    message: typeof message === 'string' ? message : message[language],
    ...more,
  });
  if (asked !== undefined && !isLanguage(asked)) return reply(false, 'badRequest', noLanguage);
  const act = Object.hasOwn(verbs, command.verb) ? verbs[command.verb as Verb] : undefined;
  if (!act)
    return reply(false, 'unknownVerb', {
      zh: `未知的操作 ${command.verb}`,
      en: `unknown verb ${command.verb}`,
    });
  try {
    optionalText(command, 'note'); // every verb takes one, and must not find it wrong halfway
    const { message, incident } = act(turn, command);
    return reply(true, 'ok', message, incident === undefined ? {} : { incident });
  } catch (error) {
    if (error instanceof Refusal) return reply(false, error.code, error.text);
    throw error;
  }
}
