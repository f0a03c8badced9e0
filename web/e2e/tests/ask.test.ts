import assert from 'node:assert/strict';
import test from 'node:test';
import type { App } from '../harness/app.ts';
import { promised, type Visit } from '../harness/browser.ts';
import { rawCid } from '../harness/chain.ts';
import { withoutBeacon } from '../harness/network.ts';
import { question } from '../harness/people.ts';
import { person, world, type World } from '../harness/suite.ts';

const it = world();

/** The answer's bytes from a worker, by a client of the tests' own. */
async function answerOnRecord(world: World, task: number): Promise<string> {
  const { outcome } = await world.chain.smart<{ outcome: { answer: { cid: string } } }>({ task: { task } });
  for (const worker of world.facts.workers) {
    const response = await fetch(`${worker.endpoint}/ipfs/${outcome.answer.cid}?format=raw`);
    if (!response.ok) continue;
    const block = new Uint8Array(await response.arrayBuffer());
    assert.equal(rawCid(block), outcome.answer.cid);
    return new TextDecoder().decode(block);
  }
  throw new Error(`no worker serves the answer of task ${task}`);
}

async function guestAsks(app: App, seen: Visit): Promise<void> {
  await app.useGuest();
  const card = await app.ask(question());
  const text = await app.verified(card);
  const said = await answerOnRecord(it, await app.taskOf(card));
  // A note may stand below a text that reached its limit.
  const shown = text.replace(/\s+/g, ' ');
  assert.ok(shown.startsWith(said.trim().replace(/\s+/g, ' ')), `${shown}\nis not\n${said}`);
  // Four are enough: on a busy machine the fifth may come too late.
  await app.says(app.at('receiptLine', {}, card), /[45] of 5 workers, verified in this tab/);
  await app.has(app.at('strands', {}, card).first(), 'data-agree', ['4', '5']);
  const sources = seen.requests.filter(({ url, method }) => method === 'GET' && url.includes('/ipfs/'));
  assert.ok(new Set(sources.map(({ url }) => new URL(url).host)).size >= 2, 'read from two workers');
}

test('a guest asks and the answer is verified in the tab: the page as plain files, no server of its own', () =>
  person(it, {}, guestAsks));

test('a guest asks and the answer is verified in the tab: the page from the gateway', (t) => {
  if (!it.facts.gateway) return t.skip('this network has no gateway');
  return person(it, { url: it.facts.gateway }, guestAsks);
});

test('a question whose answer is known is answered from the chain and costs nothing', async () => {
  const asked = question();
  const first = await person(it, {}, async (app) => {
    await app.useGuest();
    return app.verified(await app.ask(asked));
  });
  await person(it, {}, async (app) => {
    await app.useGuest();
    const card = await app.ask(asked);
    assert.equal(await app.verified(card), first);
    const address = await app.address();
    assert.equal(await it.chain.tasksOf(address), 0);
  });
});

test('Demand 11: one announcement when sending, one when verified, none per token or stage', () =>
  person(it, {}, async (app, seen) => {
    await app.useGuest();
    const before = await quiet(seen);
    await app.verified(await app.ask(question()));
    await app.page.waitForTimeout(1500);
    const said = (await seen.announcements()).slice(before);
    assert.equal(said.length, 2, said.join(' | '));
    assert.match(said[0]!, /sent/i);
    assert.match(said[1]!, /verified/i);
  }));

/** How much was said, once nothing more is. */
async function quiet(seen: Visit): Promise<number> {
  for (let before = -1; ;) {
    const said = (await seen.announcements()).length;
    if (said === before) return said;
    before = said;
    await new Promise((done) => setTimeout(done, 1500));
  }
}

test('Demand 12: a reload and a second tab in mid-task show the same task within 2 s and send nothing again', () =>
  person(it, {}, async (app, seen) => {
    await app.useGuest();
    const address = await app.address();
    const { task, second } = await withoutBeacon(it.facts, async () => {
      const task = await app.taskOf(await app.ask(question()));
      await app.page.reload();
      await sameTask(app, task);
      const second = app.in(await seen.context.newPage());
      await second.page.goto(app.page.url());
      await sameTask(second, task);
      return { task, second };
    });
    const texts = await Promise.all([app, second].map((tab) => tab.verified(tab.at('answerCard').last())));
    assert.equal(texts[0], texts[1]);
    assert.equal(texts[0]!.length > 0, true, `task ${task} has a text`);
    assert.equal(await it.chain.tasksOf(address), 1);
  }));

async function sameTask(tab: App, task: number): Promise<void> {
  await tab.at('composerInput').waitFor();
  const ready = Date.now();
  await tab.at('answerCard', { task: String(task) }).waitFor();
  const took = Date.now() - ready;
  assert.ok(took < promised(2000), `the task is back after ${took} ms`);
}

test('a reload between signing and the block finds the transaction again and sends nothing twice', () =>
  person(it, {}, async (app) => {
    await app.useGuest();
    const address = await app.address();
    // The node has the transaction; the page is gone before it learns in which block.
    const broadcast = app.page.waitForResponse((r) => r.url().endsWith('/cosmos/tx/v1beta1/txs'));
    await app.ask(question());
    await broadcast;
    await app.page.reload();
    await app.verified(app.at('answerCard').last());
    assert.equal(await it.chain.tasksOf(address), 1);
  }));
