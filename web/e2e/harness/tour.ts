// Every screen and state of the page once, on the real network: for axe and for the pictures.
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { App } from './app.ts';
import { visit, type Visit, type VisitOptions } from './browser.ts';
import { FakeKeplr } from './keplr.ts';
import { withoutBeacon, withoutWorkers } from './network.ts';
import { fund } from './people.ts';
import type { World } from './suite.ts';

/** Told of each state when it stands still. */
export type Look = (page: Page, state: string) => Promise<void>;

const ASKED = 'Explain in two sentences why the sea is salty.';
const RECEIPTS = new URL('../../../testdata/receipts/', import.meta.url);

/** Walks through everything with a wallet; `look` may change the theme but nothing else. */
export async function tour(it: World, options: Partial<VisitOptions>, look: Look): Promise<void> {
  const keplr = new FakeKeplr();
  await fund(it.chain, [keplr.key]);
  await visit(it.browser, { url: it.files, ...options, keplr }, async (seen) => {
    const app = new App(seen.page);
    const show = (state: string) => look(seen.page, state);
    await wallet(app, keplr, show);
    await conversation(it, app, show);
    await explorer(it, app, show);
    await verifying(app, show);
    await settings(app, show);
  });
  await visit(it.browser, { url: it.files, ...options }, (seen) => troubles(seen, look));
}

type Show = (state: string) => Promise<void>;

async function wallet(app: App, keplr: FakeKeplr, show: Show): Promise<void> {
  await app.at('composerInput').waitFor();
  await show('chat-empty');
  await app.at('walletButton').click();
  await app.at('walletPanel').waitFor();
  await show('wallet-choice');
  keplr.refuse = true;
  await app.at('walletKeplr').click();
  await app.at('walletNotice').first().waitFor();
  await show('wallet-refused');
  keplr.refuse = false;
  await app.at('walletKeplr').click();
  await app.has(app.at('walletButton'), 'data-state', ['ready']);
  await app.openPanel();
  await app.at('walletAddress').waitFor();
  await show('wallet-connected');
  await app.at('sessionStart').click();
  await app.at('grantDialog').waitFor();
  await show('session-grant');
  await app.at('grantConfirm').click();
  await app.at('sessionBar', { state: 'active' }).waitFor();
  await show('session-active');
}

async function conversation(it: World, app: App, show: Show): Promise<void> {
  await app.at('settingsToggle').click();
  await app.at('setMaxTokens').fill('64');
  // Also where another tour has asked before: the stages are to be seen.
  await app.at('setFresh').check();
  await show('ask-settings');
  await app.at('settingsToggle').click();
  const card = await withoutBeacon(it.facts, async () => {
    const card = await app.ask(ASKED);
    await app.at('stages', {}, card).or(card).first().waitFor();
    await app.page.waitForTimeout(600);
    await show('answer-waiting');
    return card;
  });
  // Three have committed and two are late: each voice is drawn for what it did.
  await withoutWorkers(it.facts, 2, async () => {
    await app.at('strands', { committed: '3' }, card).waitFor();
    await show('answer-voting');
  });
  await app.verified(card);
  await app.page.waitForTimeout(400);
  await show('answer-verified');
  await app.at('receiptLine', {}, card).click();
  await app.at('proof').waitFor();
  await app.page.waitForTimeout(300);
  await show('answer-proof');
  await app.at('checkAgain').click();
  await app.at('check').first().waitFor();
  await show('answer-checked');
}

async function explorer(it: World, app: App, show: Show): Promise<void> {
  await app.go('#/tasks');
  await app.at('tasksDone').click();
  await app.at('taskRow').first().waitFor();
  await show('tasks');
  await app.at('taskRow').first().click();
  await app.at('taskPage').waitFor();
  await app.at('taskAnswer').waitFor();
  await show('task');
  await app.go('#/workers');
  await app.at('workerRow').first().waitFor();
  await show('workers');
  await app.go(`#/worker/${it.facts.workers[0]!.address}`);
  await app.at('workerPage').waitFor();
  await show('worker');
  await app.go('#/network');
  await app.at('networkPage').waitFor();
  await app.at('modelRow').first().waitFor();
  await show('network');
}

async function verifying(app: App, show: Show): Promise<void> {
  await app.go('#/verify');
  await app.at('verifyInput').waitFor();
  await show('verify-empty');
  for (const [file, ok] of [
    ['ok-final', 'true'],
    ['bad-answer', 'false'],
  ] as const) {
    await app.at('verifyInput').fill(await readFile(new URL(`${file}.json`, RECEIPTS), 'utf8'));
    await app.at('verifyRun').click();
    await app.at('verdict', { ok }).waitFor();
    await show(ok === 'true' ? 'verify-passed' : 'verify-failed');
  }
  await app.at('verifyInput').fill('no receipt');
  await app.at('verifyRun').click();
  await app.at('verdict', { ok: 'false' }).or(app.at('errorCard')).first().waitFor();
  await show('verify-nonsense');
}

async function settings(app: App, show: Show): Promise<void> {
  await app.go('#/settings');
  await app.at('settingsHosts').waitFor();
  await show('settings');
  await app.go('#/no/such/page');
  await app.page.waitForTimeout(200);
  await show('missing');
}

/** What a person sees when things go wrong, by requests that fail on their way. */
async function troubles(seen: Visit, look: Look): Promise<void> {
  const app = new App(seen.page);
  await app.useGuest();
  await app.closePanel();
  const block = '**/antiphon/v1/block/*';
  await seen.page.route(block, (route) => route.abort('connectionrefused'));
  await app.failed(await app.ask('Is anybody there?'), 'upload_failed');
  await look(seen.page, 'error-upload');
  await seen.page.unrouteAll();
}
