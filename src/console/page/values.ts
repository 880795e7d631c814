// A number as people read it.

/** Four digits that say something. */
export function number(value: number): string {
  return String(Number(value.toPrecision(Math.abs(value) >= 1000 ? 6 : 4)));
}
