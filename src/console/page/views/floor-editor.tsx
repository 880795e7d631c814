// Drawing up a plan: marks are put on it and moved by mouse, finger or keyboard. What is changed is kept in the browser
// with every change, so that neither a dead connection nor a closed page loses it; it is saved when asked for.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Floor } from '../../api.ts';
import { failureText, put } from '../api.ts';
import { Button, Confirm, Field, Page, toast } from '../parts/index.ts';
import { store, stored } from '../preferences.ts';
import { remove, upload } from '../transfer.ts';
import { nameOf } from '../words/index.ts';
import { nameFrom, pictureType } from './floor-add.tsx';
import { EditableSheet } from './floor-marks.tsx';
import { FloorPalette } from './floor-palette.tsx';
import { type Draft, draftOf, keyOf, type Placed, placedAt, same, takenOff } from './floor-plan.ts';
import { say } from './floors-words.ts';
import { floorImagePath, floorPath } from './paths.ts';
import './floor-editor.css';

const keptAs = (id: string): string => `floor.${id}`;

/** What was changed in this browser and not saved yet. */
export function draftKept(floor: Floor): Draft | undefined {
  try {
    const kept = JSON.parse(stored(keptAs(floor.id)) ?? 'null') as Partial<Draft> | null;
    if (!kept?.points || !kept.zones || kept.name === undefined) return undefined;
    const draft = { id: floor.id, name: kept.name, points: kept.points, zones: kept.zones };
    return same(draft, draftOf(floor)) ? undefined : draft;
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
  const [draft, setDraft] = useState<Draft>(() => draftKept(floor) ?? draftOf(floor));
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
    setDraft(next);
    store(keptAs(floor.id), same(next, draftOf(floor)) ? undefined : JSON.stringify(next));
  };
  const save = async (): Promise<void> => {
    const { name, points, zones } = draft;
    try {
      await put(floorPath(floor.id), { name, points, zones });
    } catch (error) {
      toast(say('saveFailed', { why: failureText(error) }), 'bad');
      return;
    }
    store(keptAs(floor.id), undefined);
    toast(say('saved'));
    await props.onSaved();
  };
  const putOn = (item: Placed): void => {
    change(placedAt(draft, item, 0.5, 0.5));
    choose(item);
    place(item);
    // (once it is there it has the focus, so that arrows move it)
    requestAnimationFrame(() => {
      box.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(keyOf(item))}"]`)?.focus();
    });
  };
  const takeOff = (item: Placed): void => {
    change(takenOff(draft, item));
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
      await upload(floorImagePath(floor.id), file, type);
      await props.onSaved();
    } catch (error) {
      toast(failureText(error), 'bad');
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
          <Button kind="primary" disabled={!changed} onPress={save}>
            {say('save')}
          </Button>
          <Button onPress={() => (changed ? ask('discard') : props.onClose())}>{say('cancel')}</Button>
        </>
      }
    >
      <p class="soft">{say('help')}</p>
      <div class="floor-edit" ref={box}>
        <EditableSheet
          floor={floor}
          draft={draft}
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
          onInput={(zh) => change({ ...draft, name: nameFrom(zh, typeof name === 'string' ? '' : name.en) })}
        />
        <Field
          name="en"
          label={say('nameEn')}
          value={typeof name === 'string' ? '' : name.en}
          onInput={(en) =>
            change({ ...draft, name: nameFrom(typeof name === 'string' ? name : name.zh, en) })
          }
        />
        <label class="field file-field">
          <span>
            {say('replacePicture')} · {say('picture')}
          </span>
          <input
            ref={picked}
            type="file"
            accept=".svg,.png,image/svg+xml,image/png"
            onChange={() => void otherPicture()}
          />
        </label>
        <Button kind="danger" onPress={() => ask('remove')}>
          {say('remove')}
        </Button>
      </div>
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
