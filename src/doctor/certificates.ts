// Until when certificates are good: PEM text in, findings out. Trusts and refuses nothing.

import { X509Certificate } from 'node:crypto';
import { type Finding, fault, good, note, type Said, say } from './types.ts';

const soonMs = 30 * 86_400_000;
const dayMs = 86_400_000;

/** @param of whose certificate it is */
export function judgePem(code: string, of: Said, pem: string, nowMs: number): Finding[] {
  const blocks =
    pem.match(
      /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g,
    ) ?? [];
  const parsed = blocks.slice(0, 20).flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
  if (parsed.length === 0) {
    return [
      fault(
        `${code}Unreadable`,
        say(`${of.zh}：不是可读的证书`, `${of.en}: no certificate that can be read`),
        say('换成 PEM 证书文件', 'put a PEM file with a certificate there'),
      ),
    ];
  }
  return parsed.map((each) =>
    judgeDates(code, of, { from: Date.parse(each.validFrom), to: Date.parse(each.validTo) }, nowMs),
  );
}

/** `from`, `to`: wall ms */
export function judgeDates(
  code: string,
  of: Said,
  { from, to }: { from: number; to: number },
  nowMs: number,
): Finding {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const days = Math.floor((to - nowMs) / dayMs);
  const renew = say('签发新证书并替换', 'have a new one issued and put it in its place');
  if (nowMs < from) {
    return fault(
      `${code}NotYet`,
      say(`${of.zh}：${day(from)} 才生效`, `${of.en}: valid from ${day(from)} only`),
      say('多半是本机时钟错了：见时钟项', "most often this machine's clock is wrong: look at the clock"),
    );
  }
  if (to <= nowMs)
    return fault(
      `${code}Expired`,
      say(`${of.zh}：已于 ${day(to)} 过期`, `${of.en}: expired on ${day(to)}`),
      renew,
    );
  if (to - nowMs < soonMs)
    return note(
      `${code}Soon`,
      say(`${of.zh}：还有 ${days} 天过期（${day(to)}）`, `${of.en}: expires in ${days} days, on ${day(to)}`),
      renew,
    );
  return good(
    code,
    say(
      `${of.zh}：有效至 ${day(to)}，还有 ${days} 天`,
      `${of.en}: valid until ${day(to)}, ${days} days more`,
    ),
  );
}
