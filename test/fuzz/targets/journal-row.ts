// Rows of the journal: what was packed comes back equal; a damaged row is a SyntaxError, which the store counts as
// unreadable, or a fact of the declared shape.

import type { Fact } from '../../../src/core/types.ts';
import { packFact, unpackFact } from '../../../src/store/journal.ts';
import { must, mustEqual, outline, type Target, textOf, wordsOf } from '../target.ts';

export const journalRow: Target = {
  name: 'journal-row',
  what: 'rows of the journal: a packed fact comes back equal; a damaged one is a SyntaxError or a fact of the declared shape',
  seeds: [
    '[0,[["a.b",true,"good"]]]',
    '[{"type":"command","command":{"id":"c","verb":"ack","by":"w","origin":"cli"}},[],[["a.b",null,"stale","no reading"]]]',
    '[{"type":"link","of":"bus","id":"line1","up":false,"because":"unplugged"},[]]',
    '[{"type":"tick","chatter":[{"point":"a.b","on":true,"because":"x"}]},[]]',
    '[0]',
  ],
  words: ['[', ']', '0', '{"type":"tick"}', '[]', 'null', '"good"', '1e999', '{"at":1}', '"length":3'],
  executions: 500_000,
  run(bytes) {
    const body = textOf(bytes);
    let fact: Fact;
    try {
      fact = unpackFact([1, 2, 1, body]);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return wordsOf(error).slice(0, 40);
    }
    must(typeof fact.input === 'object' && fact.input !== null, 'a fact without an input');
    must(Array.isArray(fact.changes) && Array.isArray(fact.live), 'a fact without changes');
    must(fact.input.at.steadyMs === 1 && fact.input.at.clock === 'synced', 'the stamp of the columns');
    const again = unpackFact(packFact(fact));
    mustEqual(again, fact, 'packed and unpacked');
    return outline(fact);
  },
};
