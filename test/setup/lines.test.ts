// What is said of the lines that the answers of `init` name and this machine has not. The chips are what the driver's look
// gives; real ones are in test/torture/vm-gpio.ts.

import { describe, expect, test } from 'vitest';
import type { AskGpio, GpioAnswer } from '../../src/doctor/types.ts';
import { contactOf, outputOf } from '../../src/setup/parts.ts';
import { linesAmiss } from '../../src/setup/survey.ts';

const answers = { contacts: [contactOf('smoke=GPIO17:smoke')], outputs: [outputOf('siren=GPIO99')] };
const none: GpioAnswer = { through: 'none', chips: [], names: [], wrong: [] };
const missing = { line: 'GPIO99', what: 'no line is called GPIO99', hint: 'names here: GPIO17' };

describe('lines that the answers name', () => {
  test('one that is not here', async () => {
    const asked: unknown[] = [];
    const ask: AskGpio = async (lines) => {
      asked.push(...lines);
      return { ...none, through: 'sysfs', wrong: [missing] };
    };
    expect(await linesAmiss(answers, ask, false)).toEqual(['no line is called GPIO99; names here: GPIO17']);
    expect(asked).toEqual([{ line: 'GPIO17' }, { line: 'GPIO99' }]);
  });
  test('a machine without GPIO, or one that gives no answer', async () => {
    for (const ask of [async () => none, () => Promise.reject(new Error('no'))])
      expect(await linesAmiss(answers, ask, false)).toEqual([
        expect.stringMatching(/GPIO17, GPIO99 were not/),
      ]);
    expect(await linesAmiss(answers, async () => none, true)).toEqual([
      expect.stringMatching(/GPIO17、GPIO99/),
    ]);
  });
  test('none is named: nobody is asked', async () =>
    expect(
      await linesAmiss({ contacts: [], outputs: [] }, () => Promise.reject(new Error('asked')), false),
    ).toEqual([]));
});
