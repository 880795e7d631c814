// A new floor: its name and its picture. A floor has to be there before a picture can be given to it; where the daemon
// does not take the picture, it is taken back, and the window stays open for another one.

import { useRef } from 'preact/hooks';
import type { Text } from '../../../core/types.ts';
import type { Floor } from '../../api.ts';
import { put } from '../api.ts';
import { Field, FormDialog, toast, toastFailure } from '../parts/index.ts';
import { remove, upload } from '../transfer.ts';
import { FilePick } from './file-pick.tsx';
import { newId } from './floor-plan.ts';
import { say } from './floors-words.ts';
import { floorImagePath, floorPath } from './paths.ts';

export const largestPictureBytes = 5 * 1024 * 1024;

/** The type that a picture is sent as; undefined: none that is taken. */
export function pictureType(file: File): string | undefined {
  if (file.size === 0 || file.size > largestPictureBytes) return undefined;
  if (file.type === 'image/svg+xml' || file.type === 'image/png') return file.type;
  if (/\.svg$/i.test(file.name)) return 'image/svg+xml';
  return /\.png$/i.test(file.name) ? 'image/png' : undefined;
}

/** One language is enough; two make a text of both. */
export function nameFrom(zh: string, en: string): Text {
  return zh === '' || en === '' || zh === en ? zh || en : { zh, en };
}

export function AddFloor(props: {
  readonly floors: readonly Floor[];
  readonly onMade: (id: string) => unknown;
  readonly onClose: () => void;
}) {
  const picked = useRef<HTMLInputElement>(null);
  const make = async ({ zh = '', en = '' }: Readonly<Record<string, string>>): Promise<boolean> => {
    if (zh === '' && en === '') {
      toast(say('nameWhy'), 'bad');
      return false;
    }
    const file = picked.current?.files?.[0];
    const type = file && pictureType(file);
    if (file && type === undefined) {
      toast(say('pictureBad'), 'bad');
      return false;
    }
    const id = newId(en || zh, new Set(props.floors.map((floor) => floor.id)));
    await put(floorPath(id), { name: nameFrom(zh, en), points: {}, zones: {} });
    try {
      if (file && type) await upload(floorImagePath(id), file, type);
    } catch (error) {
      toastFailure(error);
      await remove(floorPath(id));
      return false;
    }
    await props.onMade(id);
    return true;
  };
  return (
    <FormDialog title={say('addTitle')} action={say('add')} onSubmit={make} onClose={props.onClose}>
      <p>{say('nameWhy')}</p>
      <Field name="zh" label={say('nameZh')} />
      <Field name="en" label={say('nameEn')} />
      <FilePick label={say('picture')} field={picked} accept=".svg,.png,image/svg+xml,image/png" />
    </FormDialog>
  );
}
