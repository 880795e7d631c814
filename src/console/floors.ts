// Floor plans on the disk: a YAML file for each in a folder beside the site file, and its picture. Written beside and put
// in place whole, so that a power cut leaves the old one or the new one; a change that was begun from another state than
// the present one is refused where the asker says which it was. Knows the forms of their names, and no route.

import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { Floor } from './api.ts';
import {
  type FloorData,
  floorInYaml,
  isFloorId,
  type Judged,
  pictureHeadBytes,
  pictureKind,
  yamlOf,
} from './floor-form.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { Refusal } from './types.ts';

export const largestPictureBytes = 5 * 1024 * 1024;
const largestFileBytes = 512 * 1024;
const mostFloors = 200;
const mostLists = 100;
const pictures = { svg: 'image/svg+xml', png: 'image/png' } as const;

export interface Floors {
  list(): Promise<readonly Floor[]>;
  find(id: string): Promise<Floor>;
  /** `from`: only if it is as it was with one of these `etag`s; undefined: in any case. */
  put(id: string, floor: FloorData, from: readonly string[] | undefined): Promise<Floor>;
  remove(id: string, from: readonly string[] | undefined): Promise<void>;
  /** Read as fast as it is taken: many pictures at once must not lie in memory. */
  picture(id: string): Promise<{ readonly type: string; readonly size: number; readonly bytes: Readable }>;
  putPicture(id: string, bytes: Uint8Array, from: readonly string[] | undefined): Promise<Floor>;
}

/** @param folder where they are, as it is in force now; made when the first one is written */
export function createFloors(folder: () => string): Floors {
  // one change after the other, so that none is written into the middle of another
  let turn: Promise<unknown> = Promise.resolve();
  let made = 0;
  // reading YAML takes long, and pages ask for all floors again and again
  const kept = new Map<string, { readonly changed: string; readonly found: Judged }>();
  const lists = oneAtATime(mostLists);
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work);
    turn = next.catch(() => {});
    return next;
  };

  const fileOf = (id: string, extension: string): string => {
    if (!isFloorId(id))
      throw new Refusal(400, 'badRequest', {
        zh: '楼层编号以小写字母开头，后面是小写字母、数字和 _',
        en: 'a floor’s id is a small letter, then small letters, digits and _',
      });
    return path.join(folder(), `${id}.${extension}`);
  };

  const read = async (id: string): Promise<Floor | undefined> => {
    const file = fileOf(id, 'yaml');
    const judged = await floorIn(file);
    if (judged === undefined) return undefined;
    if ('fault' in judged)
      throw new Refusal(409, 'refused', {
        zh: `${path.basename(file)}：${judged.fault.zh}；请改正或删除`,
        en: `${path.basename(file)}: ${judged.fault.en}; correct it or remove it`,
      });
    const kind = await pictureOf(id);
    return tagged({
      id,
      ...judged.floor,
      ...(kind && { image: `/floors/${id}/image?v=${kind.changed}` }),
    });
  };

  const floorIn = async (file: string): Promise<Judged | undefined> => {
    const there = await stat(file, { bigint: true }).catch(() => undefined);
    const changed = `${there?.mtimeNs} ${there?.ctimeNs} ${there?.size} ${there?.ino}`;
    const known = kept.get(file);
    if (there !== undefined && known?.changed === changed) return known.found;
    kept.delete(file);
    const text = await readSmall(file, largestFileBytes);
    if (text === undefined) return undefined;
    const judged = floorInYaml(text.toString('utf8'));
    if (kept.size < mostFloors) kept.set(file, { changed, found: judged });
    return judged;
  };

  const pictureOf = async (
    id: string,
  ): Promise<{ kind: keyof typeof pictures; changed: string } | undefined> => {
    for (const kind of ['svg', 'png'] as const) {
      const found = await stat(fileOf(id, kind)).catch(() => undefined);
      if (found?.isFile())
        return { kind, changed: `${Math.floor(found.mtimeMs).toString(36)}${found.size.toString(36)}` };
    }
    return undefined;
  };

  const write = async (file: string, bytes: Uint8Array | string): Promise<void> => {
    made += 1;
    const fresh = `${file}.${process.pid}-${made}.tmp`;
    try {
      await mkdir(path.dirname(file), { recursive: true, mode: 0o750 });
      const handle = await open(fresh, 'wx', 0o640);
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(fresh, file);
      await syncFolder(path.dirname(file));
    } catch (error) {
      await rm(fresh, { force: true }).catch(() => {});
      throw cannotWrite(error, path.dirname(file));
    }
  };

  const found = async (id: string): Promise<Floor> => {
    const floor = await read(id);
    if (floor === undefined) throw new Refusal(404, 'notFound', noFloor(id));
    return floor;
  };

  const mustBe = async (id: string, from: readonly string[] | undefined): Promise<void> => {
    if (from === undefined) return;
    const present = await read(id).catch((error) => faulty(id, error));
    if (present === undefined || !(from.includes(present.etag) || from.includes('*')))
      throw new Refusal(412, 'changed', {
        zh: `楼层 ${id} 已被其他人修改或删除：请重新读取，再决定保留哪一个`,
        en: `floor ${id} was changed or removed by somebody else meanwhile: read it again, and decide which to keep`,
      });
  };

  const listed = async (): Promise<readonly Floor[]> => {
    const names = await readdir(folder()).catch(() => [] as string[]);
    const ids = names
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => name.slice(0, -'.yaml'.length))
      .filter(isFloorId)
      .sort()
      .slice(0, mostFloors);
    const floors: Floor[] = [];
    for (const id of ids) {
      const floor = await read(id).catch((error) => faulty(id, error));
      if (floor !== undefined) floors.push(floor);
    }
    return floors;
  };

  return {
    list: () => lists.run(listed),
    find: found,
    put: (id, floor, from) =>
      inTurn(async () => {
        await mustBe(id, from);
        const names = await readdir(folder()).catch(() => [] as string[]);
        const file = fileOf(id, 'yaml');
        if (
          !names.includes(path.basename(file)) &&
          names.filter((name) => name.endsWith('.yaml')).length >= mostFloors
        )
          throw new Refusal(409, 'refused', {
            zh: `已有 ${mostFloors} 个楼层`,
            en: `there are ${mostFloors} floors already`,
          });
        await write(file, yamlOf(floor));
        return found(id);
      }),
    remove: (id, from) =>
      inTurn(async () => {
        await stat(fileOf(id, 'yaml')).catch(() => {
          throw new Refusal(404, 'notFound', noFloor(id));
        });
        await mustBe(id, from);
        try {
          for (const extension of ['yaml', 'svg', 'png']) await rm(fileOf(id, extension), { force: true });
        } catch (error) {
          throw cannotWrite(error, folder());
        }
      }),
    async picture(id) {
      const kind = (await pictureOf(id))?.kind;
      const opened = kind && (await openPicture(fileOf(id, kind), kind));
      if (!opened)
        throw new Refusal(404, 'notFound', {
          zh: `楼层 ${id} 没有图片`,
          en: `floor ${id} has no picture`,
        });
      return { type: pictures[kind], ...opened };
    },
    putPicture: (id, bytes, from) =>
      inTurn(async () => {
        await found(id);
        await mustBe(id, from);
        const kind = pictureKind(bytes);
        if (kind === undefined)
          throw new Refusal(415, 'badRequest', {
            zh: '这不是 SVG 或 PNG 图片',
            en: 'this is neither an SVG nor a PNG picture',
          });
        await write(fileOf(id, kind), bytes);
        await rm(fileOf(id, kind === 'svg' ? 'png' : 'svg'), { force: true });
        return found(id);
      }),
  };
}

