// Where things are on the broker: the one place that spells a topic. Knows names only; what is published
// there, and when, is the business of the lanes.

export interface Topics {
  readonly base: string;
  readonly status: string;
  readonly event: string;
  readonly command: string;
  readonly reply: string;
  readonly receipt: string;
  readonly telemetry: string;
  point(id: string): string;
  incident(id: string): string;
  /** the id that a topic of an incident ends in; undefined for any other topic */
  incidentOf(topic: string): string | undefined;
  /** every incident's, as a subscription */
  readonly incidents: string;
  notify(role: string): string;
}

export function topicsOf(prefix: string, premises: string): Topics {
  const base = `${prefix}/v1/${premises}`;
  return {
    base,
    status: `${base}/status`,
    event: `${base}/event`,
    command: `${base}/command`,
    reply: `${base}/reply`,
    receipt: `${base}/receipt`,
    telemetry: `${base}/telemetry`,
    // a point's id is `device.point`
    point: (id) => `${base}/point/${id.replace('.', '/')}`,
    incident: (id) => `${base}/incident/${id}`,
    incidents: `${base}/incident/+`,
    incidentOf: (topic) =>
      topic.startsWith(`${base}/incident/`) ? topic.slice(base.length + '/incident/'.length) : undefined,
    notify: (role) => `${base}/notify/${role}`,
  };
}

const longestResponseTopic = 1024;

/**
 * May a reply go to this MQTT 5 response topic? It comes from outside: no wildcards, no control characters,
 * and not one of our own topics, where a reply would pass for an event or a command.
 */
export function isResponseTopic(topic: unknown, topics: Topics): topic is string {
  if (typeof topic !== 'string' || topic === '' || topic.length > longestResponseTopic) return false;
  if (/[#+\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]/u.test(topic) || topic.startsWith('$'))
    return false;
  if (topic === topics.reply || topic.startsWith(`${topics.reply}/`)) return true;
  return topic !== topics.base && !topic.startsWith(`${topics.base}/`);
}
