// Which line of the site file a finding of the check is about, and how its text is shown so that nothing in it hides.
// Pure.

/** `site.yaml:12:5: what is wrong` names the line of this file; other files have none here. */
export function lineOf(finding: string, file: string): number | undefined {
  const match = /^(.+?):(\d+):\d+: /.exec(finding);
  if (!match) return undefined;
  const [, named = '', line] = match;
  const last = (path: string): string => path.split('/').at(-1) ?? '';
  return last(named) === last(file) ? Number(line) : undefined;
}

/** Characters that turn the order of others about are named: what is read is what the gateway reads. */
export function unturned(text: string): string {
  return text.replace(
    /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (mark) => `[U+${mark.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`,
  );
}
