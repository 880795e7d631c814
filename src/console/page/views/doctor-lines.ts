// The doctor's findings as one list, the worst first. Pure.

import type { DoctorView } from '../../api.ts';

type Look = DoctorView['looks'][number];
export type Line = Look['findings'][number] & { readonly name: Look['name'] };

const order = ['fault', 'note', 'good'] as const;

/** By severity; those of one severity stay in the order of the looks. */
export function doctorLines(looks: readonly Look[]): readonly Line[] {
  const all = looks.flatMap(({ name, findings }) => findings.map((finding) => ({ ...finding, name })));
  return order.flatMap((state) => all.filter((line) => line.state === state));
}
