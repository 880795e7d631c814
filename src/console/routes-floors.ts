// Routes of the floor plans: which there are, where things lie on them, and their pictures.

import type { Floor } from './api.ts';
import { floorOf } from './floor-form.ts';
import { largestPictureBytes } from './floors.ts';
import { tagsIn } from './query.ts';
import { type Asked, listOf, named, objectOf, type Route } from './route.ts';
import { Refusal } from './types.ts';

const share = { type: 'number', minimum: 0, maximum: 1 } as const;
const text = {
  anyOf: [
    { type: 'string', minLength: 1, maxLength: 200 },
    objectOf({ zh: { type: 'string' }, en: { type: 'string' } }, ['zh', 'en']),
  ],
};

/**
 * A picture may hold scripts and styles of its own. Shown as an image none of it runs; opened by itself it is in a
 * sandbox without rights, and may fetch nothing.
 */
export const picturePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'";

const fromOf = ({ request }: Asked): readonly string[] | undefined => tagsIn(request.headers['if-match']);

async function tagged({ reply }: Asked, floor: Promise<Floor>): Promise<Floor> {
  const found = await floor;
  reply.header('etag', `"${found.etag}"`);
  return found;
}

export const floorRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/floors',
    least: 'view',
    summary: 'All floor plans',
    answer: listOf(named('Floor')),
    handle: ({ house }) => house.floors.list(),
  },
  {
    method: 'GET',
    path: '/floors/:id',
    least: 'view',
    summary: 'One floor plan',
    answer: named('Floor'),
    handle: (asked) => tagged(asked, asked.house.floors.find(asked.path.id!)),
  },
  {
    method: 'PUT',
    path: '/floors/:id',
    least: 'configure',
    summary:
      'Makes a floor plan, or puts it in the place of the one there is; with `If-Match` only in the place of that one',
    body: objectOf(
      {
        name: text,
        points: {
          type: 'object',
          additionalProperties: { type: 'array', items: share, minItems: 2, maxItems: 2 },
        },
        zones: {
          type: 'object',
          additionalProperties: { type: 'array', items: share, minItems: 4, maxItems: 4 },
        },
      },
      ['name'],
    ),
    mostBytes: 512 * 1024,
    answer: named('Floor'),
    handle(asked) {
      const judged = floorOf(asked.body);
      if ('fault' in judged) throw new Refusal(400, 'badRequest', judged.fault);
      return tagged(asked, asked.house.floors.put(asked.path.id!, judged.floor, fromOf(asked)));
    },
  },
  {
    method: 'DELETE',
    path: '/floors/:id',
    least: 'configure',
    summary: 'Removes a floor plan and its picture',
    answer: { type: 'object', properties: { ok: { const: true } } },
    async handle(asked) {
      await asked.house.floors.remove(asked.path.id!, fromOf(asked));
      return { ok: true };
    },
  },
  {
    method: 'GET',
    path: '/floors/:id/image',
    least: 'view',
    summary: 'The picture of a floor plan',
    query: { v: { type: 'string' } },
    answer: 'image/*',
    async handle({ house, path, reply }) {
      const { type, size, bytes } = await house.floors.picture(path.id!);
      reply
        .type(type)
        .header('content-length', size)
        .header('content-security-policy', picturePolicy)
        .header('content-disposition', 'inline')
        // its address changes with it; never kept by anything between
        .header('cache-control', 'private, max-age=3600');
      return bytes;
    },
  },
  {
    method: 'PUT',
    path: '/floors/:id/image',
    least: 'configure',
    summary: 'Sets the picture of a floor plan: SVG or PNG, 5 MB at most',
    bodyTypes: ['image/svg+xml', 'image/png'],
    mostBytes: largestPictureBytes,
    answer: named('Floor'),
    handle(asked) {
      const { house, path, body } = asked;
      if (!Buffer.isBuffer(body))
        throw new Refusal(415, 'badRequest', {
          zh: '请发送 SVG 或 PNG 图片',
          en: 'send an SVG or PNG picture as the body',
        });
      return tagged(asked, house.floors.putPicture(path.id!, body, fromOf(asked)));
    },
  },
];
