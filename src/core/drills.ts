// Drills: an incident of a plan that nothing caused, marked as a drill wherever it goes. It runs like a real one,
// and ends at once when there is a real one. What is held back for it is judged where outputs and messages are.

import { type Act, because, optionalText, Refusal, text } from './command-fields.ts';
import { incidentOrOnly } from './incident-verbs.ts';
import { closeIncident, emit, isRealAlarm, raiseSignal, type Turn } from './incidents.ts';
import { demandAnew } from './outputs.ts';

/** The rule of a drill's signal. */
const byDrill = 'drill';

export const drillVerbs = {
  drill(turn, command) {
    const action = text(command, 'action');
    if (action === 'stop') {
      const incident = incidentOrOnly(turn, command, (one) => one.drill, 'drill');
      incident.verdict = 'test';
      closeIncident(turn, incident, because(command, 'drill ended'), command.by);
      const lacking = incident.acknowledged
        ? { zh: '', en: '' }
        : { zh: '；无人确认，不计为已演练', en: '; nobody acknowledged it, so it does not count as held' };
      return {
        message: {
          zh: `${incident.id}：演练结束${lacking.zh}`,
          en: `${incident.id}: drill ended${lacking.en}`,
        },
        incident: incident.id,
      };
    }
    if (action !== 'start')
      throw new Refusal('badRequest', 'action 应为 start 或 stop', 'action must be start or stop');
    const { model, state } = turn;
    const plan = model.plans.get(text(command, 'plan'));
    if (!plan) throw new Refusal('notFound', `没有预案 ${command.plan}`, `there is no plan ${command.plan}`);
    const zone = optionalText(command, 'zone');
    if (zone !== undefined && !model.zones.has(zone))
      throw new Refusal('notFound', `没有区域 ${zone}`, `there is no zone ${zone}`);
    const real = Object.values(state.durable.incidents).find(isRealAlarm);
    if (real)
      throw new Refusal(
        'refused',
        `有真实警情 ${real.id} 未关闭，不能演练`,
        `the real alarm ${real.id} is open: no drill now`,
      );
    const key = `drill:${plan.id}|${zone ?? ''}`;
    const running = state.durable.incidents[state.durable.keys[key] ?? ''];
    if (running)
      throw new Refusal(
        'refused',
        `演练 ${running.id} 正在进行`,
        `the drill ${running.id} is running already`,
      );
    const allow = { outputs: flag(command.outputs), channels: flag(command.channels) };
    const why = because(command, 'drill');
    // numbered before the incident that it opens
    emit(turn, 'drill.started', `${why}: ${plan.id}`, { by: command.by, drill: true });
    // a demand that had run out begins anew
    if (allow.outputs)
      for (const { rule } of model.driving) if (rule.plan === plan.id) demandAnew(turn, rule.outputs);
    const incident = raiseSignal(turn, {
      key,
      plan,
      ...(zone !== undefined && { zone }),
      rule: byDrill,
      value: null,
      because: why,
      by: command.by,
      drill: allow,
    });
    return { message: { zh: `演练已开始：${incident}`, en: `drill started as ${incident}` }, incident };
  },
} satisfies Record<string, Act>;

function flag(value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw new Refusal(
    'badRequest',
    'outputs、channels 应为 true 或 false',
    'outputs and channels are true or false',
  );
}

/** A real alarm stands in this turn: drills are over, so that nobody takes the one for the other. */
export function endDrills(turn: Turn): void {
  const { incidents } = turn.state.durable;
  const real = [...turn.effects.incidents.values()].find(isRealAlarm);
  if (real === undefined) return;
  for (const drill of Object.values(incidents).filter((one) => one.drill)) {
    drill.verdict = 'test';
    drill.closingCause = `drill ended: ${real.id} is real`;
    closeIncident(turn, drill, drill.closingCause);
  }
}

export function drillsRunning(incidents: Readonly<Record<string, { readonly drill: boolean }>>): boolean {
  return Object.values(incidents).some(({ drill }) => drill);
}
