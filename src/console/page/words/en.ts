// All that the page says in English: one file for each part of it, put together. `zh.ts` has the same keys.

import { base } from './en/base.ts';
import { incident } from './en/incident.ts';
import { wall } from './en/wall.ts';
import { ways } from './en/ways.ts';

export const en = { ...base, ...wall, ...incident, ...ways };
