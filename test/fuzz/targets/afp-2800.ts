// The event lines of AFP-2800 panels: every piece of a line is an event of a known word or said to be none, nothing is
// lost in between, and what stands on the panel follows without an error.

import { meanings, parseLine, stateNames } from '../../../drivers/serial/afp-2800/codec.ts';
import { createPanelState } from '../../../drivers/serial/afp-2800/states.ts';
import { must, mustEqual, outline, piecesOf, type Target } from '../target.ts';
import { readLines } from './read-lines.ts';

const framing = { encoding: 'latin1', start: ':', end: ';' } as const;

const read = (pieces: readonly Uint8Array[]) => readLines(framing, pieces);

export const afp2800: Target = {
  name: 'afp-2800',
  what: 'event lines of a panel: the same in any pieces; known words only; what stands on the panel is true or false',
  seeds: [
    ':ALARM Z001 1.1.Z1 FOYER SMOKE 21/11 14:03;',
    ':RESET ALARM Z1 1.1.Z1 FOYER 21/11 14:05;:MAINS FAIL Z0 0.0 PANEL 01/01 00:00;',
    ':ALARM (F3) Z001 1.1.Z1 A :FAULT Z2 x y 1/1 00:00;',
    ':DE-ISOLATE Z12 1.2.Z3 Label of it  09/09 09:09 ;noise:ISOL ALARM Z999 p',
  ],
  words: [':', ';', 'Z1', 'Z0', ' 21/11 14:03', ' (F1)', '  ', ...Object.keys(meanings)],
  largestBytes: 4000,
  executions: 100_000,
  run(bytes) {
    const whole = read([bytes]);
    mustEqual(read(piecesOf(bytes)), whole, 'in pieces');
    const states = stateNames.flatMap((state) => [
      createPanelState({ state, zone: undefined, point: undefined }),
      createPanelState({ state, zone: 1, point: '1.1.Z1' }),
    ]);
    const seen: unknown[] = [whole.dropped];
    for (const line of whole.lines) {
      const { events, unknown } = parseLine(line);
      for (const event of events) {
        must(Object.hasOwn(meanings, event.word), () => `${event.word} is no word`);
        must(
          Number.isInteger(event.zone) && event.zone >= 0 && event.zone <= 999,
          () => `zone ${event.zone}`,
        );
        must(event.point !== '' && line.includes(event.point), 'a point that was not printed');
        for (const state of states) must([true, false, undefined].includes(state.take(event)), 'a state');
      }
      seen.push(events, unknown.length);
    }
    return outline(seen);
  },
};
