// What may be put on a plan, zones and points, and what is on it already: found by its name, put on and taken off.

import { useState } from 'preact/hooks';
import { Button, Field } from '../parts/index.ts';
import { points, site } from '../state.ts';
import { nameOf } from '../words/index.ts';
import { nameOfPlaced } from './floor-marks.tsx';
import { type Draft, keyOf, type Placed } from './floor-plan.ts';
import { say } from './floors-words.ts';

/** More are found by searching. */
const mostShown = 30;

interface Item extends Placed {
  readonly name: string;
}

export function FloorPalette(props: {
  readonly draft: Draft;
  readonly chosen: Placed | undefined;
  readonly onPlace: (item: Placed) => void;
  readonly onTakeOff: (item: Placed) => void;
}) {
  const { draft } = props;
  const [search, setSearch] = useState('');
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ id, name }: Item): boolean =>
    words.every((word) => `${id} ${name}`.toLowerCase().includes(word));
  const zones: Item[] = (site.value?.zones ?? []).map(({ id, name }) => ({
    of: 'zone',
    id,
    name: nameOf(name),
  }));
  const all: Item[] = [...points.value.values()].map(({ id, name }) => ({
    of: 'point',
    id,
    name: nameOf(name),
  }));
  const isOn = ({ of, id }: Placed): boolean => Object.hasOwn(of === 'zone' ? draft.zones : draft.points, id);
  const off = (items: readonly Item[]): Item[] => items.filter((item) => !isOn(item) && fits(item));
  const placed: Item[] = [
    ...Object.keys(draft.zones).map((id) => ({ of: 'zone' as const, id })),
    ...Object.keys(draft.points).map((id) => ({ of: 'point' as const, id })),
  ]
    .map((item) => ({ ...item, name: nameOfPlaced(item) }))
    .filter(fits);
  const nothingOff = off(zones).length + off(all).length === 0;
  return (
    <section class="palette" aria-label={say('notPlaced')}>
      <Field name="find" type="search" label={say('find')} onInput={setSearch} />
      <h2>{say('notPlaced')}</h2>
      {nothingOff && <p class="soft">{say('allPlaced')}</p>}
      <Items
        title={say('zones')}
        items={off(zones)}
        action={(name) => say('place', { name })}
        onPress={props.onPlace}
      />
      <Items
        title={say('points')}
        items={off(all)}
        action={(name) => say('place', { name })}
        onPress={props.onPlace}
      />
      {placed.length > 0 && (
        <details class="folded">
          <summary>
            {say('placed')} ({placed.length})
          </summary>
          <Items
            title={say('takeOff')}
            items={placed}
            action={(name) => `${say('takeOff')}: ${name}`}
            onPress={props.onTakeOff}
            sign="−"
          />
        </details>
      )}
    </section>
  );
}

function Items(props: {
  readonly title: string;
  readonly items: readonly Item[];
  readonly action: (name: string) => string;
  readonly onPress: (item: Placed) => void;
  readonly sign?: string;
}) {
  const { items } = props;
  if (items.length === 0) return null;
  return (
    <>
      <h3>{props.title}</h3>
      <ul class="palette-items">
        {items.slice(0, mostShown).map((item) => (
          <li key={keyOf(item)}>
            <Button
              label={props.action(item.name)}
              onPress={() => props.onPress({ of: item.of, id: item.id })}
            >
              <span aria-hidden="true">{props.sign ?? '+'}</span> <bdi>{item.name}</bdi>
            </Button>
          </li>
        ))}
      </ul>
      {items.length > mostShown && (
        <p class="soft">{say('moreThere', { count: items.length - mostShown })}</p>
      )}
    </>
  );
}
