// What the serial protocols with one answer to a question have in common: the first answer in a stream is the same
// however the stream is cut. Knows none of them.

import { mustEqual, piecesOf } from '../target.ts';

interface Reader<Answer> {
  push(bytes: Uint8Array): Answer | undefined;
}

/** The first answer, which the stream in pieces must give as well. */
export function firstAnswer<Answer>(create: () => Reader<Answer>, bytes: Uint8Array): Answer | undefined {
  const whole = create().push(bytes);
  const reader = create();
  let first: Answer | undefined;
  for (const piece of piecesOf(bytes)) {
    first = reader.push(piece);
    if (first !== undefined) break;
  }
  mustEqual(first, whole, 'in pieces');
  return whole;
}

/** All that a reader gives, which the stream in pieces must give as well. */
export function allOf<Item>(
  create: () => { push(bytes: Uint8Array): readonly Item[] },
  bytes: Uint8Array,
): readonly Item[] {
  const whole = create().push(bytes);
  const reader = create();
  mustEqual(
    piecesOf(bytes).flatMap((piece) => reader.push(piece)),
    whole,
    'in pieces',
  );
  return whole;
}
