// Every open incident as a card of one size in a grid whose places are given by transforms: a new card moves nothing in
// the layout. While somebody is pressing there the cards keep their places, and for a moment after they have moved
// nothing counts as pressed, because the finger was meant for what stood there before.

import { computed, effect, signal, useComputed } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Incident } from '../../api.ts';
import { command } from '../api.ts';
import { firstCause, isUnacknowledged, shortId, zoneName } from '../names.ts';
import { held } from '../order.ts';
import { CategoryBadge, DrillBadge, LevelBadge } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { toast, toastReply } from '../parts/toast.tsx';
import { link } from '../router.ts';
import { connection, hushed, incidents, loaded, may, now } from '../state.ts';
import { ordered, summary } from '../summary.ts';
import { nextStep, titleParts } from '../told-summary.ts';
import { ago, clock, nameOf, plural, t, when } from '../words/index.ts';
import { ToldLine } from './told-line.tsx';

/** A hand that was there less than so long ago may be about to press. */
const handMs = 2500;
/** ... but not for ever. */
const longestHoldMs = 15_000;
/** A press so soon after a move was meant for what stood there before. */
const guardMs = 450;

const two = matchMedia('(min-width: 80rem)');
const columns = signal(two.matches ? 2 : 1);
two.addEventListener('change', () => {
  columns.value = two.matches ? 2 : 1;
});

/** ids as they stand on the screen */
const places = signal<readonly string[]>([]);
let handAtMs = 0;
let heldSinceMs = 0;
let movedAtMs = 0;

effect(() => {
  const wanted = ordered.value.map((one) => one.id);
  settle(wanted);
});
// The banner of a dead line moves everything down when it comes, and up when it goes.
const alive = computed(() => connection.value.alive);
let wasAlive = false;
effect(() => {
  const isAlive = alive.value;
  // (at the very beginning nothing has moved)
  if (wasAlive || (isAlive && movedAtMs > 0)) movedAtMs = performance.now();
  wasAlive = isAlive;
});
setInterval(() => {
  if (heldSinceMs > 0) settle(ordered.peek().map((one) => one.id));
}, 500);

function settle(wanted: readonly string[]): void {
  const shown = places.peek();
  const atMs = Date.now();
  const hand = atMs - handAtMs < handMs && (heldSinceMs === 0 || atMs - heldSinceMs < longestHoldMs);
  const next = hand ? held(shown, wanted) : wanted;
  const waits = next.some((id, index) => id !== wanted[index]);
  heldSinceMs = waits ? heldSinceMs || atMs : 0;
  if (next.length === shown.length && next.every((id, index) => id === shown[index])) return;
  if (shown.some((id, index) => next[index] !== id)) movedAtMs = performance.now();
  places.value = next;
}

interface Drawn {
  readonly incident: Incident;
  readonly column: number;
  readonly row: number;
  readonly card: JSX.Element;
}

/** in how many rows the cards stand */
export const rows = computed(() => Math.ceil(places.value.length / columns.value));

export function Cards() {
  const box = useRef<HTMLUListElement>(null);
  // A card that was moved in the document loses the focus; it gets it back.
  const focused = useRef<Element | null>(null);
  useLayoutEffect(() => {
    const was = focused.current;
    if (was instanceof HTMLElement && was.isConnected && document.activeElement === document.body)
      was.focus({ preventScroll: true });
  }, [places.value]);
  useEffect(() => {
    const list = box.current!;
    const hand = (): void => {
      handAtMs = Date.now();
    };
    const keep = (event: Event): void => {
      focused.current = event.target as Element;
    };
    const guard = (event: MouseEvent): void => {
      // (`detail` is 0 where it was a key: the focus went with its card)
      if (event.detail === 0 || performance.now() - movedAtMs > guardMs) return;
      event.preventDefault();
      event.stopPropagation();
      toast(t('card.moved'), 'bad');
    };
    for (const kind of ['pointerdown', 'pointermove', 'touchstart', 'wheel', 'keydown'])
      list.addEventListener(kind, hand, { passive: true });
    list.addEventListener('focusin', keep);
    list.addEventListener('click', guard, { capture: true });
  }, []);
  // A card that is the same as before is not looked at again: 200 of them would make each new one late.
  const drawn = useRef(new Map<string, Drawn>());
  const before = drawn.current;
  drawn.current = new Map();
  const cards = places.value.map((id, index) => {
    const incident = incidents.value.get(id);
    if (!incident) return null;
    const [column, row] = [index % columns.value, Math.floor(index / columns.value)];
    const was = before.get(id);
    const same = was?.incident === incident && was.column === column && was.row === row;
    const card = same ? was.card : <Card key={id} incident={incident} column={column} row={row} />;
    drawn.current.set(id, { incident, column, row, card });
    return card;
  });
  const empty = cards.length === 0;
  return (
    <section class="cards" aria-label={t('wall.open')}>
      {empty && loaded.value && <Calm />}
      <ul
        ref={box}
        class="card-list"
        style={{ '--rows': String(rows.value), '--columns': String(columns.value) }}
        hidden={empty}
      >
        {cards}
      </ul>
    </section>
  );
}

function Calm() {
  if (summary.value.tone !== 'quiet') return null;
  return (
    <div class="calm">
      <span class="calm-sign" aria-hidden="true">
        ✓
      </span>
      {/* (another paragraph, not the same one made shorter, which would be seen to move) */}
      {hushed.value.size > 0 ? (
        <p key="hushed">{t('hush.note', { count: hushed.value.size })}</p>
      ) : (
        <p key="quiet">{t('wall.quietText')}</p>
      )}
    </div>
  );
}

