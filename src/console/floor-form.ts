// The form of a floor plan: as it comes over HTTP and as it lies in its file, and what kind of picture some bytes are.
// Pure; knows no disk and no route.

import { parseDocument, stringify } from 'yaml';
import type { Text } from '../core/types.ts';
import type { Floor } from './api.ts';
import type { Words } from './types.ts';

export type FloorData = Pick<Floor, 'name' | 'points' | 'zones'>;

const mostPlaces = 5000;
const longestName = 200;
const idForm = /^(?!constructor$)[a-z][a-z0-9_]{0,63}$/;
const pointForm = /^[a-z][a-z0-9_]{0,63}\.[a-z][a-z0-9_]{0,63}$/;

/** Also the beginning of its files' names: nothing else than this ever reaches a path. */
export function isFloorId(id: string): boolean {
  return idForm.test(id);
}

/** A floor, or a sentence on why it is none. */
export type Judged = { readonly floor: FloorData } | { readonly fault: Words };

/** A floor of whatever was given. */
export function floorOf(given: unknown): Judged {
  const bad = (zh: string, en: string): Judged => ({ fault: { zh, en } });
  if (!isMap(given))
    return bad(
      '平面图应为含 name、points 和 zones 的映射',
      'a floor is a map with `name`, `points` and `zones`',
    );
  for (const key of Object.keys(given))
    if (!['name', 'points', 'zones'].includes(key)) {
      const shown = key.slice(0, 60).replace(/\s+/g, ' ');
      return bad(`平面图有未知的键 “${shown}”`, `unknown key \`${shown}\``);
    }
  const name = nameIn(given.name);
  if (name === undefined)
    return bad('name 应为文本，或 { zh: …, en: … }', '`name` must be a text, or { zh: …, en: … }');
  const points = placesIn(given.points, pointForm, 2);
  if ('fault' in points) return bad(`points：${points.fault.zh}`, `\`points\`: ${points.fault.en}`);
  const zones = placesIn(given.zones, idForm, 4);
  if ('fault' in zones) return bad(`zones：${zones.fault.zh}`, `\`zones\`: ${zones.fault.en}`);
  return { floor: { name, points: points.places, zones: zones.places } as unknown as FloorData };
}

export function floorInYaml(text: string): Judged {
  const document = parseDocument(text, { version: '1.2', schema: 'core', logLevel: 'silent' });
  if (document.errors.length > 0) return { fault: { zh: '文件不是 YAML', en: 'the file is not YAML' } };
  try {
    return floorOf(document.toJS({ maxAliasCount: 10 }));
  } catch {
    return {
      fault: {
        zh: '文件嵌套太深，或别名太多',
        en: 'the file is nested too deeply, or has too many aliases',
      },
    };
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

type Places = { readonly places: Record<string, number[]> } | { readonly fault: Words };

/** Ids with so many shares of the picture each. */
function placesIn(value: unknown, form: RegExp, count: 2 | 4): Places {
  const bad = (zh: string, en: string): Places => ({ fault: { zh, en } });
  if (value === undefined || value === null) return { places: {} };
  if (!isMap(value)) return bad('应为编号到位置的映射', 'must be a map of ids and places');
  const entries = Object.entries(value);
  if (entries.length > mostPlaces) return bad(`超过 ${mostPlaces} 个`, `more than ${mostPlaces} of them`);
  const places: Record<string, number[]> = {};
  for (const [id, place] of entries) {
    const shown = id.slice(0, 60).replace(/\s+/g, ' ');
    if (!form.test(id)) return bad(`${shown} 不是编号`, `\`${shown}\` is not an id`);
    const sound =
      Array.isArray(place) &&
      place.length === count &&
      place.every((share) => typeof share === 'number' && share >= 0 && share <= 1);
    if (!sound)
      return bad(`${id} 应为 ${count} 个 0 到 1 的数`, `${id}: must be ${count} numbers from 0 to 1`);
    // finer than any screen, and the file stays readable
    places[id] = (place as number[]).map((share) => Math.round(share * 10_000) / 10_000);
  }
  return { places };
}
