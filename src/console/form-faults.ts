// What is wrong with the form of a request, as the checks of Fastify find it, said in both languages. Pure; knows no route.

import type { Words } from './types.ts';

/** One finding of the check of a form. */
export interface FormFault {
  readonly keyword: string;
  /** where in it, as `/points/inputs.smoke/0`; empty: the whole */
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const parts: Readonly<Record<string, Words>> = {
  body: { zh: '请求正文', en: 'the body' },
  querystring: { zh: '查询参数', en: 'the query' },
  params: { zh: '路径', en: 'the path' },
  headers: { zh: '请求头', en: 'the header' },
};
const kinds: Readonly<Record<string, Words>> = {
  string: { zh: '文本', en: 'a text' },
  number: { zh: '数', en: 'a number' },
  integer: { zh: '整数', en: 'a whole number' },
  boolean: { zh: 'true 或 false', en: 'true or false' },
  object: { zh: '映射', en: 'a map' },
  array: { zh: '列表', en: 'a list' },
};
const longest = 60;

/** One sentence on the first finding, of this part of the request. */
export function wordsOfForm(part: string | undefined, faults: readonly FormFault[]): Words {
  const whole = parts[part ?? ''] ?? { zh: '请求', en: 'the request' };
  // (of a choice the last one says that none of it fits)
  const fault = faults.at(-1);
  if (fault === undefined) return { zh: `${whole.zh}不对`, en: `${whole.en} is not as it must be` };
  const { keyword, instancePath, params } = fault;
  const at = shown(instancePath.replaceAll('~1', '/').replaceAll('~0', '~').slice(1).replaceAll('/', '.'));
  const where = at === '' ? whole : { zh: `${whole.zh}中的 ${at} `, en: `\`${at}\` of ${whole.en}` };
  const must = (zh: string, en: string): Words => ({ zh: `${where.zh}${zh}`, en: `${where.en} ${en}` });
  const limit = String(params.limit ?? '');
  switch (keyword) {
    case 'required': {
      const key = shown(String(params.missingProperty));
      return must(`缺少 ${key}`, `lacks \`${key}\``);
    }
    case 'additionalProperties': {
      const key = shown(String(params.additionalProperty));
      return must(`有未知的键 ${key}`, `has the unknown key \`${key}\``);
    }
    case 'type': {
      const kind = kinds[String(params.type)];
      return kind ? must(`应为${kind.zh}`, `must be ${kind.en}`) : unfit(must);
    }
    case 'enum': {
      const words = (params.allowedValues as readonly unknown[]).map(String);
      return must(`应为 ${words.join('、')} 之一`, `must be one of: ${words.join(', ')}`);
    }
    case 'minLength':
      return must(`应至少有 ${limit} 个字符`, `must have ${limit} or more characters`);
    case 'maxLength':
      return must(`应最多有 ${limit} 个字符`, `must have ${limit} characters at most`);
    case 'minItems':
      return must(`应至少有 ${limit} 项`, `must have ${limit} or more entries`);
    case 'maxItems':
      return must(`应最多有 ${limit} 项`, `must have ${limit} entries at most`);
    case 'minimum':
      return must(`应不小于 ${limit}`, `must be ${limit} or more`);
    case 'maximum':
      return must(`应不大于 ${limit}`, `must be ${limit} or less`);
    default:
      return unfit(must);
  }
}

function unfit(must: (zh: string, en: string) => Words): Words {
  return must('的形式不对：见 openapi.json', 'does not have the form that openapi.json gives');
}

function shown(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
