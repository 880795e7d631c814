// How the page is built: plain files that the daemon serves, for browsers of three years ago, nothing inline (the
// content security policy forbids it) and nothing from elsewhere. `test/support/build.mjs` says where to.

import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const byHand = ':root[data-theme="light"]';

/** What light.css says for those who have chosen light is said for devices that are set to it, too. */
const lightByDevice: Plugin = {
  name: 'light-by-device',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('/styles/light.css')) return undefined;
    if (code.split(byHand).length !== 2) throw new Error(`${id}: one rule for ${byHand} is expected`);
    const byDevice = code.replace(byHand, ':root:not([data-theme="dark"])');
    return `${code}\n@media (prefers-color-scheme: light) {\n${byDevice}\n}\n`;
  },
};

/** Nothing is painted before it is known which colours somebody has chosen; a browser that can't wait paints at once. */
const paintLast: Plugin = {
  name: 'paint-last',
  transformIndexHtml: {
    order: 'post',
    handler: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
  },
};

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  logLevel: 'warn',
  plugins: [lightByDevice, paintLast],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: ['es2020', 'chrome100', 'safari15'],
    cssTarget: ['chrome100', 'safari15'],
    emptyOutDir: true,
    manifest: true,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
});
