import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import type { App } from '../harness/app.ts';
import { question } from '../harness/people.ts';
import { person, world } from '../harness/suite.ts';

const it = world();

/** Asks, opens the proof and downloads the receipt. */
async function receipt(app: App): Promise<{ text: string; task: number; asked: string }> {
  await app.useGuest();
  const asked = question();
  const card = await app.ask(asked);
  await app.verified(card);
  const task = await app.taskOf(card);
  await app.at('receiptLine', {}, card).click();
  const coming = app.page.waitForEvent('download');
  await app.at('downloadReceipt').first().click();
  const download = await coming;
  assert.match(download.suggestedFilename(), new RegExp(`${task}.*\\.json$`));
  return { text: await readFile(await download.path(), 'utf8'), task, asked };
}

async function verify(app: App, text: string): Promise<{ ok: string | null; failed: string[]; passed: string[] }> {
  await app.go('#/verify');
  await app.at('verifyInput').fill(text);
  await app.at('verifyRun').click();
  await app.at('verdict').waitFor();
  const names = (ok: string) =>
    app.at('check', { ok }).evaluateAll((list) => list.map((one) => one.getAttribute('data-name') ?? ''));
  return {
    ok: await app.at('verdict').getAttribute('data-ok'),
    failed: await names('false'),
    passed: await names('true'),
  };
}

test('a downloaded receipt passes every check on the verify page, offline and against the chain', () =>
  person(it, {}, async (app) => {
    const { text } = await receipt(app);
    const { ok, failed, passed } = await verify(app, text);
    assert.deepEqual([ok, failed], ['true', []]);
    assert.ok(passed.length >= 14, passed.join(', '));
    await app.at('verifyChain').click();
    await app.at('check', { name: 'chain_task' }).waitFor();
    assert.equal(await app.at('check', { ok: 'false' }).count(), 0);
  }));

test('a receipt with one flipped byte fails, and the check that failed is named', () =>
  person(it, {}, async (app) => {
    const { text } = await receipt(app);
    const answer = text.replace(/^(\{"answer":".)(.)/, (_all, before, one) => before + (one === 'e' ? 'o' : 'e'));
    assert.notEqual(answer, text);
    const verdict = await verify(app, answer);
    assert.deepEqual([verdict.ok, verdict.failed], ['false', ['digest', 'answer']]);
    for (const place of [0.15, 0.35, 0.55, 0.75, 0.95]) {
      const at = Math.floor(text.length * place);
      const other = text[at] === '0' ? '1' : '0';
      const { ok, failed } = await verify(app, text.slice(0, at) + other + text.slice(at + 1));
      assert.equal(ok, 'false', `byte ${at}`);
      assert.ok(failed.length > 0 && failed.every((name) => name !== ''), 'named');
    }
  }));

test('the sample receipts get on the page the verdicts that the command line gives them', () =>
  person(it, {}, async (app) => {
    const folder = new URL('../../../testdata/receipts/', import.meta.url);
    const list = JSON.parse(await readFile(new URL('index.json', folder), 'utf8')) as Sample[];
    for (const { file, ok, failed } of list) {
      const verdict = await verify(app, await readFile(new URL(file, folder), 'utf8'));
      assert.deepEqual([verdict.ok, verdict.failed], [String(ok), failed], file);
    }
  }));

test('a receipt of somebody else’s contract on the same chain never "happened", and leads to no task', () =>
  person(it, {}, async (app) => {
    const folder = new URL('../../../testdata/receipts/', import.meta.url);
    const list = JSON.parse(await readFile(new URL('index.json', folder), 'utf8')) as Sample[];
    const text = await readFile(new URL(list.find(({ ok }) => ok)!.file, folder), 'utf8');
    assert.ok(!text.includes(it.facts.contract) && text.includes(it.facts.chain_id));
    assert.equal((await verify(app, text)).ok, 'true', 'consistent it is');
    assert.equal(await app.page.locator('main a[href*="#/task/"]').count(), 0);
    await app.at('verifyChain').click();
    await app.at('verdict', { ok: 'false' }).waitFor();
    assert.equal(await app.at('check', { name: 'chain_task' }).getAttribute('data-ok'), 'false');
  }));

interface Sample {
  file: string;
  ok: boolean;
  failed: string[];
}

test('what is no receipt at all gets one plain sentence', () =>
  person(it, {}, async (app) => {
    await app.go('#/verify');
    for (const text of ['hello', '{}', '{"antiphon":"receipt"}', '[1,2', '9'.repeat(100_000)]) {
      await app.at('verifyInput').fill(text);
      await app.at('verifyRun').click();
      const said = app
        .at('verdict', { ok: 'false' })
        .or(app.at('errorCard', { code: 'receipt_invalid' }))
        .first();
      await said.waitFor();
      assert.doesNotMatch(await said.innerText(), /SyntaxError|\bat \S+:\d+|undefined/, text.slice(0, 30));
    }
  }));

test('the explorer shows the task to somebody else: its question, answer, ballots and transactions', async () => {
  const { task, asked } = await person(it, {}, receipt);
  await person(it, {}, async (app) => {
    await app.go('#/tasks');
    await app.at('tasksDone').click();
    await app.at('taskRow', { task: String(task) }).click();
    await app.at('taskPage', { task: String(task) }).waitFor();
    await app.page.waitForFunction((words) => document.body.innerText.includes(words), asked);
    await app.says(app.at('taskAnswer'), /\S/);
    // A row per member.
    await app.at('taskMatrixTable').locator('tbody tr').nth(4).waitFor();
    await app.at('taskTransactions').locator('[data-test="tx-link"], li, tr').first().waitFor();
  });
});

test('workers and network pages show who is there', () =>
  person(it, {}, async (app) => {
    await app.go('#/workers');
    await app
      .at('workerRow')
      .nth(it.facts.workers.length - 1)
      .waitFor();
    assert.equal(await app.at('workerRow').count(), it.facts.workers.length);
    await app.at('workerRow', { worker: it.facts.workers[0]!.address }).click();
    await app.at('workerPage', { worker: it.facts.workers[0]!.address }).waitFor();
    await app.go('#/network');
    await app.at('networkPage').waitFor();
    await app.at('modelRow').first().waitFor();
    await app.says(app.at('networkPage'), new RegExp(it.facts.chain_id));
  }));
