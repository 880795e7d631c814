// The plan while it is drawn up: every mark is a button that is dragged, or moved with the arrows. A tap on the plan puts
// down what is just being placed, for hands that can't drag.

import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import type { Floor } from '../../api.ts';
import { pointName, zoneName } from '../names.ts';
import { points, site } from '../state.ts';
import { type Draft, keyOf, movedBy, type Placed, placedAt, sizedBy } from './floor-plan.ts';
import { Picture, share } from './floor-sheet.tsx';
import { say } from './floors-words.ts';
import { StateShape } from './point-value.tsx';

const step = 0.01;
const smallStep = 0.002;
const arrows: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function nameOfPlaced({ of, id }: Placed): string {
  if (of === 'zone')
    return site.value?.zones.some((zone) => zone.id === id) ? zoneName(id) : `${id} (${say('pointGone')})`;
  return pointName(id) ?? `${id} (${say('pointGone')})`;
}

const percent = (value: number): string => String(Math.round(value * 1000) / 10);

/** Where it is, in words. */
export function placeOf(draft: Draft, { of, id }: Placed): string {
  const at = of === 'zone' ? draft.zones[id] : draft.points[id];
  if (!at) return '';
  const position = say('position', { x: percent(at[0]), y: percent(at[1]) });
  if (of === 'point') return position;
  const [, , width = 0, height = 0] = draft.zones[id]!;
  return `${position}; ${say('sized', { width: percent(width), height: percent(height) })}`;
}

interface SheetProps {
  readonly floor: Floor;
  readonly draft: Draft;
  /** the draft with what was changed since it was drawn: keys come faster than drawings */
  readonly latest: { readonly current: Draft };
  readonly chosen: Placed | undefined;
  readonly placing: Placed | undefined;
  readonly onChoose: (item: Placed) => void;
  readonly onChange: (draft: Draft) => void;
  readonly onPlaced: () => void;
  readonly onTakeOff: (item: Placed) => void;
}

export function EditableSheet(props: SheetProps) {
  const { draft, chosen, placing } = props;
  const sheet = useRef<HTMLDivElement>(null);
  const tap = (event: MouseEvent): void => {
    // (Enter on a mark is a click without a place)
    if (!placing || !sheet.current || event.detail === 0) return;
    // what lies under the finger, such as the zone around it, takes it as well as the empty plan
    const under = event.target instanceof Element ? event.target.closest('button') : null;
    if (under?.dataset.key === keyOf(placing)) return;
    const box = sheet.current.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width;
    const y = (event.clientY - box.top) / box.height;
    props.onChange(placedAt(props.latest.current, placing, x, y));
    props.onPlaced();
  };
  const zone = (id: string): Placed => ({ of: 'zone', id });
  const point = (id: string): Placed => ({ of: 'point', id });
  return (
    <div class="floor-view">
      <p class="floor-chosen" role="status">
        {placing
          ? say('placing', { name: nameOfPlaced(placing) })
          : chosen
            ? `${say('selected', { name: nameOfPlaced(chosen) })} · ${placeOf(draft, chosen)}`
            : ' '}
      </p>
      <div class="sheet-frame">
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: by keyboard it is moved with the arrows */}
        {/* biome-ignore lint/a11y/noStaticElementInteractions: as above */}
        <div class={`sheet sheet-edited ${placing ? 'sheet-placing' : ''}`} ref={sheet} onClick={tap}>
          <Picture floor={props.floor} />
          {Object.entries(draft.zones).map(([id, [x, y, width, height]]) => (
            <div
              key={id}
              class="zone zone-edited"
              style={{ left: share(x), top: share(y), width: share(width), height: share(height) }}
            >
              <Handle {...props} sheet={sheet} item={zone(id)} class="zone-handle">
                <span dir="auto">{nameOfPlaced(zone(id))}</span>
              </Handle>
              {chosen && keyOf(chosen) === keyOf(zone(id)) && (
                <Handle {...props} sheet={sheet} item={zone(id)} size class="zone-corner">
                  <span aria-hidden="true">⤡</span>
                </Handle>
              )}
            </div>
          ))}
          {Object.entries(draft.points).map(([id, [x, y]]) => (
            <Handle
              key={id}
              {...props}
              sheet={sheet}
              item={point(id)}
              class={`mark mark-edited mark-rest ${x > 0.6 ? 'to-left' : 'to-right'}`}
              at={[x, y]}
            >
              <span class="mark-sign">
                <StateShape state={points.value.has(id) ? 'rest' : 'unknown'} />
              </span>
              <span class="mark-words">
                <bdi>{nameOfPlaced(point(id))}</bdi>
              </span>
            </Handle>
          ))}
        </div>
      </div>
    </div>
  );
}

/** What is held and moved: a mark, a zone, or (`size`) the corner of a zone. */
function Handle(
  props: SheetProps & {
    readonly sheet: { readonly current: HTMLDivElement | null };
    readonly item: Placed;
    readonly size?: boolean;
    readonly class: string;
    readonly at?: readonly [x: number, y: number];
    readonly children: ComponentChildren;
  },
) {
  const { item, size, draft, latest } = props;
  const held = useRef<{ readonly x: number; readonly y: number; readonly draft: Draft } | undefined>(
    undefined,
  );
  const name = nameOfPlaced(item);
  const moved = (from: Draft, dx: number, dy: number): Draft =>
    size ? sizedBy(from, item.id, dx, dy) : movedBy(from, item, dx, dy);
  const isChosen = props.chosen && keyOf(props.chosen) === keyOf(item);
  return (
    <button
      type="button"
      class={`${props.class} ${isChosen ? 'is-chosen' : ''}`}
      style={props.at && { left: share(props.at[0]), top: share(props.at[1]) }}
      data-key={size ? undefined : keyOf(item)}
      aria-label={`${size ? say('corner', { name }) : name}: ${placeOf(draft, item)}`}
      onFocus={() => props.onChoose(item)}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        held.current = { x: event.clientX, y: event.clientY, draft: latest.current };
        props.onChoose(item);
      }}
      onPointerMove={(event) => {
        const from = held.current;
        const box = props.sheet.current?.getBoundingClientRect();
        if (!from || !box) return;
        const [dx, dy] = [(event.clientX - from.x) / box.width, (event.clientY - from.y) / box.height];
        // (a finger that only touches trembles)
        if (Math.hypot(event.clientX - from.x, event.clientY - from.y) < 4) return;
        props.onPlaced();
        props.onChange(moved(from.draft, dx, dy));
      }}
      onPointerUp={() => {
        held.current = undefined;
      }}
      onPointerCancel={() => {
        if (held.current) props.onChange(held.current.draft);
        held.current = undefined;
      }}
      onKeyDown={(event) => {
        const arrow = arrows[event.key];
        if (arrow) {
          event.preventDefault();
          const by = event.shiftKey ? smallStep : step;
          props.onPlaced();
          props.onChange(moved(latest.current, arrow[0] * by, arrow[1] * by));
        } else if (event.key === 'Delete' || event.key === 'Backspace') {
          event.preventDefault();
          props.onTakeOff(item);
        } else if (event.key === 'Escape' && props.placing) {
          event.preventDefault();
          props.onTakeOff(item);
        }
      }}
    >
      {props.children}
    </button>
  );
}
