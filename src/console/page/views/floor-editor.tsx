// Drawing up a plan: marks are put on it and moved by mouse, finger or keyboard. What is changed is kept in the browser
// with every change, so that neither a dead connection nor a closed page loses it; it is saved when asked for.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Floor } from '../../api.ts';
import { ApiFailure, failureText, get, put } from '../api.ts';
import { Button, Confirm, Field, Page, toast } from '../parts/index.ts';
import { store, stored } from '../preferences.ts';
import { remove, upload } from '../transfer.ts';
import { nameOf } from '../words/index.ts';
import { FilePick } from './file-pick.tsx';
import { nameFrom, pictureType } from './floor-add.tsx';
import { FloorConflict } from './floor-conflict.tsx';
import { EditableSheet } from './floor-marks.tsx';
import { FloorPalette } from './floor-palette.tsx';
import { type Draft, draftOf, keyOf, type Placed, placedAt, same, takenOff } from './floor-plan.ts';
import { say } from './floors-words.ts';
import { floorImagePath, floorPath } from './paths.ts';
import './floor-editor.css';

const keptAs = (id: string): string => `floor.${id}`;

/** What was changed in this browser and not saved yet, and from which state it was begun. */
export function draftKept(floor: Floor): { readonly draft: Draft; readonly etag: string } | undefined {
  try {
    const kept = JSON.parse(stored(keptAs(floor.id)) ?? 'null') as
      | (Partial<Draft> & { etag?: string })
      | null;
    if (!kept?.points || !kept.zones || kept.name === undefined) return undefined;
    const draft = { id: floor.id, name: kept.name, points: kept.points, zones: kept.zones };
    return same(draft, draftOf(floor)) ? undefined : { draft, etag: kept.etag ?? floor.etag };
  } catch {
    return undefined;
  }
}

