// A person who has no mouse: reaches everything by Tab and presses it by Enter. Knows no view.

import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** Tab, and nothing else, until it has the focus. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let count = 0; count < 150; count += 1) {
    if (await target.evaluate((one) => one === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`no way by Tab to ${target}`);
}

/** Enter on it, once it has the focus and that can be seen. */
export async function press(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target);
  const ring = await target.evaluate((one) =>
    [undefined, '::after'].some((part) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one, part);
      return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
    }),
  );
  expect(ring).toBe(true);
  await page.keyboard.press('Enter');
}

export async function type(page: Page, target: Locator, text: string): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.type(text);
}
