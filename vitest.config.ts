// How the tests are run: three at a time, because most of a test is waiting, and each file in a process of its own, because
// some change the umask, limits or the environment of theirs.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    // real processes on a shared machine: once more before a run is called bad; vitest says which were
    retry: process.env.CI === 'true' ? 1 : 0,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 3,
    reporters: ['default'],
  },
});
