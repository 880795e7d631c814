// What keeps a compiled module from being loaded, in words for people: another Node, another processor, a file that is
// missing. Judges errors only; knows no module by name.

export interface ModuleFault {
  readonly message: string;
  readonly hint: string;
}

/** What Node calls NODE_MODULE_VERSION, which is one for all releases with a first number. */
const nodeOfVersion: Readonly<Record<string, string>> = { 115: 'Node 20', 127: 'Node 22', 137: 'Node 24' };
const named = (version: string): string => nodeOfVersion[version] ?? `module version ${version}`;

const byNpm = 'where it came by npm: `npm rebuild`';

/** Undefined where the error is none of this kind. @param node `v20.20.2`, the one that runs */
export function moduleFault(error: unknown, node = process.version): ModuleFault | undefined {
  if (!(error instanceof Error)) return undefined;
  const { message } = error;
  if (message.startsWith('Could not locate the bindings file'))
    return {
      message: 'a compiled module is missing',
      hint: `install the keepwatch package again; ${byNpm}`,
    };
  if ((error as { code?: unknown }).code !== 'ERR_DLOPEN_FAILED') return undefined;
  const [first = ''] = message.split('\n');
  const [, made] = /NODE_MODULE_VERSION (\d+)/.exec(message) ?? [];
  if (made === undefined)
    return {
      message: `a compiled module can't be loaded: ${first}`,
      hint: `install the keepwatch package that is made for this processor and this system; ${byNpm}`,
    };
  const file = /'([^']+)'/.exec(first)?.[1];
  const major = node.replace(/^v(\d+).*/, '$1');
  return {
    message: `the compiled module ${file ?? first} is made for ${named(made)}, and this is Node ${node.slice(1)}`,
    hint: `install the keepwatch package that is made for Node ${major}, or the Node that this one is made for; ${byNpm}`,
  };
}