function Card(props: { readonly incident: Incident; readonly column: number; readonly row: number }) {
  const { incident, column, row } = props;
  const waiting = isUnacknowledged(incident);
  const title = nameOf(incident.title);
  const more = Math.max(incident.signalCount, incident.signals.length) - 1;
  return (
    <li
      class={`card ${incident.drill ? 'drill' : incident.category}${waiting ? ' waiting' : ''}`}
      style={{ '--column': String(column), '--row': String(row) }}
    >
      <div class="card-body">
        <div class="card-top">
          <div class="card-badges">
            {incident.drill && <DrillBadge />}
            <CategoryBadge category={incident.category} />
            <LevelBadge level={incident.level} />
            <span class="card-id">{shortId(incident.id)}</span>
            <span class="card-since">
              <Since at={incident.openedAt} />
            </span>
          </div>
          <Title incident={incident} title={title} />
          <p class="card-state">{stateOf(incident)}</p>
        </div>
        <p class="card-cause">
          <bdi>{firstCause(incident)}</bdi>
          {more > 0 && ` · ${plural('card.signals', more)}`}
        </p>
      </div>
      <div class="card-foot">
        <NextStep incident={incident} />
        <ToldLine incident={incident} />
      </div>
      <div class="card-act">
        {waiting ? <Ack incident={incident} title={title} /> : <Acknowledged incident={incident} />}
      </div>
    </li>
  );
}

/** What it is, and on a line of its own where: both lead to the incident. */
function Title({ incident, title }: { readonly incident: Incident; readonly title: string }) {
  const { zone, place, category } = incident;
  const { what, where } = titleParts(title, zone === undefined ? undefined : zoneName(zone));
  const places = [where, place].filter((part) => part !== undefined && part !== '');
  // (a trouble of the gateway itself is nowhere)
  if (places.length === 0 && category === 'alarm') places.push(t('incident.nowhere'));
  const length = places.join('').length;
  return (
    <h2 class="card-title">
      <a href={link('incident', incident.id)}>
        <span class="card-what" dir="auto">
          {what}
        </span>
        {places.length > 0 && (
          <>
            <span class="hidden"> · </span>
            <span class={length > 60 ? 'card-where long' : 'card-where'}>
              {places.map((part, index) => (
                <bdi key={part}>{index > 0 ? ` · ${part}` : part}</bdi>
              ))}
            </span>
          </>
        )}
      </a>
    </h2>
  );
}

/** What is to be done now. */
function NextStep({ incident }: { readonly incident: Incident }) {
  const next = nextStep(incident);
  if (incident.steps.length === 0) return null;
  if (!next) return <p class="card-step done">✓ {t('card.stepsDone')}</p>;
  const { step, number, all } = next;
  return (
    <p class={step.overdueAt === undefined ? 'card-step' : 'card-step overdue'}>
      <strong>
        {step.overdueAt === undefined ? '' : `! ${t('card.stepOverdue')} · `}
        {t('card.step', { number, all })}
      </strong>{' '}
      <bdi>{nameOf(step.text)}</bdi>
    </p>
  );
}

function Since({ at }: { readonly at: string }) {
  // (drawn again when the words change, not with every second)
  const begun = useComputed(() => `${t('card.since', { time: when(at, now.value) })} · `);
  const age = useComputed(() => ago(at, now.value));
  return (
    <>
      <span class="card-begun">{begun}</span>
      {age}
    </>
  );
}

function stateOf(incident: Incident): string {
  const parts = [incident.active ? `● ${t('card.active')}` : `▽ ${t('card.returned')}`];
  if (incident.signals.some((signal) => signal.latched)) parts.push(t('card.latched'));
  if (incident.silenced) parts.push(t('card.silenced'));
  return parts.join(' · ');
}

function Ack({ incident, title }: { readonly incident: Incident; readonly title: string }) {
  const box = useRef<HTMLDivElement>(null);
  // Once it is acknowledged the button goes; who came by the keyboard stays at this card.
  useLayoutEffect(() => {
    const place = box.current;
    const card = place?.closest('.card');
    return () => {
      if (place?.contains(document.activeElement)) card?.querySelector<HTMLElement>('.card-title a')?.focus();
    };
  }, []);
  if (!may('ack')) return <p class="card-note">! {t('card.unacknowledged')}</p>;
  return (
    <div class="ack-place" ref={box}>
      <Button
        kind="primary"
        big
        class="ack"
        label={t('card.ackOf', { title, id: shortId(incident.id) })}
        onPress={async () => {
          toastReply(await command('ack', { incident: incident.id }));
        }}
      >
        <span aria-hidden="true">✓</span> {t('card.ack')}
      </Button>
    </div>
  );
}

function Acknowledged({ incident }: { readonly incident: Incident }) {
  if (incident.state === 'shelved') return <p class="card-note">‖ {t('card.shelvedNow')}</p>;
  const { acknowledgedBy = '', acknowledgedAt } = incident;
  return (
    <p class="card-note" dir="auto">
      ✓ {t('card.acknowledgedBy', { name: acknowledgedBy })}
      {acknowledgedAt !== undefined && <span class="card-note-time">{clock(acknowledgedAt)}</span>}
    </p>
  );
}