const noFloor = (id: string) => ({ zh: `没有楼层 ${id}`, en: `there is no floor ${id}` });

/** One that can't be read is shown by its id alone, so that somebody sees it and can write it anew. */
function faulty(id: string, error: unknown): Floor | undefined {
  return error instanceof Refusal ? tagged({ id, name: id, points: {}, zones: {} }) : undefined;
}

/** With what is another whenever anything of it is. */
function tagged(floor: Omit<Floor, 'etag'>): Floor {
  const digest = createHash('sha256').update(JSON.stringify(floor)).digest('base64url');
  return { ...floor, etag: digest.slice(0, 22) };
}

async function readSmall(file: string, most: number): Promise<Buffer | undefined> {
  try {
    const found = await stat(file);
    if (!found.isFile() || found.size > most) return undefined;
    return await readFile(file);
  } catch {
    return undefined;
  }
}

/** undefined: too large, or a file of another kind that was put there by hand. */
async function openPicture(
  file: string,
  kind: keyof typeof pictures,
): Promise<{ size: number; bytes: Readable } | undefined> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { size } = await handle.stat();
    const head = Buffer.alloc(Math.min(size, pictureHeadBytes));
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    if (size <= largestPictureBytes && pictureKind(head.subarray(0, bytesRead)) === kind)
      return { size, bytes: handle.createReadStream({ start: 0, end: size - 1 }) };
  } catch {
    // as if it were not there
  }
  await handle.close();
  return undefined;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

function cannotWrite(error: unknown, folder: string): Error {
  if (error instanceof Refusal) return error;
  const { code } = error as NodeJS.ErrnoException;
  return new Refusal(409, 'refused', {
    zh: `无法写入 ${folder}（${code ?? 'error'}）：请建立该文件夹，并交给运行 keepwatch 的用户`,
    en: `${folder} can't be written (${code ?? 'error'}): make the folder and give it to the user that runs keepwatch`,
  });
}
