// How values are shown in faults: short, on one line, never a whole map.

const longestShown = 40;

/** A value for the words of a fault: `text`, 5, a list, a map, nothing. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') {
    const shown = value.length > longestShown ? `${value.slice(0, longestShown)}…` : value;
    return `\`${shown}\``;
  }
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return `${value}`;
  return Array.isArray(value) ? 'a list' : 'a map';
}
