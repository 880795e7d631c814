// The OpenAPI document, out of the forms that the routes declare, and the list of what their answers look like. What it
// says is meant for people and generators of clients; what comes in is checked by the same forms.

import { apiBase, csrfHeader } from './api.ts';
import type { Route, Schema } from './route.ts';
import { answers } from './schemas.ts';

export function documentOf(version: string) {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Keepwatch',
        version,
        description: `What a guard and a manager look at, for programs. Everything that changes something carries \`csrf\` of ${apiBase}/session in the header ${csrfHeader}.`,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        schemas: answers as Record<string, object>,
        securitySchemes: {
          login: { type: 'apiKey' as const, in: 'cookie' as const, name: '__Host-keepwatch' },
        },
      },
    },
    // names and references are ours already
    transform: ({ schema, url }: { schema: unknown; url: string }) => ({
      schema: pointed(schema) as never,
      url,
    }),
  };
}

const error = {
  description: 'refused; `code` is stable',
  ...contentOf({ type: 'object', 'x-is': 'ApiError' }),
};

/** The form of a route, as Fastify and the document take it. */
export function schemaOf(route: Route): object {
  const names = [...route.path.matchAll(/:([a-z]+)/g)].map((match) => match[1]!);
  return {
    summary: route.summary,
    operationId: operationOf(route),
    description: route.least === 'anybody' ? 'Anybody may ask.' : `Least role: ${route.least}.`,
    ...(route.least !== 'anybody' && { security: [{}, { login: [] }] }),
    ...(names.length > 0 && {
      params: {
        type: 'object',
        properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
        required: names,
      },
    }),
    // what is not named is refused: a misspelt `form` must not give the whole
    querystring: { type: 'object', properties: route.query ?? {}, additionalProperties: false },
    ...(route.body && { body: route.body }),
    ...(route.bodyTypes && { consumes: route.bodyTypes }),
    response: {
      200: {
        description: 'done',
        ...(typeof route.answer === 'string'
          ? { content: { [route.answer]: { schema: { type: 'string' } } } }
          : contentOf(route.answer)),
      },
      '4xx': error,
    },
  };
}

function contentOf(schema: Schema): { content: object } {
  return { content: { 'application/json': { schema } } };
}

function operationOf({ method, path }: Route): string {
  const words = path
    .split('/')
    .filter(Boolean)
    .map((word) => word.replace(':', 'by-'));
  return [method.toLowerCase(), ...words]
    .join('-')
    .replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The same with a reference to the list in the place of each name of it. */
function pointed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(pointed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const name = (schema as { 'x-is'?: unknown })['x-is'];
  if (typeof name === 'string') return { $ref: `#/components/schemas/${name}` };
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, pointed(value)]));
}
