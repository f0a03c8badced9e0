import assert from 'node:assert/strict';
import test from 'node:test';
import { press, tabTo } from '../../harness/keyboard.ts';
import { newRules } from '../../harness/people.ts';
import { LONG, PATIENT_RULES, answered } from '../../harness/rounds.ts';
import { person, world } from '../../harness/suite.ts';

const it = world(undefined, (chain) => newRules(chain, PATIENT_RULES));

test('Demand 10: keyboard only: how many voices, a larger committee, a rating', () =>
  person(it, {}, async (app) => {
    const { page } = app;
    await app.useGuest();
    await press(app, 'settingsToggle');
    await app.at('committeeOption', { size: '5' }).waitFor();
    await app.at('committeeOption', { size: '5' }).focus();
    await page.keyboard.press('ArrowDown');
    assert.ok(await app.at('committeeOption', { size: '7' }).isChecked());
    await page.keyboard.press('ArrowUp');
    assert.ok(await app.at('committeeOption', { size: '5' }).isChecked());
    await press(app, 'settingsToggle');
    await answered(app);
    await press(app, 'appealOpen');
    await app.at('appealDialog').waitFor();
    await page.keyboard.press('Escape');
    await app.at('appealDialog').waitFor({ state: 'detached' });
    assert.ok(
      await app.at('appealOpen').evaluate((button) => button === document.activeElement),
      'the focus comes back',
    );
    await page.keyboard.press('Enter');
    await press(app, 'appealConfirm');
    await app.at('appealDialog').waitFor({ state: 'detached' });
    await app.at('round', { round: '1' }).waitFor();
    const where = await page.evaluate(() => document.activeElement?.id);
    assert.equal(where, 'rounds-title', 'the focus stays near');
    await app.at('rateGood').waitFor({ timeout: LONG });
    await tabTo(app, 'rateGood');
    await page.keyboard.press('Enter');
    await app.at('rated', { good: 'true' }).waitFor();
  }));
