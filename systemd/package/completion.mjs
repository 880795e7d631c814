// Writes the completion for bash from the definitions of the verbs: verbs, options, their choices, files where a file
// is meant. Asks no daemon: completing must be quick and must not wake anything.

import { optionsOf } from './manual.mjs';

const takesFile = (flags) => /[<[](file|path|folder|place|copy)\b/i.test(flags);
const namesOf = ({ short, long }) => [short, long].filter((name) => name !== undefined);

function verbCase(command) {
  const options = optionsOf(command);
  const lines = [`    ${command.name()})`];
  const cases = options.flatMap((option) => {
    if (!option.required && !option.optional) return [];
    const names = namesOf(option).join('|');
    if (option.argChoices)
      return [
        `        ${names}) COMPREPLY=($(compgen -W '${option.argChoices.join(' ')}' -- "$cur")); return ;;`,
      ];
    if (takesFile(option.flags))
      return [`        ${names}) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")); return ;;`];
    return [`        ${names}) return ;;`];
  });
  if (cases.length > 0) lines.push('      case $prev in', ...cases, '      esac');
  lines.push(`      words='${[...options.flatMap(namesOf), '--help'].join(' ')}'`);
  const [first] = command.registeredArguments;
  if (first?.argChoices) lines.push(`      words="$words ${first.argChoices.join(' ')}"`);
  if (command.registeredArguments.some((argument) => takesFile(`<${argument.name()}>`)))
    lines.push('      files=yes');
  return [...lines, '      ;;'];
}

/** The whole file. `program` is commander's, with every verb defined. */
export function bashCompletion(program) {
  const verbs = program.commands.map((command) => command.name());
  return `${[
    '# bash completion for keepwatch; made from the definitions of its verbs',
    '# shellcheck shell=bash disable=SC2207',
    '_keepwatch() {',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: bash expands it
    "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words='' files=''",
    '  COMPREPLY=()',
    '  if ((COMP_CWORD == 1)); then',
    `    COMPREPLY=($(compgen -W '${[...verbs, 'help', '--help', '--version'].join(' ')}' -- "$cur"))`,
    '    return',
    '  fi',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: bash expands it
    '  case ${COMP_WORDS[1]} in',
    `    help) words='${verbs.join(' ')}' ;;`,
    ...program.commands.flatMap(verbCase),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '  if [[ $files && $cur != -* ]]; then',
    '    compopt -o filenames',
    '    COMPREPLY+=($(compgen -f -- "$cur"))',
    '  fi',
    '}',
    'complete -F _keepwatch keepwatch',
  ].join('\n')}\n`;
}
