// How errors and unknown paths are answered: a stable code, and a sentence in the language that the request asks for, else
// in that of the premises. Knows no route.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { languageWanted } from './language.ts';
import type { House } from './route.ts';
import { Refusal, type Said } from './types.ts';

export function speak(app: FastifyInstance, { log, host }: House): void {
  const answer = (request: FastifyRequest, code: string, said: Said): { code: string; message: string } => {
    const language = languageWanted(request.headers['accept-language']) ?? host.premises().language;
    return { code, message: typeof said === 'string' ? said : said[language] };
  };
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => {
    if (error instanceof Refusal) {
      return reply
        .headers({ ...error.headers })
        .code(error.status)
        .type(json)
        .send(answer(request, error.code, error.said));
    }
    const status = statusOf(error);
    if (status >= 500) {
      log.error({ code: 'CONSOLE_FAILED', because: error.message }, 'a request to the console failed');
      return reply
        .code(500)
        .type(json)
        .send(
          answer(request, 'internal', {
            zh: '网关内部出错；详见日志',
            en: 'something went wrong here; the log has it',
          }),
        );
    }
    const code = codeOf(error, status);
    return reply
      .code(status)
      .type(json)
      .send(
        answer(request, code, { zh: `${beforeZh[code] ?? '请求不对'}：${error.message}`, en: error.message }),
      );
  });
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .type(json)
      .send(answer(request, 'notFound', { zh: '没有这个名称的内容', en: 'there is nothing of this name' })),
  );
}

const json = 'application/json; charset=utf-8';

/** What stands before a reason that there is in English only. */
const beforeZh: Readonly<Record<string, string>> = {
  notFound: '没有找到',
  refused: '不能执行',
  tooLarge: '内容太大',
};

/** Errors of the house carry words for a code, those of Fastify a status. */
function statusOf(error: { statusCode?: number; code?: string }): number {
  if (error.statusCode !== undefined) return error.statusCode;
  return { badRequest: 400, notFound: 404, refused: 409 }[error.code ?? ''] ?? 500;
}

function codeOf(error: { code?: string }, status: number): string {
  if (status === 413) return 'tooLarge';
  if (status === 404 || status === 409) return error.code === undefined ? 'notFound' : error.code;
  return 'badRequest';
}
