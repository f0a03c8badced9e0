import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { App } from '../../harness/app.ts';
import { axeViolations } from '../../harness/browser.ts';
import { withoutBeacon, withoutWorkers } from '../../harness/network.ts';
import { newRules } from '../../harness/people.ts';
import { LONG, PATIENT_RULES, answered, confirmAppeal, openAppeal } from '../../harness/rounds.ts';
import { person, world } from '../../harness/suite.ts';

const it = world(undefined, (chain) => newRules(chain, PATIENT_RULES));
const IMAGES = fileURLToPath(new URL('../../../../docs/images/', import.meta.url));
const KEEP = process.env.ANTIPHON_SCREENSHOTS === '1';
/** Where every state goes, to be looked at. */
const ALL = process.env.ANTIPHON_E2E_PICTURES;
const KEPT: Record<number, string[]> = {
  1280: ['committee-choice', 'appeal-dialog', 'appeal-round', 'contested'],
  390: ['appeal-dialog', 'contested'],
};

for (const [width, themes] of [
  [1280, ['dark', 'light']],
  [390, ['light', 'dark']],
] as const) {
  test(`Demand 9: axe finds nothing where a larger committee is chosen, asked and divided, ${width} px`, () =>
    person(it, { width, reducedMotion: true }, async (app) => {
      const found: string[] = [];
      await walk(app, async (state) => {
        for (const colorScheme of themes) {
          await app.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          for (const violation of await axeViolations(app.page)) found.push(`${state}, ${colorScheme}: ${violation}`);
          await picture(app.page, state, `${colorScheme}-${width}`);
        }
        const wide = await app.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) found.push(`${state}: ${wide} px too wide`);
      });
      assert.deepEqual(found, []);
    }));
}

async function picture(page: Page, state: string, how: string): Promise<void> {
  const options = { animations: 'disabled', caret: 'hide' } as const;
  const width = page.viewportSize()!.width;
  if (ALL) await page.screenshot({ ...options, path: join(ALL, `${state}-${how}.png`) });
  if (!KEEP || !KEPT[width]?.includes(state)) return;
  await mkdir(IMAGES, { recursive: true });
  // Behind a dialog only what it is about.
  const clip = width > 1000 && state === 'appeal-dialog' ? { clip: { x: 250, y: 60, width: 1030, height: 660 } } : {};
  await page.screenshot({ ...options, ...clip, path: join(IMAGES, `${state}-${how}.png`) });
}

/** Every state, each standing still while it is looked at. */
async function walk(app: App, show: (state: string) => Promise<void>): Promise<void> {
  await app.useGuest();
  await app.at('settingsToggle').click();
  await app.at('committeeOption', { size: '7' }).check();
  await app.at('committeeOdds', { size: '7' }).waitFor();
  await app.at('committeeChoice').scrollIntoViewIfNeeded();
  await app.at('toast').waitFor({ state: 'detached' });
  await show('committee-choice');
  await app.at('committeeOption', { size: '5' }).check();
  await app.at('settingsToggle').click();
  const { card, task } = await answered(app);
  await openAppeal(app);
  await show('appeal-dialog');
  // Nine of sixteen are silent: the round is half way, then it ends without a quorum.
  await withoutWorkers(it.facts, 9, async () => {
    await withoutBeacon(it.facts, async () => {
      await confirmAppeal(app);
      await app.at('round', { round: '1', kind: 'open' }).waitFor();
      await show('appeal-drawing');
    });
    await app.at('stage', { stage: 'committing', state: 'current' }).waitFor();
    await app.at('round', { round: '1' }).scrollIntoViewIfNeeded();
    await show('appeal-round');
    await app.at('round', { round: '1', kind: 'undecided' }).waitFor({ timeout: LONG });
  });
  await app.at('contested', {}, card).waitFor();
  await app.at('appealed', { outcome: 'contested' }).waitFor({ timeout: LONG });
  await app.at('proof').scrollIntoViewIfNeeded();
  await show('contested');
  await app.at('rateBad').waitFor();
  await app.go(`#/task/${task}`);
  await app.at('contested').waitFor();
  await show('contested-task');
  await app.at('rateBad').click();
  await app.at('rated').waitFor();
  await show('rated');
  // The longer words of another language in the same places.
  await app.go('#/settings');
  await app.at('settingsLanguage').selectOption('de');
  await app.go(`#/task/${task}`);
  await app.at('contested').waitFor();
  await show('contested-task-de');
  await app.go('#/');
  await app.at('settingsToggle').click();
  await app.at('committeeOdds').waitFor();
  await app.at('committeeChoice').scrollIntoViewIfNeeded();
  await show('committee-choice-de');
}
