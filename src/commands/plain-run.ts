// Recognises `run` with nothing but -c/--config and --socket, each followed by its value: what a unit file
// says. Anything else, also anything wrong, is left to the parser, which can explain it. Imports nothing.

export interface RunOptions {
  /** absent: the demo */
  readonly config?: string;
  readonly socket?: string;
}

const options: Readonly<Record<string, keyof RunOptions>> = {
  '-c': 'config',
  '--config': 'config',
  '--socket': 'socket',
};

export function plainRun(argv: readonly string[]): RunOptions | undefined {
  if (argv[0] !== 'run') return undefined;
  const found: { config?: string; socket?: string } = {};
  for (let at = 1; at < argv.length; at += 2) {
    const key = options[argv[at]!];
    const value = argv[at + 1];
    if (!key || !value || value.startsWith('-') || found[key] !== undefined) return undefined;
    found[key] = value;
  }
  return found;
}
