import assert from 'node:assert/strict';
import test from 'node:test';
import { eventually } from '../harness/browser.ts';
import { press, tabTo } from '../harness/keyboard.ts';
import { FakeKeplr } from '../harness/keplr.ts';
import { withoutBeacon } from '../harness/network.ts';
import { fund, question } from '../harness/people.ts';
import { person, world } from '../harness/suite.ts';

const it = world();

test('Demand 10: keyboard only: connect, session, send, copy, receipt, verify, stop, end session', async () => {
  const keplr = new FakeKeplr();
  await fund(it.chain, [keplr.key]);
  await person(it, { keplr }, async (app) => {
    const { page } = app;
    await press(app, 'walletButton');
    await press(app, 'walletKeplr');
    await app.has(app.at('walletButton'), 'data-state', ['ready']);
    if (!(await app.at('walletPanel').isVisible())) await press(app, 'walletButton');
    await press(app, 'sessionStart');
    await press(app, 'grantConfirm');
    await app.at('sessionBar', { state: 'active' }).waitFor();

    await tabTo(app, 'composerInput');
    await page.keyboard.type(question());
    await page.keyboard.press('Enter');
    const text = await app.verified(app.at('answerCard').last());

    await press(app, 'copyAnswer');
    let copied = '';
    await eventually(async () => {
      copied = await page.evaluate(() => navigator.clipboard.readText());
      return copied !== '';
    });
    assert.equal(copied.trim().replace(/\s+/g, ' '), text.replace(/\s+/g, ' '));

    await press(app, 'receiptLine');
    await app.at('proof').waitFor();
    await press(app, 'checkAgain');
    await app.at('check', { ok: 'true' }).first().waitFor();
    assert.equal(await app.at('check', { ok: 'false' }).count(), 0);
    await press(app, 'proofClose');

    await withoutBeacon(it.facts, async () => {
      await tabTo(app, 'composerInput');
      await page.keyboard.type(question());
      await page.keyboard.press('Enter');
      const second = app.at('answerCard').nth(1);
      await app.taskOf(second);
      await press(app, 'composerStop');
      await app.failed(second, 'stopped');
    });

    await press(app, 'sessionEnd');
    await app.sessionIsOver();
  });
  assert.deepEqual(await it.chain.given(keplr.key.address), { grants: [], allowances: [] });
});

test('Demand 10: the first Tab offers to skip to the content, and Esc closes what is open', () =>
  person(it, { hash: '#/network' }, async (app) => {
    await app.at('networkPage').waitFor();
    await app.page.keyboard.press('Tab');
    await app.focused('skipLink');
    await app.at('walletButton').focus();
    await app.page.keyboard.press('Enter');
    await app.at('walletPanel').waitFor();
    await app.closePanel();
    // It comes back to where it was.
    await app.focused('walletButton');
  }));
