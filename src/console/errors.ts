// How errors and unknown paths are answered: a stable code, and a sentence in the language that the request asks for, else
// in that of the premises. Knows no route.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiError } from './api.ts';
import { type FormFault, wordsOfForm } from './form-faults.ts';
import { headers } from './headers.ts';
import { languageWanted } from './language.ts';
import { type House, json } from './route.ts';
import { Refusal, type Words } from './types.ts';

/** An error of Fastify, with what it says of its own. */
interface Fault extends Error {
  readonly statusCode?: number;
  readonly code?: string;
  readonly validation?: readonly FormFault[];
  readonly validationContext?: string;
}

type Host = Pick<House, 'host'>;

function answer({ host }: Host, request: FastifyRequest, code: string, said: Words): ApiError {
  const language = languageWanted(request.headers['accept-language']) ?? host.premises().language;
  return { code, message: said[language] };
}

/** Of a path that no route is looked for by, so that none of what guards them is asked. */
export function speakOfPath(house: Host) {
  return (error: Fault, request: FastifyRequest, reply: FastifyReply): void => {
    const status = error.statusCode ?? 400;
    reply
      .headers(headers)
      .code(status)
      .type(json)
      .send(answer(house, request, codeOf(status), wordsOf(error, status)));
  };
}

export function speak(app: FastifyInstance, house: Pick<House, 'host' | 'log'>): void {
  const { log } = house;
  app.setErrorHandler((error: Fault, request, reply) => {
    if (error instanceof Refusal) {
      return reply
        .headers({ ...error.headers })
        .code(error.status)
        .type(json)
        .send(answer(house, request, error.code, error.said));
    }
    const status = error.statusCode ?? 500;
    if (status >= 500)
      log.error({ code: 'CONSOLE_FAILED', because: error.message }, 'a request to the console failed');
    return reply
      .code(status)
      .type(json)
      .send(answer(house, request, codeOf(status), wordsOf(error, status)));
  });
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .type(json)
      .send(answer(house, request, 'notFound', byStatus[404]!)),
  );
}

const noJson = { zh: '请求正文不是 JSON', en: 'the body is not JSON' } as const;
/** What Fastify refuses by itself; its own words are in English alone. */
const byCode: Readonly<Record<string, Words>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: { zh: '请求正文是空的', en: 'the body is empty' },
  FST_ERR_CTP_INVALID_JSON_BODY: noJson,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    zh: '请求正文的长度与 content-length 不符',
    en: 'the body is not as long as its content-length says',
  },
  FST_ERR_BAD_URL: { zh: '路径的编码不对', en: 'the path is not encoded as it must be' },
};
const byStatus: Readonly<Record<number, Words>> = {
  404: { zh: '没有这个名称的内容', en: 'there is nothing of this name' },
  413: { zh: '请求正文太大', en: 'the body is too large' },
  414: { zh: '路径太长', en: 'the path is too long' },
  415: {
    zh: '请求正文的类型不对：见 content-type',
    en: 'the body is of a type that is not taken here: see content-type',
  },
};
const bad = { zh: '请求的形式不对', en: 'the request is not as it must be' } as const;
const failed = { zh: '网关内部出错；详见日志', en: 'something went wrong here; the log has it' } as const;

function wordsOf(error: Fault, status: number): Words {
  if (status >= 500) return failed;
  if (error.validation !== undefined) return wordsOfForm(error.validationContext, error.validation);
  const known = byCode[error.code ?? ''] ?? byStatus[status];
  if (known !== undefined) return known;
  return error instanceof SyntaxError ? noJson : bad;
}

function codeOf(status: number): string {
  if (status >= 500) return 'internal';
  if (status === 413) return 'tooLarge';
  return status === 404 ? 'notFound' : 'badRequest';
}
