// The page as it is built: the colours of a light screen are the same by hand and by the device, and nothing is painted
// before it is known which were chosen.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { program } from '../../support/daemon.ts';

describe('the built page', () => {
  const folder = path.join(path.dirname(program()), 'console');
  const html = readFileSync(path.join(folder, 'index.html'), 'utf8');

  it('has the light colours for the device and by hand, and both are the same', () => {
    const assets = path.join(folder, 'assets');
    const name = readdirSync(assets).find((one) => /^index-.*\.css$/.test(one))!;
    const css = readFileSync(path.join(assets, name), 'utf8');
    const rule = (selector: RegExp): string[] => {
      const match = new RegExp(`${selector.source}\\s*\\{([^}]*)\\}`).exec(css);
      return (match?.[1] ?? '').split(';').filter(Boolean).sort();
    };
    const byHand = rule(/:root\[data-theme="?light"?\]/);
    const byDevice = rule(
      /@media \(prefers-color-scheme:\s*light\)\s*\{\s*:root:not\(\[data-theme="?dark"?\]\)/,
    );
    expect(byHand.length).toBeGreaterThan(25);
    expect(byDevice).toEqual(byHand);
  });

  it('paints nothing before its script has run, and asks for what is drawn first at once', () => {
    expect(html).toMatch(/<script type="module" blocking="render"/);
    expect(html).toMatch(/<link rel="preload" href="\/api\/v1\/start" as="fetch" crossorigin="anonymous"/);
    expect(html.indexOf('rel="preload"')).toBeLessThan(html.indexOf('<script'));
  });
});
