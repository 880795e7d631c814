// How the page is built: plain files that the daemon serves, for browsers of three years ago, nothing inline (the
// content security policy forbids it) and nothing from elsewhere. `test/support/build.mjs` says where to.

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  logLevel: 'warn',
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
