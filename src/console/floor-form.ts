// The form of a floor plan: as it comes over HTTP and as it lies in its file, and what kind of picture some bytes are.
// Pure; knows no disk and no route.

import { parseDocument, stringify } from 'yaml';
import type { Text } from '../core/types.ts';
import type { Floor } from './api.ts';

export type FloorData = Pick<Floor, 'name' | 'points' | 'zones'>;

const mostPlaces = 5000;
const longestName = 200;
const idForm = /^(?!constructor$)[a-z][a-z0-9_]{0,63}$/;
const pointForm = /^[a-z][a-z0-9_]{0,63}\.[a-z][a-z0-9_]{0,63}$/;

/** Also the beginning of its files' names: nothing else than this ever reaches a path. */
export function isFloorId(id: string): boolean {
  return idForm.test(id);
}

/** A floor of whatever was given, or a sentence on why it is none. */
export function floorOf(given: unknown): FloorData | string {
  if (!isMap(given)) return 'a floor is a map with `name`, `points` and `zones`';
  for (const key of Object.keys(given))
    if (!['name', 'points', 'zones'].includes(key)) {
      return `unknown key \`${key.slice(0, 60).replace(/\s+/g, ' ')}\``;
    }
  const name = nameIn(given.name);
  if (name === undefined) return '`name` must be a text, or { zh: …, en: … }';
  const points = placesIn(given.points, pointForm, 2);
  if (typeof points === 'string') return `\`points\`: ${points}`;
  const zones = placesIn(given.zones, idForm, 4);
  if (typeof zones === 'string') return `\`zones\`: ${zones}`;
  return { name, points, zones } as unknown as FloorData;
}

export function floorInYaml(text: string): FloorData | string {
  const document = parseDocument(text, { version: '1.2', schema: 'core', logLevel: 'silent' });
  if (document.errors.length > 0) return 'the file is not YAML';
  try {
    return floorOf(document.toJS({ maxAliasCount: 10 }));
  } catch {
    return 'the file is nested too deeply, or has too many aliases';
  }
}

export function yamlOf(floor: FloorData): string {
  return stringify(floor, { lineWidth: 0, flowCollectionPadding: true, collectionStyle: 'any' });
}

/** In so many bytes at the beginning it shows of what kind a picture is. */
export const pictureHeadBytes = 16_384;

/** By its first bytes; undefined: no picture that is shown. */
export function pictureKind(bytes: Uint8Array): 'png' | 'svg' | undefined {
  const png = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  if (bytes.length > 24 && png.every((byte, at) => bytes[at] === byte)) return 'png';
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, pictureHeadBytes)).toString(
    'utf8',
  );
  return beginsWithSvg(text) ? 'svg' : undefined;
}

/** A declaration, comments and a document type may come before the first element. */
function beginsWithSvg(text: string): boolean {
  const before: readonly (readonly [begin: string, end: string])[] = [
    ['<?', '?>'],
    ['<!--', '-->'],
    ['<!DOCTYPE svg', '>'],
  ];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  for (;;) {
    while (at < text.length && /\s/.test(text[at]!)) at += 1;
    const part = before.find(([begin]) => text.startsWith(begin, at));
    if (part === undefined) return /^<svg[\s/>]/.test(text.slice(at, at + 5));
    const [begin, end] = part;
    const ends = text.indexOf(end, at + begin.length);
    // a document type with entities of its own could grow without end
    if (ends < 0 || (begin === '<!DOCTYPE svg' && text.slice(at, ends).includes('['))) return false;
    at = ends + end.length;
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= longestName;
}

function nameIn(value: unknown): Text | undefined {
  if (isName(value)) return value;
  if (!isMap(value) || !isName(value.zh) || !isName(value.en) || Object.keys(value).length !== 2)
    return undefined;
  return { zh: value.zh, en: value.en };
}

/** Ids with so many shares of the picture each. */
function placesIn(value: unknown, form: RegExp, count: 2 | 4): Record<string, number[]> | string {
  if (value === undefined || value === null) return {};
  if (!isMap(value)) return 'must be a map of ids and places';
  const entries = Object.entries(value);
  if (entries.length > mostPlaces) return `more than ${mostPlaces} of them`;
  const places: Record<string, number[]> = {};
  for (const [id, place] of entries) {
    if (!form.test(id)) return `\`${id.slice(0, 60)}\` is not an id`;
    const sound =
      Array.isArray(place) &&
      place.length === count &&
      place.every((share) => typeof share === 'number' && share >= 0 && share <= 1);
    if (!sound) return `${id}: must be ${count} numbers from 0 to 1`;
    // finer than any screen, and the file stays readable
    places[id] = (place as number[]).map((share) => Math.round(share * 10_000) / 10_000);
  }
  return places;
}
