import assert from 'node:assert/strict';
import test from 'node:test';
import type { Page } from 'playwright-core';
import { axeViolations } from '../harness/browser.ts';
import { tour } from '../harness/tour.ts';
import { world } from '../harness/suite.ts';

const it = world();

for (const [width, themes] of [
  [1280, ['dark', 'light']],
  [390, ['dark']],
] as const) {
  test(`Demand 9: axe finds 0 violations on every screen and state at ${width} px: ${themes.join(' and ')}`, async () => {
    const found = new Map<string, string[]>();
    const note = (what: string, where: string) => found.set(what, [...(found.get(what) ?? []), where]);
    let states = 0;
    await tour(it, { width, reducedMotion: true }, async (page: Page, state: string) => {
      states += 1;
      for (const colorScheme of themes) {
        await page.emulateMedia({ colorScheme });
        for (const violation of await axeViolations(page)) note(violation, `${state}, ${colorScheme}`);
      }
      for (const what of await tooWide(page)) note(what, state);
    });
    assert.deepEqual(
      [...found].map(([what, where]) => `${what} (${where.join('; ')})`),
      [],
    );
    assert.ok(states >= 18, `${states} states`);
  });
}

/** Nothing scrolls sideways. */
async function tooWide(page: Page): Promise<string[]> {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth] as const);
  return content > window ? [`the page is ${content} px wide in a window of ${window} px`] : [];
}
