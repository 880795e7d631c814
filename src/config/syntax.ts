// Words for what the YAML parser refuses, by its error codes. They never repeat the text of the file, which
// may hold a password.

const words: Readonly<Record<string, readonly [what: string, todo: string]>> = {
  ALIAS_PROPS: ['an alias can have no anchor or tag', 'write the value itself'],
  BAD_ALIAS: ['text that begins with `*` is an alias, and this one is unknown', 'put the text in quotes'],
  BAD_DIRECTIVE: ['a line that begins with `%` is not understood', 'put the text in quotes'],
  BAD_DQ_ESCAPE: [
    'an escape in double quotes is not understood',
    'write `\\\\` for a backslash, or use single quotes',
  ],
  BAD_INDENT: [
    'the indentation is wrong, or a bracket before is not closed',
    'align this line with the keys beside it',
  ],
  BAD_PROP_ORDER: ['an anchor or tag is in the wrong place', 'write it just before the value'],
  BAD_SCALAR_START: ['text can not begin with this character', 'put the text in quotes'],
  BLOCK_AS_IMPLICIT_KEY: [
    'a `:` is in the wrong place',
    'put text that holds `: ` in quotes, and check the indentation',
  ],
  BLOCK_IN_FLOW: [
    'a line of this kind can not stand inside braces or brackets',
    'write it as `{ key: value }`',
  ],
  DUPLICATE_KEY: ['a key stands here twice', 'keep one of them'],
  IMPOSSIBLE: ['this is not YAML', 'check this line and the one before'],
  KEY_OVER_1024_CHARS: ['a key is longer than 1024 characters', 'check for a missing quote before it'],
  MISSING_CHAR: ['something is missing here', 'check for a missing quote, comma, colon or bracket'],
  MULTILINE_IMPLICIT_KEY: [
    'a key runs over more than one line',
    'check for a missing `:` on the line before',
  ],
  MULTIPLE_ANCHORS: ['two anchors on one value', 'keep one of them'],
  MULTIPLE_DOCS: ['a second document begins here', 'remove the line `---`'],
  MULTIPLE_TAGS: ['two tags on one value', 'keep one of them'],
  NON_STRING_KEY: ['a key must be a plain word', 'write `key: value`'],
  RESOURCE_EXHAUSTION: ['this is nested too deeply', 'write it flatter'],
  TAB_AS_INDENT: ['a tab is used to indent', 'use spaces'],
  TAG_RESOLVE_FAILED: [
    'a tag that is not known',
    'the only tag is `!secret name`; put text that begins with `!` in quotes',
  ],
  UNEXPECTED_TOKEN: ['something here is not expected', 'check the brackets and quotes before it'],
};

/** What is wrong and what to do, for an error code of the YAML parser. */
export function syntaxWords(code: string): readonly [what: string, todo: string] {
  return words[code] ?? ['this is not YAML', 'check this line and the one before'];
}
