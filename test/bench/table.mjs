// Rows of figures, judged against their limits and set out as a table. Knows nothing of how they were measured.

/**
 * One row. `limit` is the largest (`atLeast`: smallest) good value of Keepwatch's figure, in the same unit;
 * where there is none, or nothing to hold it against, the row informs and judges nothing.
 */
export function row({ figure, unit, keepwatch, peer, peerName, limit, limitText, atLeast = false, note }) {
  const judged = limit !== undefined && Number.isFinite(limit) && Number.isFinite(keepwatch);
  const good = atLeast ? keepwatch >= limit : keepwatch <= limit;
  const ratio = Number.isFinite(keepwatch) && peer > 0 ? keepwatch / peer : undefined;
  const verdict = note ?? (judged ? (good ? 'good' : 'OVER') : '');
  return {
    figure,
    unit,
    keepwatch,
    peer,
    peerName,
    ratio,
    limit,
    limitText,
    verdict: !note || !judged ? verdict : `${good ? 'good' : 'OVER'}, ${note}`,
  };
}

export const missing = (figure, peerName, note = 'peer not installed') =>
  row({ figure, unit: '', peerName, note });

function shown(value, unit) {
  if (value === undefined || Number.isNaN(value)) return '–';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}

export function table(rows) {
  const head = ['figure', 'Keepwatch', 'peer', 'ratio', 'limit', 'verdict'];
  const lines = rows.map((each) => [
    each.figure,
    shown(each.keepwatch, each.unit),
    each.peerName === undefined
      ? '–'
      : each.peer === undefined
        ? each.peerName
        : `${shown(each.peer, each.unit)} ${each.peerName}`,
    each.ratio === undefined ? '–' : `${each.ratio.toFixed(2)} ×`,
    each.limit === undefined
      ? '–'
      : `${shown(each.limit, each.unit)}${each.limitText ? ` (${each.limitText})` : ''}`,
    each.verdict,
  ]);
  const widths = head.map((_, at) => Math.max(...[head, ...lines].map((line) => line[at].length)));
  const set = (line) => `| ${line.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`;
  return [set(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...lines.map(set)].join(
    '\n',
  );
}
