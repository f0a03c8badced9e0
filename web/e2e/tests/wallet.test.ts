import assert from 'node:assert/strict';
import test from 'node:test';
import type { App } from '../harness/app.ts';
import { FakeKeplr } from '../harness/keplr.ts';
import { fund, question } from '../harness/people.ts';
import { person, world } from '../harness/suite.ts';

const it = world();

/** The wallet's notice with this code: its sentence and its next step. */
async function notice(app: App, code: string): Promise<string> {
  const shown = app.at('walletNotice', { code });
  await shown.first().waitFor();
  const text = (await shown.first().innerText()).trim();
  assert.doesNotMatch(text, /Error|\bat \S+:\d+|undefined|\[object/, 'plain words');
  assert.match(text, /[.]/, 'a sentence');
  return text;
}

test('with no wallet installed the page says how to get one, and reading still works', () =>
  person(it, {}, async (app) => {
    await app.at('walletButton').click();
    await app.says(app.at('walletMissing'), /Keplr|Leap/);
    await app.closePanel();
    await app.go('#/network');
    await app.at('networkPage').waitFor();
  }));

test('the network is suggested by Keplr’s own schema rules, and connecting asks for no signature', async () => {
  const keplr = new FakeKeplr();
  await person(it, { keplr }, async (app) => {
    await app.useReadyWallet();
    assert.equal(await app.address(), keplr.key.address);
    assert.ok(keplr.chains.has(it.facts.chain_id), 'suggested and accepted');
    assert.equal(keplr.popups.sign, 0);
  });
});

test('Demand 15: a person who declines the connection hears that nothing was sent', async () => {
  const keplr = new FakeKeplr();
  keplr.refuse = true;
  await person(it, { keplr }, async (app) => {
    await app.useWallet();
    await notice(app, 'wallet_refused');
    keplr.refuse = false;
    await app.at('walletKeplr').click();
    await app.has(app.at('walletButton'), 'data-state', ['ready']);
  });
});

test('Demand 15: a locked wallet is named, and works once it is unlocked', async () => {
  const keplr = new FakeKeplr();
  keplr.locked = true;
  await person(it, { keplr }, async (app) => {
    await app.useWallet();
    assert.match(await notice(app, 'wallet_locked'), /[Uu]nlock/);
    keplr.locked = false;
    await app.at('walletKeplr').click();
    await app.has(app.at('walletButton'), 'data-state', ['ready']);
  });
});

test('Demand 15: a wallet that cannot take the network gets a button to add it', async () => {
  const keplr = new FakeKeplr();
  keplr.unsupported = true;
  await person(it, { keplr }, async (app) => {
    await app.useWallet();
    await notice(app, 'wrong_chain');
    keplr.unsupported = false;
    await app.at('walletSuggest').click();
    await app.has(app.at('walletButton'), 'data-state', ['ready']);
  });
});

test('Demand 15: an account without coins is told so and can get some from the faucet', async () => {
  const keplr = new FakeKeplr();
  await person(it, { keplr }, async (app) => {
    await app.useReadyWallet();
    await app.requestSession();
    const { message } = await app.words(app.at('errorCard', { code: 'no_funds' }, app.at('grantDialog')));
    assert.match(message, /coins/);
    assert.equal(keplr.popups.sign, 0, 'no popup for what the chain would refuse');
    await app.at('grantCancel').click();
    await app.openPanel();
    await app.at('walletFaucet').click();
    await app.page.locator('[data-test="wallet-balance"]:not([data-amount="0"])').waitFor();
    assert.ok((await it.chain.coins(keplr.key.address)) > 0n);
    await app.startSession();
  });
});

test('Demand 15: a faucet that has given enough says so in plain words', () =>
  person(it, {}, async (app) => {
    await app.useGuest();
    await app.openPanel();
    for (let asked = 0; asked < 4 && !(await app.at('walletNotice').isVisible()); asked += 1) {
      const answered = app.page.waitForResponse((response) => response.url().startsWith(it.facts.faucet!));
      await app.at('walletFaucet').and(app.page.locator(':enabled')).click();
      await answered;
      // The page has taken the answer when the button is back.
      await app.at('walletFaucet').and(app.page.locator(':disabled')).waitFor({ state: 'detached' });
    }
    assert.match(await notice(app, 'faucet_refused'), /[Ww]ait a minute/);
  }));

test('Demand 15: declining the session’s signature starts none and charges nothing', async () => {
  const keplr = new FakeKeplr();
  await fund(it.chain, [keplr.key]);
  const coins = await it.chain.coins(keplr.key.address);
  await person(it, { keplr }, async (app) => {
    await app.useReadyWallet();
    keplr.refuse = true;
    await app.requestSession();
    const { message } = await app.words(app.at('errorCard', { code: 'wallet_refused' }, app.at('grantDialog')));
    assert.match(message, /Nothing was sent/);
  });
  assert.equal(await it.chain.coins(keplr.key.address), coins);
  assert.deepEqual(await it.chain.given(keplr.key.address), { grants: [], allowances: [] });
});

test('Demand 15: an account switched in the wallet is noticed, and the other account’s session is not used', async () => {
  const keplr = new FakeKeplr(2);
  await fund(it.chain, keplr.accounts);
  await person(it, { keplr }, async (app) => {
    await app.useReadyWallet();
    await app.startSession();
    await app.verified(await app.ask(question()));
    await keplr.switchAccount(1);
    await notice(app, 'account_switched');
    await app.useReadyWallet();
    assert.equal(await app.address(), keplr.accounts[1]!.address);
    await app.sessionIsOver();
    assert.equal(await it.chain.tasksOf(keplr.accounts[1]!.address), 0);
  });
});

test('a Ledger signs the session as an amino document that the chain accepts', async () => {
  const keplr = new FakeKeplr();
  keplr.ledger = true;
  await fund(it.chain, [keplr.key]);
  await person(it, { keplr }, async (app) => {
    await app.useReadyWallet();
    await app.startSession();
    await app.verified(await app.ask(question()));
  });
  assert.deepEqual(
    keplr.signed.map(({ mode }) => mode),
    ['amino'],
  );
  const { grants, allowances } = await it.chain.given(keplr.key.address);
  assert.deepEqual([grants.length, allowances.length], [1, 1]);
  assert.equal(await it.chain.tasksOf(keplr.key.address), 1);
});
