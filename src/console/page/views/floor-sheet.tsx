// A plan as it is looked at: the picture, and on it points and zones in the state that they are in now. What is in
// alarm says its name by itself; everything else says it when it is pointed at, touched or reached by keyboard.

import { useState } from 'preact/hooks';
import type { Floor, Incident, PointView } from '../../api.ts';
import { address } from '../api.ts';
import { zoneName } from '../names.ts';
import { shapes } from '../parts/badge.tsx';
import { Button } from '../parts/index.ts';
import { link } from '../router.ts';
import { shownPoints } from '../state.ts';
import { ordered } from '../summary.ts';
import { nameOf } from '../words/index.ts';
import { say } from './floors-words.ts';
import { type PointState, stateOf } from './point-state.ts';
import { StateShape, stateWord, valueText } from './point-value.tsx';

const zooms = [1, 1.5, 2, 3] as const;

export function FloorSheet({ floor }: { readonly floor: Floor }) {
  const [zoom, setZoom] = useState(0);
  return (
    <div class="floor-view">
      <div class="floor-tools">
        <Legend />
        <div class="actions">
          <Button disabled={zoom === 0} onPress={() => setZoom(zoom - 1)}>
            <span aria-hidden="true">−</span> {say('zoomOut')}
          </Button>
          <Button disabled={zoom === zooms.length - 1} onPress={() => setZoom(zoom + 1)}>
            <span aria-hidden="true">+</span> {say('zoomIn')}
          </Button>
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keyboard too */}
      <section class="sheet-frame" tabIndex={0} aria-label={say('planOf', { name: nameOf(floor.name) })}>
        <div class="sheet" style={{ width: `${zooms[zoom]! * 100}%` }}>
          <Picture floor={floor} />
          {Object.keys(floor.zones).map((id) => (
            <ZoneMark key={id} id={id} zones={floor.zones} />
          ))}
          {Object.entries(floor.points).map(([id, place]) => {
            const point = shownPoints.value.get(id);
            return point && <PointMark key={id} point={point} place={place} floor={floor} />;
          })}
        </div>
      </section>
      {floor.image === undefined && <p class="soft">{say('noPicture')}</p>}
    </div>
  );
}

export function Picture({ floor }: { readonly floor: Floor }) {
  if (floor.image === undefined) return <div class="sheet-empty" />;
  return <img class="sheet-picture" src={address(floor.image)} alt="" draggable={false} />;
}

export const share = (value: number): string => `${value * 100}%`;

function ZoneMark({ id, zones }: { readonly id: string; readonly zones: Floor['zones'] }) {
  const [x, y, width, height] = zones[id]!;
  const open = ordered.value.filter((incident) => incident.zone === id);
  const [worst] = open;
  const tone = worst === undefined ? '' : worst.drill ? 'zone-drill' : `zone-${worst.category}`;
  return (
    <div
      class={`zone ${tone}`}
      style={{ left: share(x), top: share(y), width: share(width), height: share(height) }}
    >
      <div class={`zone-words ${x > 0.6 ? 'at-right' : ''} ${worst === undefined ? '' : flagOf(id, zones)}`}>
        {/* (an incident's title names the zone) */}
        {worst === undefined && (
          <span class="zone-name" dir="auto">
            {zoneName(id)}
          </span>
        )}
        {open.slice(0, 3).map((incident) => (
          <ZoneIncident key={incident.id} incident={incident} />
        ))}
      </div>
    </div>
  );
}

/**
 * An incident's name hangs on its zone like a flag where there is room, so that it covers none of its points; never
 * within another zone, where it would name the wrong place.
 */
function flagOf(id: string, zones: Floor['zones']): string {
  const [x, y, width, height] = zones[id]!;
  const isFree = (top: number): boolean =>
    !Object.entries(zones).some(
      ([other, [left, upper, wide, high]]) =>
        other !== id && left < x + width && x < left + wide && upper < top + 0.15 && top < upper + high,
    );
  if (y > 0.15 && isFree(y - 0.15)) return 'above';
  return y + height < 0.85 && isFree(y + height) ? 'below' : '';
}

function ZoneIncident({ incident }: { readonly incident: Incident }) {
  return (
    <a
      class={`zone-incident ${incident.drill ? 'drill' : incident.category}`}
      href={link('incident', incident.id)}
    >
      <span aria-hidden="true">{incident.drill ? '◎' : shapes[incident.category]}</span>{' '}
      <bdi>{nameOf(incident.title)}</bdi>
    </a>
  );
}

function PointMark(props: {
  readonly point: PointView;
  readonly place: Floor['points'][string];
  readonly floor: Floor;
}) {
  const { point, place, floor } = props;
  const state = stateOf(point);
  const [x, y] = place;
  const name = nameOf(point.name);
  const open = ordered.value.filter(
    ({ cause, signals }) =>
      cause.point === point.id || signals.some((one) => one.active && one.point === point.id),
  );
  const isNamed = open.some(({ zone }) => zone !== undefined && Object.hasOwn(floor.zones, zone));
  const value = valueText(point);
  const said = value === stateWord(point) ? value : `${value} · ${stateWord(point)}`;
  // (words stand on the side where there is room)
  const side = `${x > 0.6 ? 'to-left' : 'to-right'}`;
  return (
    <a
      class={`mark mark-${state} ${open.length > 0 ? 'mark-open' : ''} ${
        // its incident's name stands in the zone already
        state === 'active' && !isNamed ? 'mark-named' : ''
      } ${side}`}
      style={{ left: share(x), top: share(y) }}
      href={link('points', point.id)}
      aria-label={`${name}: ${said}`}
    >
      <span class="mark-sign">
        <StateShape state={state} />
      </span>
      <span class="mark-words" aria-hidden="true">
        <bdi>{name}</bdi> · <bdi>{said}</bdi>
      </span>
    </a>
  );
}

const legend: readonly (readonly [PointState, 'active' | 'atRest' | 'unknown' | 'disabled'])[] = [
  ['active', 'active'],
  ['rest', 'atRest'],
  ['unknown', 'unknown'],
  ['disabled', 'disabled'],
];

function Legend() {
  return (
    <ul class="legend" aria-label={say('legend')}>
      {legend.map(([state, word]) => (
        <li key={state} class={`point-state point-${state}`}>
          <StateShape state={state} /> {say(word)}
        </li>
      ))}
    </ul>
  );
}
