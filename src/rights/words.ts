// Why a command was refused at the door, in words: short, with what to do. Knows no clock and no key.

import type { Text } from '../core/types.ts';

export const longestLifeMs = 10 * 60_000;
export const toleranceMs = 2 * 60_000;

/** By the stable `reason` of a refusal. */
export const refusals = {
  unsigned: {
    zh: '本网关只接受已签名的命令；请用 keepwatch sign 签名',
    en: 'this gateway takes signed commands only; sign it with `keepwatch sign`',
  },
  malformed: {
    zh: '签名命令的格式不对',
    en: 'not the form of a signed command',
  },
  unknownKey: {
    zh: '未知的密钥；请把它登记到 keys.yaml 并重新加载',
    en: 'the key is not known here; list it in keys.yaml and reload',
  },
  badSignature: {
    zh: '签名与命令或密钥不符',
    en: 'the signature does not fit the command and the key',
  },
  otherName: {
    zh: '`by` 必须是签名密钥的编号或姓名',
    en: '`by` must be the id or the name of the key that signed',
  },
  keyEnded: {
    zh: '该密钥已过有效期；请换新密钥',
    en: 'the key has run out; make a new one',
  },
  otherPremises: {
    zh: '该命令是发给其他场所的',
    en: 'the command is meant for other premises',
  },
  otherSession: {
    zh: '网关已重新启动；请按当前 status 中的 session 重新签名',
    en: 'the gateway was started anew since; sign it with the `session` of its present status',
  },
  sessionMissing: {
    zh: '网关时钟尚未同步，无法判断有效期；请带上当前 status 中的 session 签名',
    en: 'the clock of the gateway is not synchronised, so no time can be judged; sign it with the `session` of its status',
  },
  expired: {
    zh: '命令已过期；请重新签名',
    en: 'the command has expired; sign it again',
  },
  notYetValid: {
    zh: '命令尚未生效；请检查签名电脑与网关的时钟',
    en: 'the command is not valid yet; check the clocks of the signer and of the gateway',
  },
  livesTooLong: {
    zh: '命令的有效期超过 10 分钟；请缩短 at 到 until 的时间',
    en: 'the command is valid for more than 10 minutes; let `until` be nearer to `at`',
  },
  nonceSeen: {
    zh: '该 nonce 已用过；请用新的 nonce 重新签名',
    en: 'the nonce was used before; sign it again with another one',
  },
  rightMissing: {
    zh: '该密钥的角色无权执行此操作',
    en: 'the role of the key does not allow this verb',
  },
} as const satisfies Readonly<Record<string, Text>>;

export type Reason = keyof typeof refusals;
