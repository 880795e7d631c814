// The text of a recorded line: exchanges whose times never run backwards, or a RecordingFault that names a line of the
// file; written out it reads the same.

import { type Exchange, parseRecording, RecordingFault } from '../../../drivers/recording/format.ts';
import { must, mustEqual, outline, type Target, textOf, wordsOf } from '../target.ts';

function written(exchanges: readonly Exchange[]): string {
  const hex = (bytes: Uint8Array): string =>
    Buffer.from(bytes)
      .toString('hex')
      .replaceAll(/(..)(?!$)/g, '$1 ');
  const lines = ['# keepwatch recording 1'];
  let beganMs = 0;
  for (const { request, pieces, lost } of exchanges) {
    lines.push(request === undefined ? `${beganMs} opened` : `${beganMs} > ${hex(request)}`);
    for (const { afterMs, bytes } of pieces) lines.push(`${beganMs + afterMs} < ${hex(bytes)}`);
    const lastMs = lost?.afterMs ?? pieces.at(-1)?.afterMs ?? 0;
    if (lost) lines.push(`${beganMs + lost.afterMs} lost${lost.because === '' ? '' : ` ${lost.because}`}`);
    beganMs += Math.max(0, lastMs);
  }
  return lines.join('\n');
}

export const recording: Target = {
  name: 'recording',
  what: 'a recorded line: exchanges in order of time, or a fault with its line; written out it reads the same',
  seeds: [
    '# keepwatch recording 1\n# modbus-rtu\n0 opened serial\n12 > 01 04 00 00 00 02 71 CB\n25.5 < 01 04 04\n27 < 43 66\n900 lost unplugged\n901 closed\n',
    '# keepwatch recording 1\r\n0 < ff\r\n1 > 01\r\n',
    '# keepwatch recording 2\n',
  ],
  words: [
    '# keepwatch recording 1\n',
    ' > ',
    ' < ',
    ' opened ',
    ' lost',
    ' closed',
    '01 04',
    '\n',
    '0.5',
    '#',
  ],
  largestBytes: 1024,
  executions: 200_000,
  run(bytes) {
    const text = textOf(bytes);
    let exchanges: readonly Exchange[];
    try {
      exchanges = parseRecording(text);
    } catch (error) {
      must(error instanceof RecordingFault, () => `threw ${error}`);
      const line = Number(/^line (\d+): ./.exec(error.message)?.[1]);
      must(line >= 1 && line <= text.split('\n').length, () => `no such line: ${error.message}`);
      return wordsOf(error);
    }
    for (const { request, pieces, lost } of exchanges) {
      must(request === undefined || request.length > 0, 'an empty request');
      let lastMs = 0;
      for (const { afterMs, bytes: piece } of pieces) {
        must(
          Number.isFinite(afterMs) && afterMs >= lastMs && piece.length > 0,
          () => `a piece at ${afterMs}`,
        );
        lastMs = afterMs;
      }
      must(lost === undefined || lost.afterMs >= lastMs, 'lost before the last piece');
    }
    // times are numbers of any length, and their sums are rounded: only whole ones come back exactly
    const whole = exchanges.every(({ pieces, lost }) =>
      [...pieces, ...(lost ? [lost] : [])].every(({ afterMs }) => Number.isInteger(afterMs) && afterMs < 1e9),
    );
    if (whole) mustEqual(parseRecording(written(exchanges)), exchanges, 'written out and read again');
    return outline(exchanges);
  },
};
