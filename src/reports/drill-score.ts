// How an incident went against its plan: what was missed, late or reached nobody; and for a drill the score of it.
// Pure functions over the incident as it stands; whether people did well is not judged, only times and messages.

import type { Delivery, Incident, StepRecord, Told } from '../core/types.ts';
import { between } from './time.ts';
import type { DrillScore, Improvement, Judged } from './types.ts';

/** The score of a drill, so far where it still runs: what is neither done nor overdue then counts neither way. */
export function drillScore(incident: Incident): DrillScore {
  const acknowledge = judgeAcknowledgement(incident);
  const steps = incident.steps.map((step) => ({
    id: step.id,
    text: step.text,
    ...(step.role !== undefined && { role: step.role }),
    ...judgeStep(incident, step),
  }));
  const judged = [
    acknowledge.good,
    ...steps.map(({ good }) => good),
    ...rungs(incident).map((told) => reachedAll(told)),
  ].filter((good) => good !== undefined);
  const kept = judged.filter(Boolean).length;
  return {
    score: judged.length === 0 ? 0 : Math.round((100 * kept) / judged.length),
    kept,
    judged: judged.length,
    acknowledge,
    steps,
    allClear: judgeAllClear(incident),
    improvements: improvementsOf(incident),
  };
}

/** What to do better, in the order of a plan: acknowledging, steps, people, messages. */
export function improvementsOf(incident: Incident): Improvement[] {
  const found: Improvement[] = [];
  const { ms, limitMs, good } = judgeAcknowledgement(incident);
  if (good === false)
    found.push(
      ms === undefined || limitMs === undefined
        ? { kind: 'notAcknowledged' }
        : { kind: 'acknowledgedLate', ms, limitMs },
    );
  for (const step of incident.steps) {
    const about = { step: step.id, text: step.text, ...(step.role !== undefined && { role: step.role }) };
    if (judgeStep(incident, step).good !== false) continue;
    const lateMs = between(step.dueAt, step.doneAt);
    found.push(
      step.doneAt === undefined
        ? { kind: 'stepMissed', ...about }
        : { kind: 'stepLate', ...about, ...(lateMs !== undefined && { lateMs }) },
    );
  }
  const tellings = (incident.told ?? []).filter(({ skipped }) => !skipped);
  for (const role of new Set(tellings.flatMap(({ nobody = [] }) => nobody)))
    found.push({ kind: 'nobody', role });
  const told = new Map<string, Improvement>();
  for (const { to, channel, because } of tellings.flatMap(undelivered))
    told.set(`${to} ${channel}`, {
      kind: 'notDelivered',
      to,
      channel,
      ...(because !== undefined && { because }),
    });
  return [...found, ...told.values()];
}

function rungs({ told = [] }: Incident): Told[] {
  return told.filter(({ kind, skipped }) => kind === 'rung' && !skipped);
}

/** Everybody knows of a test who has to: it waits for no acknowledgement. */
const isWalkTest = ({ plan }: Incident): boolean => plan === 'walk-test';

/** The limit is when somebody else was, or would have been, told for want of an acknowledgement. */
function judgeAcknowledgement(incident: Incident): Judged {
  const waits = (incident.told ?? []).flatMap(({ activation, unless, afterMs }) =>
    activation === 1 && unless === 'acknowledged' && afterMs !== undefined && afterMs > 0 ? [afterMs] : [],
  );
  const limitMs = waits.length > 0 ? Math.min(...waits) : undefined;
  const ms = between(incident.openedAt, incident.acknowledgedAt);
  const good =
    incident.acknowledgedAt === undefined
      ? incident.state === 'closed' && !isWalkTest(incident)
        ? false
        : undefined
      : ms === undefined || limitMs === undefined || ms <= limitMs;
  return {
    ...(ms !== undefined && { ms }),
    ...(limitMs !== undefined && { limitMs }),
    ...(good !== undefined && { good }),
  };
}

/** Steps that are neither required nor limited are judged only where they are done. */
function judgeStep(incident: Incident, step: StepRecord): Judged {
  const ms = between(incident.openedAt, step.doneAt);
  const limitMs = between(incident.openedAt, step.dueAt);
  const good = isStepGood(incident, step);
  return {
    ...(ms !== undefined && { ms }),
    ...(limitMs !== undefined && { limitMs }),
    ...(good !== undefined && { good }),
  };
}

function isStepGood(incident: Incident, step: StepRecord): boolean | undefined {
  if (step.doneAt !== undefined) return !isLate(step);
  if (step.overdueAt !== undefined) return false;
  if (incident.state !== 'closed') return undefined;
  return step.required || step.dueAt !== undefined ? false : undefined;
}

/** Was its limit over before it was done, or is it over and it is not done? */
export function isLate({ dueAt, doneAt, overdueAt }: StepRecord): boolean {
  if (overdueAt !== undefined) return true;
  return doneAt !== undefined && dueAt !== undefined && Date.parse(doneAt) > Date.parse(dueAt);
}

/** All clear: the end, against the latest limit that a step of it has. */
function judgeAllClear(incident: Incident): Judged {
  const ms = between(incident.openedAt, incident.closedAt);
  const limits = incident.steps.flatMap(({ dueAt }) => between(incident.openedAt, dueAt) ?? []);
  const limitMs = limits.length > 0 ? Math.max(...limits) : undefined;
  return {
    ...(ms !== undefined && { ms }),
    ...(limitMs !== undefined && { limitMs }),
    ...(ms !== undefined && limitMs !== undefined && { good: ms <= limitMs }),
  };
}

/** Did a telling reach everybody that it was for? Undefined while that is under way. */
function reachedAll(told: Told): boolean | undefined {
  if ((told.nobody ?? []).length > 0 || undelivered(told).length > 0) return false;
  return told.deliveries.every(({ state }) => state === 'waiting') && told.deliveries.length > 0
    ? undefined
    : true;
}

/** Receivers whom no attempt reached although one failed; a message that became needless is no failure. */
export function undelivered(told: Told): { to: string; channel: string; because?: string }[] {
  const receivers = new Map<string, Delivery[]>();
  for (const delivery of told.deliveries) {
    const to = delivery.person ?? delivery.role ?? delivery.channel;
    receivers.set(to, [...(receivers.get(to) ?? []), delivery]);
  }
  return [...receivers].flatMap(([to, attempts]) => {
    if (attempts.some(({ state }) => state === 'delivered' || state === 'held' || state === 'waiting'))
      return [];
    const failed = attempts.findLast(({ state }) => state === 'failed');
    if (failed === undefined) return [];
    const { channel, because } = failed;
    return [{ to, channel, ...(because !== undefined && { because }) }];
  });
}
