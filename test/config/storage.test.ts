// `storage:` of a site file: sizes as people write them, and what they are told where they don't.

import { describe, expect, test } from 'vitest';
import { folder, smallSite } from './support.ts';

describe('storage', () => {
  test('is half a gigabyte where nothing is said', () => {
    expect(folder().load(smallSite).config?.storage).toEqual({ mostBytes: 512 * 1024 * 1024 });
    expect(folder().load(`${smallSite}storage: {}\n`).config?.storage.mostBytes).toBe(512 * 1024 * 1024);
  });

  test.each([
    ['16MB', 16 * 1024 ** 2],
    ['1.5GB', 1.5 * 1024 ** 3],
    ['65536KB', 64 * 1024 ** 2],
  ])('%s is so many bytes', (most, bytes) => {
    expect(folder().load(`${smallSite}storage: { most: ${most} }\n`).config?.storage.mostBytes).toBe(bytes);
  });

  test.each([
    ['512', 'is not a size; write one such as 16MB or 1GB'],
    ['512mb', 'is not a size; write a number with its unit'],
    ['8MB', 'is too little; write 16MB or more'],
    ['-1GB', 'is not a size'],
  ])('%s is refused in words', (most, words) => {
    const { config, faults } = folder().load(`${smallSite}storage: { most: ${most} }\n`);
    expect(config).toBeUndefined();
    const said = faults.map(({ what, todo }) => `${what}; ${todo}`).join('\n');
    expect(said).toContain(words);
  });
});
