// In which order and under which headings plans are offered for raising by hand. A site's own plan that is not named here
// comes under "others". Pure.

import type { PlanView } from '../../api.ts';

/** Where nobody has raised anything yet: as in the operators' guide. */
const usual = [
  'fire',
  'customer-injury',
  'personal-attack',
  'theft-in-progress',
  'gas-leak',
  'power-loss',
  'lift-entrapment',
  'water-leak',
  'customer-conflict',
  'suspicious-object',
  'robbery',
  'escalator',
];

const groupOf = {
  fire: ['fire', 'gas-leak', 'explosion', 'water-leak', 'natural-disaster'],
  crime: [
    'robbery',
    'personal-attack',
    'theft-in-progress',
    'crime-in-progress',
    'suspicious-object',
    'threatening-call',
    'demonstration',
    'riot',
    'lost-property',
  ],
  people: [
    'customer-injury',
    'staff-injury',
    'staff-sudden-illness',
    'traffic-accident',
    'customer-conflict',
    'staff-customer-conflict',
    'overcrowding',
  ],
  plant: [
    'power-loss',
    'lift-entrapment',
    'escalator',
    'equipment-failure',
    'comms-failure',
    'kiosk-failure',
    'system-failure',
    'climate',
  ],
  service: [
    'complaint',
    'complaint-surge',
    'data-leak',
    'vip-visit',
    'media-visit',
    'car-park-theft',
    'car-park-blocked',
    'car-park-full',
  ],
} as const;
type Named = keyof typeof groupOf;
export type Group = Named | 'other';

/** The most raised first, then the usual ones, then by title as they came. */
export function byUse(
  plans: readonly PlanView[],
  counts: Readonly<Record<string, number>>,
): readonly PlanView[] {
  const rank = ({ id }: PlanView): number => {
    const index = usual.indexOf(id);
    return index < 0 ? usual.length : index;
  };
  return [...plans].sort(
    (one, other) => (counts[other.id] ?? 0) - (counts[one.id] ?? 0) || rank(one) - rank(other),
  );
}

/** Headings with their plans, empty ones left out. */
export function groups(plans: readonly PlanView[]): readonly (readonly [Group, readonly PlanView[]])[] {
  const rest = new Set(plans);
  const found: [Group, PlanView[]][] = [];
  for (const group of Object.keys(groupOf) as Named[]) {
    const some = groupOf[group]
      .map((id) => plans.find((plan) => plan.id === id))
      .filter((plan): plan is PlanView => plan !== undefined);
    for (const plan of some) rest.delete(plan);
    if (some.length > 0) found.push([group, some]);
  }
  if (rest.size > 0) found.push(['other', [...rest]]);
  return found;
}

/** In either language, or by id. */
export function matches({ id, title }: PlanView, search: string): boolean {
  const wanted = search.trim().toLowerCase();
  const texts = typeof title === 'string' ? [title] : [title.zh, title.en];
  return [id, ...texts].some((text) => text.toLowerCase().includes(wanted));
}
