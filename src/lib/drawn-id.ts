// An identity that is drawn from a given source of chance, so that a run can be repeated. No domain words.

/** In the form of a UUID, from a given source of chance. */
export function drawnId(random: () => number): string {
  const digits = (count: number): string =>
    Array.from({ length: count }, () => Math.floor(random() * 16).toString(16)).join('');
  return [8, 4, 4, 4, 12].map(digits).join('-');
}
