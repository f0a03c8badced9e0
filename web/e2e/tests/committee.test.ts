import assert from 'node:assert/strict';
import test from 'node:test';
import { question } from '../harness/people.ts';
import { person, world } from '../harness/suite.ts';

const it = world();

test('committees that cannot be drawn cannot be chosen, and the page says how many seats there are', () =>
  person(it, {}, async (app) => {
    await app.useGuest();
    await app.at('settingsToggle').click();
    await app.at('committeeOption', { size: '5' }).waitFor();
    assert.equal(await app.at('committeeOption', { size: '3' }).count(), 0, 'three are for networks made for trials');
    await app.at('committeeOption', { size: '5' }).and(app.page.locator(':checked')).waitFor();
    for (const size of ['7', '9', '11', '15']) {
      await app.at('committeeOption', { size }).and(app.page.locator(':disabled')).waitFor();
    }
    await app.says(app.at('committeeChoice'), /Needs 7 seats; 5 are occupied/);
    await app.says(app.at('committeeChoice'), /before any appeal/);
  }));

test('a size that was chosen when there were more workers is refused before anything is paid', () =>
  person(it, {}, async (app) => {
    await app.page.evaluate(() => localStorage.setItem('antiphon.options', JSON.stringify({ committee: 9 })));
    await app.page.reload();
    await app.useGuest();
    const address = await app.address();
    await app.says(app.at('composerNote'), /Too few workers for 9 voices now: 5 are there/);
    const { next } = await app.failed(await app.ask(question()), 'no_workers');
    assert.match(next, /fewer voices/);
    assert.equal(await it.chain.tasksOf(address), 0);
  }));
