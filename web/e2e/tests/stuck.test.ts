import assert from 'node:assert/strict';
import test from 'node:test';
import { FakeKeplr } from '../harness/keplr.ts';
import { withoutBeacon, withoutWorkers } from '../harness/network.ts';
import { fund, question } from '../harness/people.ts';
import { LONG } from '../harness/rounds.ts';
import { person, world } from '../harness/suite.ts';

const it = world();

test('a task that nobody moves on is moved on by the wallet, with one popup, though its session may only ask', async () => {
  const keplr = new FakeKeplr();
  await fund(it.chain, [keplr.key]);
  await person(it, { keplr }, async (app) => {
    await app.useReadyWallet();
    await app.startSession();
    await withoutBeacon(it.facts, async () => {
      const task = await app.taskOf(await app.ask(question()));
      await withoutWorkers(it.facts, 5, async () => {
        const before = keplr.popups.sign;
        await app.go(`#/task/${task}`);
        await app.at('stuckDo').waitFor({ timeout: LONG });
        await app.says(app.at('stuckBox'), /nobody has made it/);
        await app.at('stuckDo').click();
        await app.has(app.at('taskPage'), 'data-status', ['failed']);
        assert.equal(keplr.popups.sign - before, 1, 'popups');
      });
    });
  });
});
