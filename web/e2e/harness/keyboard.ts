// The page without a mouse.
import assert from 'node:assert/strict';
import type { testIds } from '../../src/ui/test-ids.ts';
import type { App } from './app.ts';

type Name = keyof typeof testIds;
const MOST_STEPS = 80;

/** Presses Tab until the control has the focus, as a person without a mouse does. */
export async function tabTo(app: App, name: Name): Promise<void> {
  const target = app.at(name).last();
  await target.waitFor();
  for (const key of ['Tab', 'Shift+Tab']) {
    for (let step = 0; step < MOST_STEPS; step += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return seenFocus(app, name);
      await app.page.keyboard.press(key);
    }
  }
  throw new Error(`${name} cannot be reached by Tab`);
}

/** The focus must be visible: an outline or a ring of at least 1 px. */
async function seenFocus(app: App, name: Name): Promise<void> {
  const ring = await app.page.evaluate(() => {
    const rings: string[] = [];
    for (let at = document.activeElement; at && at !== document.body; at = at.parentElement) {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(at);
      if (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1) rings.push(outlineStyle);
      if (boxShadow !== 'none') rings.push(boxShadow);
    }
    return rings.length;
  });
  assert.ok(ring > 0, `${name} shows no focus`);
}

export async function press(app: App, name: Name, key = 'Enter'): Promise<void> {
  await tabTo(app, name);
  await app.page.keyboard.press(key);
}
