// What the messengers want to be posted, as data: the JSON with its places for words, how long a text may be, how a
// request is signed, and which answers are none. From the makers' documents for custom group robots (WeCom 91770,
// DingTalk "custom robot access", Feishu "custom bot guide"), ntfy "publish as JSON", Slack "incoming webhooks".

/** JSON values; strings may hold `{{name}}`, and one that is nothing else becomes the value itself. */
export type Tree = null | boolean | number | string | readonly Tree[] | { readonly [key: string]: Tree };

export interface Template {
  readonly body: Tree;
  /** what in the words could be taken for more than words: tags and mentions, or nothing in plain JSON */
  readonly escape: 'none' | 'tags' | 'entities';
  /** longest title and text together, bytes of UTF-8; what is longer is cut */
  readonly mostBytes: number;
  readonly sign?: 'dingtalk' | 'feishu';
  /** the last part of the path is a topic that goes into the body instead */
  readonly topicInPath?: true;
  /** a field of the answer that is 0 when the letter was taken, and the one with its words */
  readonly answer?: { readonly codes: readonly string[]; readonly words: readonly string[] };
  /** codes that pass by themselves: busy, too many letters */
  readonly again?: readonly number[];
  readonly hints?: Readonly<Record<number, string>>;
  readonly pace?: { readonly most: number; readonly perMs: number };
}

const minuteMs = 60_000;

export const templates = {
  generic: {
    body: {
      id: '{{id}}',
      key: '{{key}}',
      premises: '{{premises}}',
      kind: '{{kind}}',
      level: '{{level}}',
      category: '{{category}}',
      drill: '{{drill}}',
      title: '{{title}}',
      text: '{{text}}',
      to: { id: '{{person}}', name: '{{name}}', language: '{{language}}', address: '{{address}}' },
      incidents: '{{incidents}}',
    },
    escape: 'none',
    mostBytes: 16_384,
  },
  wecom: {
    body: {
      msgtype: 'text',
      text: {
        content: '{{title}}\n{{text}}',
        mentioned_list: ['{{user}}'],
        mentioned_mobile_list: ['{{mobile}}'],
      },
    },
    escape: 'tags',
    mostBytes: 2048,
    answer: { codes: ['errcode'], words: ['errmsg'] },
    again: [-1, 45009, 45033],
    hints: { 93000: "the key in the url is not a robot's: copy the address of the robot again" },
    pace: { most: 20, perMs: minuteMs },
  },
  dingtalk: {
    body: {
      msgtype: 'text',
      text: { content: '{{title}}\n{{text}}' },
      at: { atMobiles: ['{{mobile}}'], atUserIds: ['{{user}}'], isAtAll: false },
    },
    escape: 'tags',
    mostBytes: 15_000,
    sign: 'dingtalk',
    answer: { codes: ['errcode'], words: ['errmsg'] },
    again: [-1, 90030, 130101, 410100],
    hints: {
      300001: 'the token in the url is not known: copy the address of the robot again',
      300005: 'the token in the url is not known: copy the address of the robot again',
      310000:
        "the robot's security settings refuse it: compare `secret`, its keywords, the addresses that it allows, and the gateway's clock",
      400101: 'the token in the url is not known: copy the address of the robot again',
      400102: 'the robot is switched off',
      400106: 'the robot is gone from its group',
    },
    pace: { most: 20, perMs: minuteMs },
  },
  feishu: {
    body: { msg_type: 'text', content: { text: '{{mention}}{{title}}\n{{text}}' } },
    escape: 'tags',
    mostBytes: 15_000,
    sign: 'feishu',
    answer: { codes: ['code', 'StatusCode'], words: ['msg', 'StatusMessage'] },
    again: [2200, 11232, 11233, 230020],
    hints: {
      19001: 'the url is not that of a robot: copy the address of the robot again',
      19021: "the signature is not right: compare `secret`, and the gateway's clock",
      19022: "the robot does not allow this gateway's address",
      19024: 'the robot wants a keyword that is not in the text',
    },
    pace: { most: 100, perMs: minuteMs },
  },
  ntfy: {
    body: {
      topic: '{{topic}}',
      title: '{{title}}',
      message: '{{text}}',
      priority: '{{priority}}',
      tags: ['{{level}}', '{{category}}'],
    },
    escape: 'none',
    // what is longer than 4096 bytes would arrive as a file
    mostBytes: 3800,
    topicInPath: true,
  },
  slack: {
    body: { text: '{{title}}\n{{text}}', mrkdwn: false },
    escape: 'entities',
    mostBytes: 8000,
    pace: { most: 60, perMs: minuteMs },
  },
} as const satisfies Readonly<Record<string, Template>>;
