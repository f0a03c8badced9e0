import assert from 'node:assert/strict';
import test from 'node:test';
import type { Page, Route } from 'playwright-core';
import { withoutBeacon, withoutWorkers } from '../harness/network.ts';
import { asOwner, lonelyModel, question } from '../harness/people.ts';
import { LONG } from '../harness/rounds.ts';
import { person, world } from '../harness/suite.ts';

const it = world();

/** Lies about blocks that the page did not upload itself: one byte of the answer is another. */
async function tamper(page: Page, lies: (url: URL) => boolean): Promise<{ told: number }> {
  const told = { told: 0 };
  const uploaded = new Set<string>();
  await page.route('**/antiphon/v1/block/*', async (route) => {
    uploaded.add(new URL(route.request().url()).pathname.split('/').at(-1)!);
    await route.continue();
  });
  await page.route('**/ipfs/*', async (route: Route) => {
    const url = new URL(route.request().url());
    if (uploaded.has(url.pathname.split('/').at(-1)!)) return route.continue();
    const response = await route.fetch();
    const body = await response.body();
    if (!response.ok() || body.length === 0 || !lies(url)) return route.fulfill({ response, body });
    body[0]! ^= 1;
    told.told += 1;
    return route.fulfill({ response, body });
  });
  return told;
}

test('Demand 13: when every host lies about the answer the page says "Hash mismatch" and never shows the text', () =>
  person(it, {}, async (app) => {
    const lies = await tamper(app.page, () => true);
    await app.useGuest();
    const card = await app.ask('Say the word lighthouse.');
    const { message } = await app.failed(card, 'hash_mismatch');
    assert.match(message, /Hash mismatch/);
    assert.ok(await app.at('hashMismatch', {}, card).isVisible());
    assert.equal(await app.at('answerText').count(), 0);
    const whole = await app.page.evaluate(() => document.body.innerText.replace(/Say the word lighthouse\./g, ''));
    assert.doesNotMatch(whole, /lighthouse/i, 'the text is nowhere in the page');
    assert.ok(lies.told > 0);
    await app.page.unrouteAll();
    await app.goOn(card, 'errorAction');
    assert.match(await app.verified(card), /lighthouse/i, 'looking again at honest hosts shows it');
  }));

test('Demand 13: one lying worker is named and its bytes thrown away; the others give the true text', () =>
  person(it, {}, async (app) => {
    // Whoever is asked first for the answer lies from then on.
    let liar = '';
    const lies = await tamper(app.page, (url) => {
      if (url.pathname.endsWith(it.facts.manifest)) return false;
      liar ||= url.host;
      return url.host === liar;
    });
    await app.useGuest();
    const card = await app.ask(question());
    await app.verified(card);
    assert.ok(lies.told > 0, 'the liar was asked');
    await app.says(app.at('answerText', {}, card), /1 host gave other bytes/);
    await app.at('receiptLine', {}, card).click();
    const proof = app.at('proof');
    await proof.waitFor();
    assert.ok(!(await proof.innerText()).includes(`fetched from ${liar}`), 'not among the sources');
  }));

test('Demand 15: with no worker reachable the question is not handed over, and nothing is charged', () =>
  person(it, {}, async (app) => {
    await app.useGuest();
    const address = await app.address();
    const coins = await it.chain.coins(address);
    await app.page.route('**/antiphon/v1/block/*', (route) => route.abort('connectionrefused'));
    const card = await app.ask(question());
    const { message } = await app.failed(card, 'upload_failed');
    assert.match(message, /Nothing was charged/);
    assert.equal(await it.chain.tasksOf(address), 0);
    assert.equal(await it.chain.coins(address), coins);
  }));

test('Demand 15: an agreed answer that nobody serves now is looked for again later, and costs nothing more', () =>
  person(it, {}, async (app) => {
    await app.useGuest();
    const address = await app.address();
    const card = await withoutBeacon(it.facts, async () => {
      const card = await app.ask(question());
      await app.taskOf(card);
      await app.page.route('**/ipfs/*', (route) => route.abort('connectionrefused'));
      return card;
    });
    const { message } = await app.failed(card, 'content_unavailable');
    assert.match(message, /agreed/);
    await app.page.unrouteAll();
    await app.goOn(card, 'errorAction');
    await app.verified(card);
    assert.equal(await it.chain.tasksOf(address), 1);
  }));

test('Demand 15: a transaction that runs out of gas is named, and asking again goes through', () =>
  person(it, {}, async (app) => {
    await app.useGuest();
    const address = await app.address();
    // A node that simulates too low: the chain itself then refuses the transaction.
    await app.page.route('**/cosmos/tx/v1beta1/simulate', async (route) => {
      const response = await route.fetch();
      const body = (await response.json()) as { gas_info: { gas_used: string } };
      body.gas_info.gas_used = '90000';
      await route.fulfill({ response, json: body });
    });
    const card = await app.ask(question());
    const { message } = await app.failed(card, 'out_of_gas');
    assert.match(message, /gas/);
    assert.equal(await it.chain.tasksOf(address), 0);
    await app.page.unrouteAll();
    await app.goOn(card, 'retrySame');
    await app.verified(app.at('answerCard').last());
    assert.equal(await it.chain.tasksOf(address), 1);
  }));

