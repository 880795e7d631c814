// What a route of the API is: its method and path, the least role that may ask, its form for the document and its work.
// The list of all is in routes.ts; the server asks each for its role before anything else of it is done.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ConsoleConfig } from '../config/types.ts';
import type { Role } from '../rights/roles.ts';
import type { Floors } from './floors.ts';
import type { Lockout } from './lockout.ts';
import type { OneAtATime } from './one-at-a-time.ts';
import type { Places } from './places.ts';
import type { Pressed } from './pressed.ts';
import type { Rate } from './rate.ts';
import type { Sessions } from './sessions.ts';
import type { Shared } from './shared.ts';
import type { Stream } from './stream.ts';
import type { Turns } from './turns.ts';
import type { ConsoleParts, Who } from './types.ts';
import type { Work } from './work.ts';

/** What all routes work with. */
export interface House extends ConsoleParts {
  readonly settings: () => ConsoleConfig;
  readonly sessions: Sessions;
  readonly lockout: Lockout;
  /** checks of passwords, and who waits for one */
  readonly checks: OneAtATime;
  readonly waiting: Places;
  readonly commands: Rate;
  readonly raising: Rate;
  /** ids of the plans that there are */
  readonly plans: () => ReadonlySet<string>;
  /** pieces of work, one in a turn of the daemon's loop */
  readonly turns: Turns;
  readonly shared: Shared;
  readonly pressed: Pressed;
  readonly stream: Stream;
  readonly floors: Floors;
  /** what is made in a process of its own */
  readonly work: Work;
}

export interface Asked {
  readonly who: Who;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly house: House;
  /** values of the path, by name */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What most answers are. */
export const json = 'application/json; charset=utf-8';

export type Schema = Readonly<Record<string, unknown>>;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** under `apiBase`, with `:name` for what differs */
  readonly path: string;
  /** `anybody`: also without any right, because the route judges by itself what it tells and does */
  readonly least: Role | 'anybody';
  readonly summary: string;
  /** JSON Schema of the values in the query; what is not named is refused */
  readonly query?: Readonly<Record<string, Schema>>;
  readonly body?: Schema;
  /** types that a body may have, beside JSON */
  readonly bodyTypes?: readonly string[];
  /** bytes; default 64 KiB */
  readonly mostBytes?: number;
  /** Is it answered also where its address has used up what it may ask? */
  readonly isSpared?: (house: House, who: Who, body: unknown) => boolean;
  /** JSON Schema of what is answered with 200, or the type of what is no JSON */
  readonly answer: Schema | string;
  handle(asked: Asked): unknown;
}

/** How an object must look, with nothing in it that is not named. */
export function objectOf(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema {
  return { type: 'object', properties, required, additionalProperties: false };
}

/** A schema of the document's list, by name. */
export function named(name: string): Schema {
  return { type: 'object', additionalProperties: true, 'x-is': name };
}

export const listOf = (items: Schema): Schema => ({ type: 'array', items });
