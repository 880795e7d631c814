// The shape of a command that comes over HTTP: what holds for those over MQTT holds here. Pure; what a verb means is the
// engine's business.

export const largestCommandBytes = 16_384;
export const longestBy = 64;
const deepest = 8;
/** keys that a careless merge further in could turn into a prototype */
const poisonous: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** What is wrong inside, if anything; never goes deeper than it allows. */
export function faultOfCommand(value: unknown, depth = 1): { zh: string; en: string } | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (depth > deepest) return { zh: `嵌套超过 ${deepest} 层`, en: `nested deeper than ${deepest} levels` };
  for (const key of Object.keys(value)) {
    if (poisonous.has(key)) return { zh: `不允许使用键 ${key}`, en: `the key ${key} is not allowed` };
    const fault = faultOfCommand((value as Record<string, unknown>)[key], depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
