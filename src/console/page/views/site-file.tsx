// The site file with its line numbers: what the check says leads to its line, and the line says that something is there.

import { useRef } from 'preact/hooks';
import type { SettingsView } from '../../api.ts';
import { Badge, Button } from '../parts/index.ts';
import { lineOf, unturned } from './finding-line.ts';
import { say } from './settings-words.ts';

export function SiteFile({ settings }: { readonly settings: SettingsView }) {
  const box = useRef<HTMLOListElement>(null);
  const { file, text, findings, changes } = settings;
  const marked = new Map(
    findings.flatMap(({ severity, line }) => {
      const number = lineOf(line, file);
      return number === undefined ? [] : [[number, severity] as const];
    }),
  );
  const goTo = (number: number): void => {
    const details = box.current?.closest('details');
    if (details) details.open = true;
    const row = box.current?.children[number - 1];
    if (!(row instanceof HTMLElement)) return;
    row.scrollIntoView({ block: 'center' });
    row.focus();
  };
  return (
    <>
      <p>
        {say('file')}: <bdi class="mono">{file}</bdi>
      </p>
      <p class="soft">
        {say('configWhat')} {say('secretsBlank')}
      </p>
      <h3>{say('findings')}</h3>
      {findings.length === 0 ? (
        <p>
          <Badge tone="good" shape="✓">
            {say('noFindings')}
          </Badge>
        </p>
      ) : (
        <ul class="findings">
          {findings.map(({ severity, line }, index) => {
            const number = lineOf(line, file);
            return (
              <li key={index} class={severity === 'fault' ? 'remark remark-bad' : 'remark'}>
                <Badge
                  tone={severity === 'fault' ? 'alarm' : 'trouble'}
                  shape={severity === 'fault' ? '✕' : '!'}
                >
                  {say(severity)}
                </Badge>{' '}
                <span dir="auto">{unturned(line)}</span>
                {number !== undefined && (
                  <>
                    {' '}
                    <Button onPress={() => goTo(number)}>{say('toLine', { line: number })}</Button>
                  </>
                )}
              </li>
            );
          })}
        </ul>
      )}
      <h3>{say('changes')}</h3>
      {changes.length === 0 ? (
        <p>{say('noChanges')}</p>
      ) : (
        <>
          <ul class="changes mono">
            {changes.map((change, index) => (
              <li key={index} dir="auto">
                {change}
              </li>
            ))}
          </ul>
          <p>{say('reloadHow')}</p>
        </>
      )}
      <details class="folded site-text">
        <summary>{say('text')}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keyboard too */}
        <section class="scrolls" tabIndex={0} aria-label={say('text')}>
          <ol class="site-lines" ref={box}>
            {text.split('\n').map((line, index) => {
              const severity = marked.get(index + 1);
              return (
                <li key={index} tabIndex={-1} class={severity === undefined ? undefined : `line-${severity}`}>
                  <code>{line === '' ? ' ' : unturned(line)}</code>
                  {severity !== undefined && <span class="hidden"> {say(severity)}</span>}
                </li>
              );
            })}
          </ol>
        </section>
      </details>
    </>
  );
}