test('Demand 15: a question longer than the model reads is refused before anything is paid', () =>
  person(it, {}, async (app) => {
    await app.useGuest();
    const address = await app.address();
    const card = await app.ask('Why? '.repeat(1000));
    const { next } = await app.failed(card, 'prompt_too_long');
    assert.match(next, /new conversation|[Ss]horten/);
    assert.equal(await it.chain.tasksOf(address), 0);
  }));

test('Demand 15: a node that does not answer is named, and the way to another one', () =>
  person(it, {}, async (app) => {
    await app.useGuest();
    await app.page.route(`${it.facts.rest}/**`, (route) => route.abort('connectionrefused'));
    const card = await app.ask(question());
    const { next } = await app.failed(card, 'node_down');
    assert.match(next, /settings|again/i);
    await app.page.unrouteAll();
    await app.goOn(card, 'retrySame');
    await app.verified(app.at('answerCard').last());
  }));

test('Demand 15: a task that stands still for long is given up by the tab, not lost: following goes on', () =>
  person(it, {}, async (app) => {
    await app.page.clock.install();
    await app.page.reload();
    await app.useGuest();
    const address = await app.address();
    const card = await withoutBeacon(it.facts, async () => {
      const card = await app.ask(question());
      await app.taskOf(card);
      await app.standsStill(card);
      const { next } = await app.failed(card, 'timeout');
      assert.match(next, /not paid twice/);
      return card;
    });
    await app.goOn(card, 'errorAction');
    await app.verified(card);
    assert.equal(await it.chain.tasksOf(address), 1);
  }));

test('Demand 15: stopping follows no longer, loses nothing and charges nothing more', () =>
  person(it, {}, async (app) => {
    await app.useGuest();
    const address = await app.address();
    const card = await withoutBeacon(it.facts, async () => {
      const card = await app.ask(question());
      await app.taskOf(card);
      await app.at('composerStop').click();
      await app.failed(card, 'stopped');
      return card;
    });
    await app.goOn(card, 'errorAction');
    await app.verified(card);
    assert.equal(await it.chain.tasksOf(address), 1);
  }));

test('Demand 15: workers that fall silent give no answer, and what was not earned comes back', () =>
  person(it, {}, async (app) => {
    await app.useGuest();
    const address = await app.address();
    const card = await withoutBeacon(it.facts, async () => {
      const card = await app.ask(question());
      await app.taskOf(card);
      return card;
    });
    await withoutWorkers(it.facts, 4, async () => {
      const { message, next } = await app.failed(card, 'no_quorum', LONG);
      assert.match(message, /did not agree/);
      assert.match(next, /balance/);
    });
    const { amount } = await it.chain.smart<{ amount: string }>({ balance: { address } });
    assert.ok(BigInt(amount) > 0n, 'the escrow came back');
  }));

test('Demand 15: a model that nobody serves is named before anything is paid; one that is withdrawn, too', async () => {
  const { model, retire } = await lonelyModel(it.chain);
  await person(it, {}, async (app) => {
    await app.useGuest();
    const address = await app.address();
    await app.at('modelPicker').selectOption(String(model));
    const lonely = await app.failed(await app.ask(question()), 'no_workers');
    assert.match(lonely.message, /[Tt]oo few workers/);
    assert.match(lonely.next, /fewer voices/);
    await retire();
    const gone = await app.failed(await app.ask(question()), 'model_unknown');
    assert.match(gone.message, /not offered/);
    assert.match(gone.next, /another model/);
    assert.equal(await it.chain.tasksOf(address), 0);
  });
});

test('Demand 15: what the contract refuses is told in plain words, costs nothing, and works when it is allowed', () =>
  person(it, {}, async (app) => {
    await app.useGuest();
    const address = await app.address();
    const coins = await it.chain.coins(address);
    await asOwner(it.chain, { set_paused: { paused: true } });
    const card = await app.ask(question());
    try {
      const { message, next } = await app.failed(card, 'tx_failed');
      assert.match(message, /refused/);
      assert.match(next, /no answer was paid/);
      assert.equal(await it.chain.coins(address), coins);
      assert.equal(await it.chain.tasksOf(address), 0);
    } finally {
      await asOwner(it.chain, { set_paused: { paused: false } });
    }
    await app.goOn(card, 'retrySame');
    await app.verified(app.at('answerCard').last());
    assert.equal(await it.chain.tasksOf(address), 1);
  }));

test('a question that workers refuse to take can go inside the transaction, and is answered all the same', () =>
  person(it, {}, async (app) => {
    await app.useGuest();
    await app.page.route('**/antiphon/v1/block/*', (route) => route.fulfill({ status: 507, body: 'full' }));
    const card = await app.ask(question());
    await app.failed(card, 'upload_failed');
    await app.at('errorCarry', {}, card).click();
    await app.at('errorCard', {}, card).waitFor({ state: 'detached' });
    const carried = app.at('answerCard').last();
    await app.verified(carried);
    const task = await app.taskOf(carried);
    assert.equal((await it.chain.smart<{ carried: boolean }>({ task: { task } })).carried, true);
    await app.go(`#/task/${task}`);
    await app.at('taskCarried').waitFor();
  }));
