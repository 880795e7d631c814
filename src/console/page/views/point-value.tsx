// A point's value and state as people read it: the value with its unit, a shape and a word for what it means. Colour is
// only a third sign beside them. Shared by lists, the floor plan and a point's own view; fetches nothing.

import type { PointView } from '../../api.ts';
import { say } from './equipment-words.ts';
import { type PointState, stateOf } from './point-state.ts';
import './equipment.css';

/** Shapes that differ in black and white as well. */
const shapes: Readonly<Record<PointState, string>> = {
  active: 'M8 1 15.5 14.5H.5Z',
  rest: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Zm0 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z',
  unknown: 'M8 .5 15.5 8 8 15.5.5 8Zm0 3L3.5 8 8 12.5 12.5 8Z',
  disabled: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm-4.5 6h9v2h-9Z',
  plain: 'M2 7h12v2H2Z',
};

export function StateShape(props: { readonly state: PointState }) {
  return (
    <svg class="shape" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={shapes[props.state]} fill="currentColor" fill-rule="evenodd" />
    </svg>
  );
}

export function stateWord(point: PointView): string {
  switch (stateOf(point)) {
    case 'disabled':
      return say(
        point.disabled?.of === 'device'
          ? 'disabledDevice'
          : point.disabled?.of === 'zone'
            ? 'disabledZone'
            : 'disabled',
      );
    case 'unknown':
      return say(point.quality === 'bad' ? 'bad' : 'stale');
    case 'active':
      return say('active');
    case 'rest':
      return say('atRest');
    default:
      return say('known');
  }
}

/** `231.4 V`, `动作`, `–` */
export function valueText(point: PointView): string {
  const { value, unit } = point;
  if (value === null) return '–';
  if (typeof value === 'boolean') {
    if (point.kind !== undefined) return say(value ? 'active' : 'atRest');
    return say(value ? 'yes' : 'no');
  }
  if (typeof value === 'number') {
    const text = numberText(value);
    return unit ? `${text} ${unit}` : text;
  }
  return value;
}

/** Six digits that count are more than any of these devices means; whole numbers stay whole. */
function numberText(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100_000 ? value.toFixed(1) : String(Number(value.toPrecision(6)));
}

/** Shape and word. */
export function PointBadge(props: { readonly point: PointView }) {
  const state = stateOf(props.point);
  return (
    <span class={`point-state point-${state}`}>
      <StateShape state={state} />
      <span>{stateWord(props.point)}</span>
    </span>
  );
}
