// An incident by its short name: by the index, however many there are, and the newest where two epochs have the same.

import { describe, expect, it } from 'vitest';
import { emptyTurn, incident } from './fixtures.ts';
import { openAt, temporaryFolder } from './support.ts';

describe('an incident by its short name', () => {
  it('is that of exactly this number, of the newest epoch', () => {
    const store = openAt(temporaryFolder());
    const ids = ['i3_aaaa', 'i31_aaaa', 'i30_aaaa', 'i3_bbbb', 'i1_bbbb', 'i3`', 'i3'];
    store.commit({ ...emptyTurn, incidents: ids.map((id, index) => ({ ...incident(index), id })) });
    expect(store.incidentLike('i3')?.id).toBe('i3_bbbb');
    expect(store.incidentLike('i31')?.id).toBe('i31_aaaa');
    expect(store.incidentLike('i')).toBeUndefined();
    expect(store.incidentLike('i%')).toBeUndefined();
    expect(store.incidentLike('i3_aaaa')).toBeUndefined();
    store.close();
  });

  it('costs no more among thousands', () => {
    const store = openAt(temporaryFolder());
    const many = Array.from({ length: 20_000 }, (_, index) => ({ ...incident(index), id: `i${index}_aaaa` }));
    store.commit({ ...emptyTurn, incidents: many.map((one) => ({ ...one, state: 'closed' as const })) });
    // a walk through all of them parses twenty thousand bodies: seconds for a thousand questions, not a moment
    const plans = many
      .filter((_, index) => index % 20 === 0)
      .map(({ id }) => store.incidentLike(id.split('_')[0]!));
    expect(plans.map((found) => found?.id)).toEqual(
      many.filter((_, index) => index % 20 === 0).map(({ id }) => id),
    );
    store.close();
  });
});
