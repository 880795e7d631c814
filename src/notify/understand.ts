// What somebody means who answers a text message: these incidents, all of them, or nothing that is known. Only what
// consists of known words through and through is understood, so that no refusal and no question acknowledges anything.
// Pure; knows no incident and no person.

import { plain } from './words.ts';

/** Ids or numbers of incidents; all; or a bare number, which may mean an incident and may mean something else. */
export type Asked = readonly string[] | 'all' | { readonly perhaps: string };

const mostRead = 160;
const mostIncidents = 20;

const agreeing = [
  ...['确认', '收到', '收悉', '好的', '好', '知道', '明白', '了解'],
  ...['ok', 'okay', 'yes', 'y', 'ack', 'acknowledge', 'acknowledged', 'confirm', 'confirmed', 'received'],
  ...['understood', 'roger', 'got it'],
];
/** what the messages themselves ask for: it may stand beside a bare number */
const asking = ['回复', 'reply', 'to'];
/** agrees to nothing by itself. (`请` and `please` are not here: "please confirm" asks somebody else to do it) */
const filling = [
  ...['我', '已', '已经', '了', '马上', '立即', '立刻', '现在', '正在', '在', '这就', '就', '到', '到场'],
  ...['马上去', '马上来', '就去', '就来', '去看', '去看看', '去处理', '来处理', '处理', '过去', '过来'],
  ...['赶来', '赶到', '赶过去', '赶过来', '路上', '现场', '全部', '都', '和', '谢谢'],
  ...["i'm", 'i am', 'coming', 'on my way', 'on it', 'be there', 'soon', 'now', 'in', 'and', 'all'],
  ...['thanks', 'thank you'],
];

/** The longest first; a word in Latin letters must end there, or the number of an incident begin. */
function anyOf(words: readonly string[]): string {
  return [...words]
    .sort((one, other) => other.length - one.length)
    .map((word) => (/[a-z]$/.test(word) ? `${word}(?!(?!i\\d)[a-z'])` : word))
    .join('|');
}

// read one after the other and never taken back, so that no text takes long
const piece = new RegExp(
  [
    String.raw`i\s*(?<id>\d{1,9}(?:_[a-z0-9]{1,16})?)(?![\d_])`,
    String.raw`\d{1,3}\s*(?:分钟?|min(?:ute)?s?(?![a-z]))(?:以?后|之?内)?`,
    String.raw`(?<number>\d+)`,
    `(?<agreeing>${anyOf(agreeing)})`,
    anyOf(asking),
    `(?<filling>${anyOf(filling)})`,
    String.raw`[\s.。,、;:!~()\[\]【】“”"']+`,
  ].join('|'),
  'y',
);

/** undefined: not understood. */
export function understand(text: string): Asked | undefined {
  if (text.length > mostRead) return undefined;
  // full-width letters, digits and marks become plain ones
  const clean = plain(text.normalize('NFKC')).toLowerCase();
  const ids: string[] = [];
  const numbers: string[] = [];
  let agrees = false;
  let fills = false;
  piece.lastIndex = 0;
  while (piece.lastIndex < clean.length) {
    const groups = piece.exec(clean)?.groups;
    if (groups === undefined) return undefined;
    if (groups.id !== undefined) ids.push(`i${groups.id}`);
    if (groups.number !== undefined) numbers.push(groups.number);
    agrees ||= groups.agreeing !== undefined;
    fills ||= groups.filling !== undefined;
  }
  const [number] = numbers;
  if (ids.length > 0) {
    const clear = ids.length <= mostIncidents && numbers.every((each) => each === '1');
    return clear ? [...new Set(ids)] : undefined;
  }
  if (number === undefined) return agrees ? 'all' : undefined;
  // a time, a phone number, a list: who knows
  if (numbers.length > 1) return undefined;
  if (number === '1') return 'all';
  return fills || number.length > 9 ? undefined : { perhaps: `i${number}` };
}
