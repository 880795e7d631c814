// All that the page says in Chinese: the keys of `en.ts`, no more and no less.

import type { en } from './en.ts';
import { base } from './zh/base.ts';
import { incident } from './zh/incident.ts';
import { wall } from './zh/wall.ts';
import { ways } from './zh/ways.ts';

export const zh: Readonly<Record<keyof typeof en, string>> = { ...base, ...wall, ...incident, ...ways };
