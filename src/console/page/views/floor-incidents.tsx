// The open incidents beside a plan, each with where it is: on this plan, on another floor, or on none. None is left out.

import type { Floor, Incident } from '../../api.ts';
import { CategoryBadge, DrillBadge, StateBadge } from '../parts/index.ts';
import { link } from '../router.ts';
import { ordered } from '../summary.ts';
import { nameOf } from '../words/index.ts';
import { isOn } from './floor-plan.ts';
import { say } from './floors-words.ts';

export function FloorIncidents(props: {
  readonly floors: readonly Floor[];
  readonly floor: Floor | undefined;
}) {
  const open = ordered.value;
  return (
    <section class="floor-incidents" aria-label={say('openHere')}>
      <h2>
        {say('openHere')} ({open.length})
      </h2>
      {open.length === 0 ? (
        <p class="soft">{say('openNone')}</p>
      ) : (
        <ul class="link-rows">
          {open.map((incident) => (
            <li key={incident.id}>
              <a class="row-link" href={link('incident', incident.id)}>
                {incident.drill ? <DrillBadge /> : <CategoryBadge category={incident.category} />}
                <span class="row-title" dir="auto">
                  {nameOf(incident.title)}
                </span>
                <StateBadge incident={incident} />
              </a>
              {props.floors.length > 0 && <Where incident={incident} {...props} />}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Where(props: {
  readonly incident: Incident;
  readonly floors: readonly Floor[];
  readonly floor: Floor | undefined;
}) {
  const { incident, floor, floors } = props;
  if (floor && isOn(floor, incident)) return <p class="soft">{say('onFloorNow')}</p>;
  const other = floors.find((one) => isOn(one, incident));
  if (!other) return <p class="soft">{say('notHere')}</p>;
  return (
    <p>
      <a class="go-floor" href={link('floors', other.id)}>
        <bdi>{say('onFloor', { name: nameOf(other.name) })}</bdi>
      </a>
    </p>
  );
}
