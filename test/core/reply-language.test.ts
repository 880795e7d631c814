// The language of a reply: what the command asks for, else that of the premises.

import { describe, expect, it } from 'vitest';
import { burning, site } from '../support/premises.ts';
import { scenario } from '../support/scenario.ts';

const han = /\p{Script=Han}/u;

const inLanguage = (language: 'zh' | 'en'): string =>
  (language === 'zh' ? expect.stringMatching(han) : expect.not.stringMatching(han)) as string;

describe('a reply', () => {
  it('is in the language that its command asks for, done or refused', () => {
    for (const language of ['zh', 'en'] as const) {
      const message = inLanguage(language);
      burning()
        .command('ack', { incident: 'fire|atrium', language })
        .expectReply({ ok: true, message })
        .command('ack', { incident: 'i99_none', language })
        .expectReply({ code: 'notFound', message })
        .command('ack', { language })
        .expectReply({ code: 'badRequest', message })
        .command('dance', { language })
        .expectReply({ code: 'unknownVerb', message })
        .command('shelve', { incident: 'fire|atrium', for: 'soon', reason: 'x', language })
        .expectReply({ code: 'badRequest', message });
    }
  });

  it('is in that of the premises where none is asked for', () => {
    for (const language of ['zh', 'en'] as const)
      scenario({ ...site, language })
        .command('ack', { incident: 'i99_none' })
        .expectReply({ code: 'notFound', message: inLanguage(language) });
  });

  it.each([['fr'], [''], ['ZH'], [7], [null], [['zh']], [{}]])(
    '%j is no language, and nothing is done',
    (language) => {
      burning()
        .command('ack', { incident: 'fire|atrium', language })
        .expectReply({
          ok: false,
          code: 'badRequest',
          message: expect.stringContaining('language') as string,
        })
        .expectIncident('fire|atrium', { acknowledged: false });
    },
  );
});
