import assert from 'node:assert/strict';
import test from 'node:test';
import type { App } from '../../harness/app.ts';
import { eventually } from '../../harness/browser.ts';
import { FakeKeplr } from '../../harness/keplr.ts';
import { withoutBeacon, withoutWorkers } from '../../harness/network.ts';
import { fund, newRules, question } from '../../harness/people.ts';
import { LONG, PATIENT_RULES, answered, confirmAppeal, openAppeal } from '../../harness/rounds.ts';
import { person, world } from '../../harness/suite.ts';

const it = world(undefined, (chain) => newRules(chain, PATIENT_RULES));

interface Task {
  status: string;
  contested: boolean;
  outcome_round: number;
  appeal_bond: string | null;
  rated: boolean | null;
  settlement: { appeal_bonds: string; to_appellants: string };
}
const read = (task: number): Promise<Task> => it.chain.smart<Task>({ task: { task } });

/** Appeals by the dialog; gives the bond that it named. */
async function appeal(app: App, wanted: RegExp): Promise<bigint> {
  const { words, signer, bond } = await openAppeal(app);
  assert.match(words, /11 workers.*8 of them must agree/s);
  assert.match(words, /the bond is lost/);
  assert.match(words, /the bond comes back/);
  assert.match(signer, wanted);
  await confirmAppeal(app);
  return bond;
}

test('a guest asks a larger committee: its round is followed live, confirms the answer, and everybody is paid', () =>
  person(it, {}, async (app, seen) => {
    await app.useGuest();
    const { card, task } = await answered(app);
    const wanted = BigInt((await read(task)).appeal_bond!);
    await app.says(app.at('appealLeft'), /blocks? left/);
    const said = (await seen.announcements()).length;
    await withoutBeacon(it.facts, async () => {
      assert.equal(await appeal(app, /guest key/), wanted, 'the bond of the contract');
      await app.at('round', { round: '1', kind: 'open', size: '11' }).waitFor();
      await app.at('underAppeal', {}, card).waitFor();
    });
    await app.at('round', { round: '1', kind: 'confirmed' }).waitFor({ timeout: LONG });
    await app.says(app.at('verdictLater'), /confirmed it: (8|9|10|11) of 11/);
    // The one that stands is first.
    await app.has(app.at('round').first(), 'data-round', ['1']);
    await app.says(app.at('appealed'), /appeal opened it/i);
    await eventually(async () => (await seen.announcements()).length >= said + 2);
    const heard = (await seen.announcements()).slice(said);
    assert.equal(heard.length, 2, heard.join(' | '));
    assert.match(heard[0]!, /Appeal sent/);
    assert.match(heard[1]!, /confirmed/);
    await app.at('appealed', { outcome: 'lost' }).waitFor({ timeout: LONG });
    await app.at('underAppeal', {}, card).waitFor({ state: 'detached' });
    const ended = await read(task);
    assert.deepEqual([ended.status, ended.outcome_round, ended.contested], ['final', 1, false]);
    assert.equal(BigInt(ended.settlement.appeal_bonds), wanted);
    await app.says(app.at('proofMoney'), /Bonds of appeals/);
    await rates(app, task);
  }));

/** Says that it was good, once; it stays said, here and on the network's page. */
async function rates(app: App, task: number): Promise<void> {
  await app.at('rateGood').click();
  await app.at('rated', { good: 'true' }).waitFor();
  assert.equal((await read(task)).rated, true);
  await app.go(`#/task/${task}`);
  await app.at('rated', { good: 'true' }).waitFor();
  assert.equal(await app.at('rateBad').count(), 0, 'said once');
  await app.go('#/network');
  await app.at('modelRatings', { good: '1', bad: '0' }).waitFor();
}

test('with a session the wallet itself signs an appeal and a rating: one popup each', async () => {
  const keplr = new FakeKeplr();
  await fund(it.chain, [keplr.key]);
  await person(it, { keplr }, async (app) => {
    await app.useReadyWallet();
    await app.startSession();
    const { task } = await answered(app);
    const popups = keplr.popups.sign;
    keplr.refuse = true;
    await app.at('appealOpen').click();
    await app.at('appealConfirm').click();
    const { message } = await app.words(app.at('errorCard', { code: 'wallet_refused' }));
    assert.match(message, /Nothing was sent/);
    keplr.refuse = false;
    await app.page.keyboard.press('Escape');
    await app.at('appealDialog').waitFor({ state: 'detached' });
    await appeal(app, /session may only ask.*one popup/);
    assert.equal(keplr.popups.sign - popups, 2, 'one declined, one signed');
    await app.at('round', { round: '1' }).waitFor();
    await app.at('appealed', { outcome: 'lost' }).waitFor({ timeout: LONG });
    await app.at('rateBad').click();
    await app.at('rated', { good: 'false' }).waitFor();
    assert.equal(keplr.popups.sign - popups, 3);
    assert.equal((await read(task)).rated, false);
  });
});

test('an answer that a larger committee leaves open is marked as contested wherever it is shown', () =>
  person(it, {}, async (app) => {
    await app.useGuest();
    const { card, task } = await answered(app);
    // Five of them answered already at most: four of the eleven are silent, so eight cannot agree.
    await withoutWorkers(it.facts, 9, async () => {
      await appeal(app, /guest key/);
      await app.at('round', { round: '1', kind: 'undecided' }).waitFor({ timeout: LONG });
    });
    await app.at('contested', {}, card).waitFor();
    await app.at('contested', {}, app.at('proof')).waitFor();
    await app.at('appealed', { outcome: 'contested' }).waitFor({ timeout: LONG });
    assert.equal((await read(task)).contested, true);
    await app.go(`#/task/${task}`);
    await app.says(app.at('contested'), /earlier answer stands/);
    await app.go('#/tasks');
    await app.at('tasksDone').click();
    await app.says(app.at('taskRow', { task: String(task) }), /contested/);
    await app.go(`#/verify/${task}`);
    await app.at('contested').waitFor();
  }));

test('a larger committee is chosen by its price and its odds, and drawn', () =>
  person(it, {}, async (app) => {
    await app.useGuest();
    await app.at('settingsToggle').click();
    await app.at('setMaxTokens').fill('12');
    await app.at('setMaxTokens').blur();
    const seven = app.at('committeeOption', { size: '7' });
    await seven.waitFor();
    const choice = /7 voices\s*at most [\d.]+ \w+\s*If a third of the seats are dishonest: 1 in \d+ wrong/;
    await app.says(app.at('committeeChoice'), choice);
    await seven.check();
    await app.at('committeeOdds', { size: '7' }).waitFor();
    await app.says(app.at('committeeOdds'), /6 of 16.*%.*%/s);
    await eventually(async () => (await app.at('committeeSize').inputValue()) === '7');
    assert.equal(await app.at('committeeSize').inputValue(), '7');
    const card = await app.ask(question());
    await app.verified(card);
    const { committee } = await it.chain.smart<{ committee: number }>({ task: { task: await app.taskOf(card) } });
    assert.equal(committee, 7);
  }));
