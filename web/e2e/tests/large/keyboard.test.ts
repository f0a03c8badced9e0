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
    await app.at('committeeOption', { size: '7' }).and(page.locator(':checked')).waitFor();
    await page.keyboard.press('ArrowUp');
    await app.at('committeeOption', { size: '5' }).and(page.locator(':checked')).waitFor();
    await press(app, 'settingsToggle');
    await answered(app);
    await press(app, 'appealOpen');
    await app.at('appealDialog').waitFor();
    await page.keyboard.press('Escape');
    await app.at('appealDialog').waitFor({ state: 'detached' });
    // The focus comes back.
    await app.focused('appealOpen');
    await page.keyboard.press('Enter');
    await press(app, 'appealConfirm');
    await app.at('appealDialog').waitFor({ state: 'detached' });
    await app.at('round', { round: '1' }).waitFor();
    // The focus stays near.
    await page.locator('#rounds-title:focus').waitFor();
    await app.at('rateGood').waitFor({ timeout: LONG });
    await tabTo(app, 'rateGood');
    await page.keyboard.press('Enter');
    await app.at('rated', { good: 'true' }).waitFor();
  }));
