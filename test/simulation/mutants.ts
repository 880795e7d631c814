// Bugs to be planted in the sources, one at a time, into a bundle that is thrown away: what is listed here, the simulation
// must find. Each says what it breaks; a text that no longer occurs exactly once in its file fails the test.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are pieces of other sources

export interface Mutant {
  readonly what: string;
  readonly path: string;
  readonly find: string;
  readonly replace: string;
  /** the day whose first hours bring it to light */
  readonly seed: number;
}

export const mutants: readonly Mutant[] = [
  {
    what: 'events are published before they are on disk',
    seed: 1,
    path: 'src/loop.ts',
    find: '    if (failing === undefined) {\n      const fault = commit();',
    replace:
      '    if (failing === undefined) {\n      outlets.publish(batch.events, new Set(), new Set());\n      const fault = commit();',
  },
  {
    what: 'after a lost connection the outbox is not read from its beginning',
    seed: 8,
    path: 'src/notify/events.ts',
    find: '    pending = [];\n    readUpTo = 0;',
    replace: '    pending = [];',
  },
  {
    what: 'an event counts as delivered once it is sent',
    seed: 8,
    path: 'src/notify/events.ts',
    find: '      inFlight.add(event.seq);\n',
    replace: '      inFlight.add(event.seq);\n      delivered.push(event.seq);\n',
  },
  {
    what: 'events are sent in the wrong order',
    seed: 1,
    path: 'src/notify/events.ts',
    find: 'const event = pending.shift();',
    replace: 'const event = pending.pop();',
  },
  {
    what: 'deadlines are of the wall clock',
    seed: 1,
    path: 'src/core/incident-verbs.ts',
    find: '    setTimer(turn.state.timers, `shelve:${incident.id}`, turn.at.steadyMs + forMs);',
    replace:
      '    setTimer(turn.state.timers, `shelve:${incident.id}`, turn.at.steadyMs + forMs + (turn.at.wallMs % 3_600_000));',
  },
  {
    what: 'deadlines are forgotten at a restart',
    seed: 5,
    path: 'src/core/state.ts',
    find: 'timers: makeTimers(whole.timers)',
    replace: 'timers: makeTimers({})',
  },
  {
    what: 'what is stale counts as good',
    seed: 9,
    path: 'src/core/points.ts',
    find: "    if (live.qualities[at] !== 'stale' || live.values[at] !== null)\n",
    replace: "    if (live.qualities[at] === 'bad')\n",
  },
  {
    what: 'an output that fell is not driven again',
    seed: 10,
    path: 'src/devices/outputs.ts',
    find: '  return deviates(state, expected, now, random, moving);',
    replace: '  return report(state, expected, undefined);',
  },
  {
    what: 'replies are not stored',
    seed: 9,
    path: 'src/store/writer.ts',
    find: '    for (const reply of turn.replies) statements.reply.run(reply.id, JSON.stringify(reply));\n',
    replace: '',
  },
  {
    what: 'a command that comes again is run again',
    seed: 9,
    path: 'src/loop.ts',
    find: '      if (before) return before;\n      const answer',
    replace: '      if (before && !command.id) return before;\n      const answer',
  },
  {
    what: 'the snapshot lacks one fact by its own word',
    seed: 1,
    path: 'src/store/writer.ts',
    find: '      statements.snapshot.run(lastFact, site,',
    replace: '      statements.snapshot.run(Math.max(0, lastFact - 1), site,',
  },
  {
    what: 'incidents of one plan join whatever their zone',
    seed: 5,
    path: 'src/core/rules.ts',
    find: "  return `${plan}|${zone ?? ''}`;",
    replace: '  return `${plan}|${zone === undefined}`;',
  },
  {
    what: 'the will is of another session',
    seed: 9,
    path: 'src/notify/status.ts',
    find: "    will: () => message('offline'),",
    replace:
      "    will: () => ({ ...message('offline'), payload: message('offline').payload.replace(session, 'nobody') }),",
  },
  {
    what: 'what is over stays at the broker',
    seed: 10,
    path: 'src/notify/levels.ts',
    find: '    for (const topic of known) if (!stands.has(topic)) ghosts.add(topic);\n',
    replace: '',
  },
  {
    what: 'a dead device hides the loss of its bus',
    seed: 10,
    path: 'src/devices/bus.ts',
    find: '    const changed = this.up !== false;',
    replace:
      '    const changed = this.up !== false && !this.line.devices.some((device) => device.up === false);',
  },
  {
    what: 'nobody is told that a device is back',
    seed: 9,
    path: 'src/devices/session.ts',
    find: '    if (device.up) return;\n    const because',
    replace: '    if (device.up !== undefined) return;\n    const because',
  },
  {
    what: 'numbers are used again after a commit that failed',
    seed: 28,
    path: 'src/loop.ts',
    find: '    failing = fault.message;\n',
    replace: '    failing = fault.message;\n    state.durable.seq -= batch.events.length;\n',
  },
  {
    what: 'of the values that a failing disk kept back none are told',
    seed: 6,
    path: 'src/loop.ts',
    find: '      outlets.publish([], new Set(batch.points), new Set(batch.touched));\n',
    replace: '',
  },
  {
    what: 'the points of a device that is back have no time to be read',
    seed: 1,
    path: 'src/core/troubles.ts',
    find: 'at.steadyMs + rereadWithinMs + (debounceMs ?? 0)',
    replace: 'at.steadyMs + (debounceMs ?? 0) / 2',
  },
  {
    what: 'what came behind a refused event does not come again',
    seed: 9,
    path: 'src/notify/events.ts',
    find: 'refused.others = true;\n      return;',
    replace: 'refused.others = true;\n      delivered.push(seq);\n      return;',
  },
  {
    what: 'the first value after a start is believed without its debounce',
    seed: 50,
    path: 'src/core/points.ts',
    find: '    if (point.debounceMs) {',
    replace: '    if (point.debounceMs && live.values[at] !== null) {',
  },
];
