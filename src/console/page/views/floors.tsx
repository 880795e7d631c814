// Floor plans: where things are and what is wrong there, live. Drawing them up is a part of its own, for those who may;
// what they have changed and not saved is kept in the browser until it is.

import { useEffect, useState } from 'preact/hooks';
import type { Floor } from '../../api.ts';
import { get } from '../api.ts';
import { Button, ButtonLink, Empty, Failed, Loading, Page, useLoaded } from '../parts/index.ts';
import { go, link, route } from '../router.ts';
import { loaded, session } from '../state.ts';
import { ordered } from '../summary.ts';
import { nameOf } from '../words/index.ts';
import { AddFloor } from './floor-add.tsx';
import { draftKept, FloorEditor } from './floor-editor.tsx';
import { FloorIncidents } from './floor-incidents.tsx';
import { isOn } from './floor-plan.ts';
import { FloorSheet } from './floor-sheet.tsx';
import { say } from './floors-words.ts';
import { floorsPath } from './paths.ts';
import './equipment.css';
import './floors.css';

export function FloorsPage() {
  const { data: floors, failure, again } = useLoaded(() => get<readonly Floor[]>(floorsPath), 'floors');
  const [adding, add] = useState(false);
  const [editing, edit] = useState<string | undefined>(undefined);
  const mayEdit = session.value?.role === 'configure';
  const asked = route.value.parts[0];
  const floor = floors?.find(({ id }) => id === asked) ?? worst(floors) ?? floors?.[0];
  // (drawing up has the address of its floor, so that every other one, the menu's as well, leads out of it)
  const begin = (id: string): void => {
    go(`floors/${id}`, 'replace');
    edit(id);
  };
  const made = async (id: string): Promise<void> => {
    await again();
    begin(id);
  };
  useEffect(() => {
    if (asked !== editing) edit(undefined);
  }, [asked]);
  if (floor && editing === floor.id && asked === editing)
    return (
      <FloorEditor
        key={floor.id}
        floor={floor}
        onSaved={again}
        onRemoved={async () => {
          edit(undefined);
          go('floors', 'replace');
          await again();
        }}
        onClose={() => edit(undefined)}
      />
    );
  return (
    <Page
      title={floor ? say('planOf', { name: nameOf(floor.name) }) : say('floors')}
      class="floors-page"
      actions={
        mayEdit && floors ? (
          <>
            {floor && <Button onPress={() => begin(floor.id)}>{say('edit')}</Button>}
            <Button onPress={() => add(true)}>{say('add')}</Button>
          </>
        ) : undefined
      }
    >
      {floors === undefined || !loaded.value ? (
        failure !== undefined ? (
          <Failed message={say('failed', { why: failure })} onRetry={again} />
        ) : (
          <Loading />
        )
      ) : floor === undefined ? (
        <>
          <Empty>
            <strong>{say('none')}</strong>
            <br />
            {say('noneHow')} {!mayEdit && say('noneWho')}
          </Empty>
          <FloorIncidents floors={floors} floor={undefined} />
        </>
      ) : (
        <>
          {floors.length > 1 && <Choice floors={floors} chosen={floor.id} />}
          {mayEdit && draftKept(floor) && (
            <p class="remark">
              {say('unsaved')} · <Button onPress={() => begin(floor.id)}>{say('edit')}</Button>
            </p>
          )}
          <div class="floor-live">
            <FloorSheet floor={floor} />
            <FloorIncidents floors={floors} floor={floor} />
          </div>
        </>
      )}
      {adding && <AddFloor floors={floors ?? []} onClose={() => add(false)} onMade={made} />}
    </Page>
  );
}

/** The floor of the worst incident that is on any: nobody has to look for it. */
function worst(floors: readonly Floor[] | undefined): Floor | undefined {
  for (const incident of ordered.value) {
    const found = floors?.find((floor) => isOn(floor, incident));
    if (found) return found;
  }
  return undefined;
}

function Choice({ floors, chosen }: { readonly floors: readonly Floor[]; readonly chosen: string }) {
  return (
    <nav class="floor-choice" aria-label={say('floors')}>
      {floors.map((floor) => {
        const open = ordered.value.filter((incident) => isOn(floor, incident)).length;
        return (
          <span key={floor.id} aria-current={floor.id === chosen ? 'page' : undefined}>
            <ButtonLink href={link('floors', floor.id)} kind={floor.id === chosen ? 'primary' : 'plain'}>
              <bdi>{nameOf(floor.name)}</bdi>
              {open > 0 && (
                <>
                  {' '}
                  <span class="floor-open">
                    <span aria-hidden="true">▲</span> {open}
                  </span>
                </>
              )}
            </ButtonLink>
          </span>
        );
      })}
    </nav>
  );
}
