// JSON in the one form that RFC 8785 gives it, so that equal content is equal text: for hashes, and for signatures
// that other programs make. Knows nothing of what is in it.

/**
 * Keys in the order of their UTF-16 code units, numbers and texts as ECMAScript writes them, no white space. What is
 * undefined is left out, as by JSON.stringify. Numbers that are none become null, and half a surrogate pair an escape:
 * who signs must refuse both before (`hasCanonicalForm`), because RFC 8785 has no form for them.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}

/** Is there one form, and does everybody write the same? `value` comes from JSON. */
export function hasCanonicalForm(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return !/\p{Surrogate}/u.test(value);
  if (value === null || typeof value !== 'object') return true;
  return Object.entries(value).every(([key, field]) => hasCanonicalForm(key) && hasCanonicalForm(field));
}
