// Writes the manual pages from what the program itself knows: keepwatch(1) from the definitions of its verbs,
// keepwatch.yaml(5) from the JSON Schema of a site file. Knows troff; knows no verb and no key by name.

/** A text as troff takes it: its own signs spelt out, and no line that begins like a request. */
export function escaped(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .split('\n')
    .map((line) => line.replace(/^([.'])/, '\\&$1'))
    .join('\n');
}

const bold = (text) => `\\fB${escaped(text)}\\fR`;

/** @param seconds when it was made, since 1970 */
function head(name, section, { version, seconds, title }) {
  const day = new Date(seconds * 1000).toISOString().slice(0, 10);
  return [
    `.TH ${name.toUpperCase()} ${section} ${day} "keepwatch ${version}" "${title}"`,
    // long words, such as paths of keys, are not broken and no line is stretched
    '.nh',
    '.ad l',
  ];
}

/** A text as it stands, such as an example. */
const verbatim = (text) => ['.PP', '.nf', ...text.split('\n').map((line) => escaped(line)), '.fi'];

/** What commander adds behind the options of a verb's help. */
function textAfter(command) {
  let text = '';
  const write = (more) => {
    text += more;
  };
  command.emit('afterHelp', { error: false, command, write });
  return text.trim();
}

export const optionsOf = (command) => command.options.filter(({ hidden }) => !hidden);

function described({ description, defaultValue, argChoices }) {
  const more = [];
  if (argChoices) more.push(`one of ${argChoices.join(', ')}`);
  if (defaultValue !== undefined && typeof defaultValue !== 'object' && typeof defaultValue !== 'boolean')
    more.push(`default ${defaultValue}`);
  return `${description || '\u2014'}${more.length > 0 ? ` (${more.join('; ')})` : ''}`;
}

function verbSection(command) {
  const lines = [
    `.SS ${command.name()}`,
    '.PP',
    `${bold(`keepwatch ${command.name()}`)} ${escaped(command.usage())}`,
  ];
  lines.push('.PP', `${escaped(sentence(command.description()))}`);
  for (const argument of command.registeredArguments)
    lines.push('.TP', bold(argument.name()), escaped(described(argument)));
  for (const option of optionsOf(command)) lines.push('.TP', bold(option.flags), escaped(described(option)));
  const after = textAfter(command);
  if (after !== '') lines.push(...verbatim(after));
  return lines;
}

const sentence = (text) =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;

/** keepwatch(1). `program` is commander's, with every verb defined. */
export function commandManual(program, about) {
  return `${[
    ...head('keepwatch', 1, { ...about, title: 'Keepwatch' }),
    '.SH NAME',
    'keepwatch \\- premises safety gateway: detectors in, alarms out',
    '.SH SYNOPSIS',
    `${bold('keepwatch')} \\fIverb\\fR [\\fIoption\\fR ...]`,
    '.SH DESCRIPTION',
    escaped(program.description()),
    '.PP',
    'Results go to the standard output, words to the standard error output.',
    '.SH VERBS',
    ...program.commands.flatMap(verbSection),
    '.SH FILES',
    ...files.flatMap(([file, what]) => ['.TP', `\\fI${escaped(file)}\\fR`, escaped(what)]),
    '.SH EXIT STATUS',
    ...exits.flatMap(([code, what]) => ['.TP', bold(code), escaped(what)]),
    '.SH SEE ALSO',
    `${bold('keepwatch.yaml')}(5), ${bold('systemctl')}(1), \\fI/usr/share/doc/keepwatch/\\fR`,
  ].join('\n')}\n`;
}

const files = [
  ['/etc/keepwatch/keepwatch.yaml', 'the site file of the service; see keepwatch.yaml(5)'],
  ['/etc/keepwatch/release-keys/', 'public keys of those who may sign packages for `keepwatch update`'],
  ['/var/lib/keepwatch/', 'state: journal, incidents, messages that are not delivered yet'],
  ['/var/lib/keepwatch-update/', 'packages and copies of the state that an update goes back to'],
  ['/usr/share/doc/keepwatch/examples/', 'a first site, contacts, drop-ins for the unit'],
];

const exits = [
  ['0', 'good'],
  ['1', 'faults, or refused'],
  ['2', 'wrong usage'],
  ['3', 'no daemon answers'],
  ['4', 'an update was taken back; what was before runs again'],
  ['5', 'an update was taken back, and what was before is not healthy: somebody has to look'],
];

/** keepwatch.yaml(5). `schema` is what `keepwatch schema` prints. */
export function fileManual(schema, about) {
  const lines = [
    ...head('keepwatch.yaml', 5, { ...about, title: 'Keepwatch' }),
    '.SH NAME',
    'keepwatch.yaml \\- the site file of keepwatch',
    '.SH DESCRIPTION',
    'The site file says what is there (buses, devices, points, outputs, zones), what is dangerous (kinds and rules)',
    'and who is told. It is YAML; keys that are not listed here are refused.',
    `${bold('keepwatch check')} names every fault with its place and what to do.`,
    '.PP',
    'NAME stands for an id of your own, [] for an entry of a list. Durations are written as in 50ms, 3s, 10m, 24h.',
    'Texts for people are one string, or {zh: ..., en: ...}.',
    `A value that is secret is written as ${bold('!secret NAME')} and kept elsewhere.`,
    '.SH KEYS',
  ];
  for (const [key, part] of Object.entries(schema.properties)) {
    lines.push(`.SS ${escaped(key)}`, '.PP', escaped(factsOf(part)));
    for (const [at, found] of keysIn(part, key)) lines.push('.TP', bold(at), escaped(textOf(found)));
  }
  lines.push('.SH SEE ALSO', `${bold('keepwatch')}(1), \\fI/usr/share/doc/keepwatch/configuration.md\\fR`);
  return `${lines.join('\n')}\n`;
}

/** Every key below a part with what is said of it; one that several drivers have is listed once. */
function keysIn(part, at, found = new Map()) {
  for (const each of [part, ...(part.anyOf ?? []), ...(part.oneOf ?? []), ...(part.allOf ?? [])]) {
    if (isText(each)) continue;
    for (const [key, inner] of Object.entries(each.properties ?? {})) add(inner, `${at}.${key}`, found);
    if (each.additionalProperties && typeof each.additionalProperties === 'object')
      add(each.additionalProperties, `${at}.NAME`, found);
    if (each.items && !Array.isArray(each.items)) keysIn(each.items, `${at}[]`, found);
    if (each !== part) keysIn(each, at, found);
  }
  return found;
}

function add(part, at, found) {
  const facts = factsOf(part);
  const known = found.get(at);
  if (known === undefined) found.set(at, new Set([facts]));
  else known.add(facts);
  if (!isText(part)) keysIn(part, at, found);
}

const textOf = (facts) =>
  [...facts].filter((text, at, all) => text !== '' && all.indexOf(text) === at).join('; or ') || '\u2014';

/** A text in one or both languages. */
const isText = ({ anyOf }) => anyOf?.some(({ properties }) => properties?.zh && properties?.en) ?? false;

function factsOf(part) {
  const more = [];
  const kind = kindOf(part);
  if (kind !== '') more.push(kind);
  if (part.default !== undefined) more.push(`default ${JSON.stringify(part.default)}`);
  const said = part.description ?? '';
  return more.length === 0 ? said : `${said}${said ? ' ' : ''}(${more.join('; ')})`;
}

function kindOf(part) {
  if (isText(part)) return 'text';
  if (part.const !== undefined) return `always ${part.const}`;
  if (part.enum) return part.enum.length > 12 ? 'a word from a list' : part.enum.join(', ');
  const several = part.anyOf ?? part.oneOf;
  if (several) {
    const kinds = [...new Set(several.map(kindOf))].filter((kind) => kind !== '');
    return kinds.length > 4 ? '' : kinds.join(' or ');
  }
  if (part.type === 'object') return '';
  return Array.isArray(part.type) ? part.type.join(' or ') : (part.type ?? '');
}