export function FloorEditor(props: {
  readonly floor: Floor;
  readonly onSaved: () => Promise<void>;
  readonly onRemoved: () => unknown;
  readonly onClose: () => void;
}) {
  const { floor } = props;
  const [begun] = useState(() => draftKept(floor) ?? { draft: draftOf(floor), etag: floor.etag });
  const [draft, setDraft] = useState<Draft>(begun.draft);
  const latest = useRef<Draft>(begun.draft);
  /** of the state that the draft was begun from */
  const from = useRef(begun.etag);
  const [theirs, setTheirs] = useState<Floor | 'removed' | undefined>(undefined);
  const [chosen, choose] = useState<Placed | undefined>(undefined);
  const [placing, place] = useState<Placed | undefined>(undefined);
  const [asking, ask] = useState<'discard' | 'remove' | undefined>(undefined);
  const box = useRef<HTMLDivElement>(null);
  const picked = useRef<HTMLInputElement>(null);
  const changed = !same(draft, draftOf(floor));
  useEffect(() => {
    if (changed) toast(say('restored'));
  }, []);

  const change = (next: Draft): void => {
    latest.current = next;
    setDraft(next);
    const kept = { ...next, etag: from.current };
    store(keptAs(floor.id), same(next, draftOf(floor)) ? undefined : JSON.stringify(kept));
  };
  /** In the place of this state alone; undefined: where there is none any more. */
  const save = async (etag: string | undefined): Promise<void> => {
    const { name, points, zones } = latest.current;
    try {
      from.current = (await put<Floor>(floorPath(floor.id), { name, points, zones }, etag)).etag;
    } catch (error) {
      if (!(await isOverrun(error))) toast(say('saveFailed', { why: failureText(error) }), 'bad');
      return;
    }
    store(keptAs(floor.id), undefined);
    toast(say('saved'));
    await props.onSaved();
  };
  /** Has somebody else changed it since? Then it is asked which to keep. */
  const isOverrun = async (error: unknown): Promise<boolean> => {
    if (!(error instanceof ApiFailure && error.status === 412)) return false;
    try {
      setTheirs(await get<Floor>(floorPath(floor.id)));
    } catch (failure) {
      if (!(failure instanceof ApiFailure && failure.status === 404)) return false;
      setTheirs('removed');
    }
    return true;
  };
  const takeTheirs = async (taken: Floor): Promise<void> => {
    store(keptAs(floor.id), undefined);
    await props.onSaved();
    from.current = taken.etag;
    latest.current = draftOf(taken);
    setDraft(latest.current);
  };
  const putOn = (item: Placed): void => {
    change(placedAt(latest.current, item, 0.5, 0.5));
    choose(item);
    place(item);
    // (once it is there it has the focus, so that arrows move it)
    requestAnimationFrame(() => {
      box.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(keyOf(item))}"]`)?.focus();
    });
  };
  const takeOff = (item: Placed): void => {
    change(takenOff(latest.current, item));
    choose(undefined);
    place(undefined);
    box.current?.querySelector<HTMLElement>('.palette input')?.focus();
  };
  const otherPicture = async (): Promise<void> => {
    const file = picked.current?.files?.[0];
    if (!file) return;
    const type = pictureType(file);
    if (type === undefined) {
      toast(say('pictureBad'), 'bad');
      return;
    }
    try {
      from.current = (await upload<Floor>(floorImagePath(floor.id), file, type, from.current)).etag;
      change(latest.current);
      await props.onSaved();
    } catch (error) {
      if (!(await isOverrun(error))) toast(failureText(error), 'bad');
    }
  };
  const { name } = draft;

  return (
    <Page
      title={`${say('edit')}: ${nameOf(name)}`}
      class="floors-page floor-editing"
      actions={
        <>
          {/* (its place is kept: nothing moves under a mark that is being dragged) */}
          <span class={changed ? 'warn floor-unsaved' : 'warn floor-unsaved not-yet'}>{say('unsaved')}</span>
          <Button kind="primary" disabled={!changed} onPress={() => save(from.current)}>
            {say('save')}
          </Button>
          <Button onPress={() => (changed ? ask('discard') : props.onClose())}>
            {say(changed ? 'cancel' : 'done')}
          </Button>
        </>
      }
    >
      <p class="soft">{say('help')}</p>
      <div class="floor-edit" ref={box}>
        <EditableSheet
          floor={floor}
          draft={draft}
          latest={latest}
          chosen={chosen}
          placing={placing}
          onChoose={choose}
          onChange={change}
          onPlaced={() => place(undefined)}
          onTakeOff={takeOff}
        />
        <FloorPalette draft={draft} chosen={chosen} onPlace={putOn} onTakeOff={takeOff} />
      </div>
      <div class="floor-own">
        <Field
          name="zh"
          label={say('nameZh')}
          value={typeof name === 'string' ? name : name.zh}
          onInput={(zh) =>
            change({ ...latest.current, name: nameFrom(zh, typeof name === 'string' ? '' : name.en) })
          }
        />
        <Field
          name="en"
          label={say('nameEn')}
          value={typeof name === 'string' ? '' : name.en}
          onInput={(en) =>
            change({ ...latest.current, name: nameFrom(typeof name === 'string' ? name : name.zh, en) })
          }
        />
        <FilePick
          label={`${say('replacePicture')} · ${say('picture')}`}
          field={picked}
          accept=".svg,.png,image/svg+xml,image/png"
          onPick={otherPicture}
        />
        <Button kind="danger" onPress={() => ask('remove')}>
          {say('remove')}
        </Button>
      </div>
      {theirs !== undefined && (
        <FloorConflict
          theirs={theirs}
          onTake={takeTheirs}
          onKeep={(etag) => save(etag)}
          onClose={() => setTheirs(undefined)}
        />
      )}
      {asking === 'discard' && (
        <Confirm
          title={say('discardTitle')}
          action={say('discard')}
          onClose={() => ask(undefined)}
          onYes={() => {
            store(keptAs(floor.id), undefined);
            props.onClose();
          }}
        >
          <p>{say('discardWarn')}</p>
        </Confirm>
      )}
      {asking === 'remove' && (
        <Confirm
          title={say('removeTitle', { name: nameOf(floor.name) })}
          action={say('remove')}
          onClose={() => ask(undefined)}
          onYes={async () => {
            await remove(floorPath(floor.id));
            store(keptAs(floor.id), undefined);
            await props.onRemoved();
          }}
        >
          <p>{say('removeWarn')}</p>
        </Confirm>
      )}
    </Page>
  );
}
