// The list of verbs and the parser around them: one line for each, whose file is loaded only when it is the
// one asked for. Turns whatever happens into an exit code: 0 good, 1 faults or refused, 2 wrong usage,
// 3 no daemon.

import { Command, CommanderError } from 'commander';
import { version } from '../lib/version.ts';
import type { Act, Define } from './verb.ts';

interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly define: Define }>;
  /** asked by the program itself: not in the list for people */
  readonly hidden?: boolean;
}

const verbs: readonly Verb[] = [
  { name: 'run', summary: 'run the daemon; without -c the demo', load: () => import('./run.ts') },
  { name: 'init', summary: 'write a first site file for this machine', load: () => import('./init.ts') },
  { name: 'check', summary: 'validate a site file and all it names', load: () => import('./check.ts') },
  { name: 'schema', summary: 'print the JSON Schema of a site file', load: () => import('./schema.ts') },
  {
    name: 'doctor',
    summary: 'what is wrong with machine, lines and broker',
    load: () => import('./doctor.ts'),
  },
  {
    name: 'probe',
    summary: 'read every device once, or look for units (--scan)',
    load: () => import('./probe.ts'),
  },
  { name: 'profiles', summary: 'the products that are known', load: () => import('./profiles.ts') },
  { name: 'plans', summary: 'emergency plans and their ids', load: () => import('./plans.ts') },
  { name: 'status', summary: 'how the daemon is', load: () => import('./status.ts') },
  { name: 'points', summary: 'all points as they are', load: () => import('./points.ts') },
  { name: 'trend', summary: 'what a number did over hours or days', load: () => import('./trend.ts') },
  { name: 'incidents', summary: 'open incidents', load: () => import('./incidents.ts') },
  {
    name: 'explain',
    summary: 'why an incident opened and what happened',
    load: () => import('./explain.ts'),
  },
  { name: 'report', summary: 'an incident or a month on paper', load: () => import('./report.ts') },
  { name: 'follow', summary: 'print events as they come', load: () => import('./follow.ts') },
  { name: 'raise', summary: 'open an incident by hand', load: () => import('./raise.ts') },
  { name: 'ack', summary: 'acknowledge an incident', load: () => import('./ack.ts') },
  {
    name: 'silence',
    summary: 'silence sirens of one incident, or of all',
    load: () => import('./silence.ts'),
  },
  { name: 'reset', summary: 'let go what is latched', load: () => import('./reset.ts') },
  { name: 'close', summary: 'close an incident', load: () => import('./close.ts') },
  { name: 'note', summary: 'add a note to an incident', load: () => import('./note.ts') },
  { name: 'step', summary: 'report a step of the plan as done', load: () => import('./step.ts') },
  {
    name: 'evidence',
    summary: 'record what is kept of an incident',
    load: () => import('./evidence.ts'),
  },
  { name: 'level', summary: 'change the level of an incident', load: () => import('./level.ts') },
  { name: 'shelve', summary: 'put an incident aside for a while', load: () => import('./shelve.ts') },
  { name: 'unshelve', summary: 'take a shelved incident back', load: () => import('./unshelve.ts') },
  {
    name: 'disable',
    summary: 'take a point, device or zone out of service',
    load: () => import('./disable.ts'),
  },
  { name: 'enable', summary: 'put it back into service', load: () => import('./enable.ts') },
  { name: 'output', summary: 'drive an output by hand for a while', load: () => import('./output.ts') },
  { name: 'drill', summary: 'begin or end a drill; which are due', load: () => import('./drill.ts') },
  {
    name: 'walktest',
    summary: 'test detectors on foot without alarming anybody',
    load: () => import('./walktest.ts'),
  },
  {
    name: 'readiness',
    summary: 'what is due; sign off an article of the list',
    load: () => import('./readiness.ts'),
  },
  { name: 'contacts', summary: 'the contacts were looked through', load: () => import('./contacts.ts') },
  {
    name: 'replay',
    summary: 'what other rules would have made of the past',
    load: () => import('./replay.ts'),
  },
  { name: 'key', summary: 'make a key for commands over MQTT', load: () => import('./key.ts') },
  { name: 'user', summary: 'who may log in to the console', load: () => import('./user.ts') },
  { name: 'sign', summary: 'sign a command for MQTT', load: () => import('./sign.ts') },
  { name: 'verify', summary: 'is the journal as it was written', load: () => import('./verify.ts') },
  { name: 'backup', summary: 'copy state and config into one file', load: () => import('./backup.ts') },
  { name: 'restore', summary: 'put such a copy in place', load: () => import('./restore.ts') },
  {
    name: 'update',
    summary: 'install a signed package, and take it back if it fails',
    load: () => import('./update.ts'),
  },
  {
    name: 'settings',
    summary: 'the site file for the console, its secrets blanked',
    load: () => import('./settings.ts'),
    hidden: true,
  },
  { name: 'demo', summary: 'play a scenario on the running demo', load: () => import('./demo.ts') },
];

/** Runs a command line (without `node` and the program) and gives its exit code. */
export async function execute(argv: readonly string[]): Promise<number> {
  // `keepwatch points | head` is no fault
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  let exitCode = 0;
  const act: Act =
    (work) =>
    async (...given) => {
      exitCode = await work(...given);
    };
  const program = programOf();
  const asked = argv[0] === 'help' ? argv[1] : argv[0];
  for (const { name, summary, load, hidden = false } of verbs) {
    const command = program.command(name, { hidden }).summary(summary).description(summary);
    if (name === asked) (await load()).define(command, act);
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return outcomeOf(error);
  }
}

function programOf(): Command {
  const program = new Command('keepwatch')
    .description(
      'Watches over premises: detectors in, alarms out. Without a site file, `keepwatch run` is a demo.',
    )
    .version(version, '-V, --version')
    .showHelpAfterError('(--help tells more)')
    .showSuggestionAfterError()
    .exitOverride();
  return program.addHelpText(
    'after',
    [
      '',
      'Example:',
      '  keepwatch run                 the demo; in another terminal: keepwatch incidents',
      '',
      'Exit: 0 good, 1 faults or refused, 2 wrong usage, 3 no daemon answers.',
    ].join('\n'),
  );
}

/** Says what went wrong and gives its exit code. */
function outcomeOf(error: unknown): number {
  if (error instanceof CommanderError) {
    // help and version that were asked for; commander has written its words already
    return error.exitCode === 0 ? 0 : 2;
  }
  const { name, message, hint } = error as Error & { hint?: string };
  process.stderr.write(`keepwatch: ${message}${hint ? `; ${hint}` : ''}\n`);
  if (name === 'NoDaemon') return 3;
  return name === 'UsageFault' ? 2 : 1;
}

/** Every verb with its arguments and options, for what is written of them: manual page, completion. Runs nothing. */
export async function everyVerb(): Promise<Command> {
  const program = programOf();
  const act: Act = () => async () => {};
  for (const { name, summary, load } of verbs)
    (await load()).define(program.command(name).summary(summary).description(summary), act);
  return program;
}
