// How the robots of DingTalk and Feishu want a request signed, from their documents. The two look alike and are not:
// one signs the time and the secret with the secret, the other signs nothing with both. Pure.

import { createHmac } from 'node:crypto';

/** DingTalk: `timestamp` (ms) and `sign` go into the URL. */
export function signDingtalk(secret: string, wallMs: number): { timestamp: string; sign: string } {
  const timestamp = String(wallMs);
  const sign = createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64');
  return { timestamp, sign };
}

/** Feishu: `timestamp` (s) and `sign` go into the body. */
export function signFeishu(secret: string, wallMs: number): { timestamp: string; sign: string } {
  const timestamp = String(Math.floor(wallMs / 1000));
  const sign = createHmac('sha256', `${timestamp}\n${secret}`).update('').digest('base64');
  return { timestamp, sign };
}
