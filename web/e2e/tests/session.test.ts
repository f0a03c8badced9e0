import assert from 'node:assert/strict';
import test from 'node:test';
import { bankSend, execute, onBehalf } from '../harness/chain.ts';
import { FakeKeplr } from '../harness/keplr.ts';
import { anotherContract, fund, question } from '../harness/people.ts';
import { stolenSessionKey } from '../harness/thief.ts';
import { person, world } from '../harness/suite.ts';

const it = world();
const NOTHING = { grants: [], allowances: [] };

test('Demand 6: a conversation of five messages opens one popup and makes one transaction per message', async () => {
  const keplr = new FakeKeplr();
  await fund(it.chain, [keplr.key]);
  const { address } = keplr.key;
  await person(it, { keplr }, async (app) => {
    await app.useReadyWallet();
    await app.page.reload();
    await app.has(app.at('walletButton'), 'data-state', ['ready']);
    const before = keplr.popupsInAll;
    await app.startSession();
    const left = Number(await app.at('sessionCalls').first().getAttribute('data-calls'));
    for (let n = 0; n < 5; n += 1) await app.verified(await app.ask(question()));
    assert.equal(keplr.popupsInAll - before, 1, 'popups of any kind');
    await app.has(app.at('sessionCalls').first(), 'data-calls', [String(left - 5)]);
  });
  assert.equal(await it.chain.tasksOf(address), 5);
  assert.equal(await it.chain.sequence(address), 1, 'signed by the person: the session alone');
  const { grants } = await it.chain.given(address);
  assert.equal(await it.chain.sequence(grants[0]!.grantee), 5, 'signed by the session key: one per message');
});

test('Demand 6: a stolen session key can send no other message, call no other contract and move no coins', async () => {
  const keplr = new FakeKeplr();
  await fund(it.chain, [keplr.key]);
  const owner = keplr.key.address;
  const { contract, denom } = it.facts;
  const thief = await person(it, { keplr }, async (app) => {
    await app.useReadyWallet();
    await app.startSession();
    await app.verified(await app.ask(question()));
    return stolenSessionKey(app.page, it.facts.prefix, (await it.chain.given(owner)).grants[0]!.grantee);
  });
  await it.chain.untilSettled(owner);
  const coins = await it.chain.coins(owner);
  const prepaid = (await it.chain.smart<{ amount: string }>({ balance: { address: owner } })).amount;
  const another = await anotherContract(it.chain);
  const post = { post_task: {} };
  const tries = {
    'another message': execute(owner, contract, { withdraw: {} }),
    'another contract': execute(owner, another, post),
    'a bank send': bankSend(owner, thief.address, denom, 1n),
  };
  let fees = 0n;
  for (const [what, message] of Object.entries(tries)) {
    const result = await it.chain.send(thief, [onBehalf(thief.address, [message])], { granter: owner, gas: 150_000 });
    assert.notEqual(result.code, 0, `${what} must be refused`);
    assert.match(result.raw_log, /unauthorized|authorization not found|failed to get grant/, what);
    fees += it.chain.fee(150_000);
  }
  const direct = await it.chain.send(thief, [bankSend(thief.address, owner, denom, 1n)], { granter: owner });
  assert.notEqual(direct.code, 0, 'the allowance pays for nothing else');
  assert.equal(await it.chain.coins(thief.address), 0n);
  const lost = coins - (await it.chain.coins(owner));
  assert.ok(lost <= fees, `only fees can be burned: ${lost} of at most ${fees}`);
  const after = (await it.chain.smart<{ amount: string }>({ balance: { address: owner } })).amount;
  assert.equal(after, prepaid, 'the prepaid balance is untouched');
});

test('Demand 7: ending the session leaves 0 grants and 0 allowances on chain', async () => {
  const keplr = new FakeKeplr();
  await fund(it.chain, [keplr.key]);
  await person(it, { keplr }, async (app) => {
    await app.useReadyWallet();
    await app.startSession();
    const given = await it.chain.given(keplr.key.address);
    assert.deepEqual([given.grants.length, given.allowances.length], [1, 1]);
    const limit = JSON.stringify(given.grants[0]!.authorization);
    assert.match(limit, /ContractExecutionAuthorization.*MaxCallsLimit.*AcceptedMessageKeysFilter.*post_task/);
    assert.match(JSON.stringify(given.allowances[0]!.allowance), /AllowedMsgAllowance.*MsgExec/);
    const before = keplr.popups.sign;
    await app.at('sessionEnd').first().click();
    await app.sessionIsOver();
    assert.equal(keplr.popups.sign - before, 1, 'one popup takes both back');
  });
  assert.deepEqual(await it.chain.given(keplr.key.address), NOTHING);
});

test('Demand 15: when the session’s calls are used up the page says so and starts another without losing anything', async () => {
  const keplr = new FakeKeplr();
  await fund(it.chain, [keplr.key]);
  await person(it, { keplr }, async (app) => {
    await app.useReadyWallet();
    await app.startSession(1);
    await app.verified(await app.ask(question()));
    await app.sessionIsOver();
    await app.startSession(2);
    await app.verified(await app.ask(question()));
    await app.at('answerText').nth(1).waitFor();
    assert.equal(await app.at('answerText').count(), 2, 'the conversation stays');
  });
  assert.equal(await it.chain.tasksOf(keplr.key.address), 2);
});

test('Demand 15: a prepaid balance that is too small is named with the way to more, and no popup comes unasked', async () => {
  const keplr = new FakeKeplr();
  await fund(it.chain, [keplr.key]);
  await person(it, { keplr }, async (app) => {
    await app.useReadyWallet();
    await app.startSession(5, '0.01');
    const before = keplr.popupsInAll;
    const card = await app.ask(question());
    const { next } = await app.failed(card, 'no_balance');
    assert.match(next, /deposit/);
    assert.equal(keplr.popupsInAll, before);
    await app.at('errorAction', {}, card).click();
    await app.at('grantConfirm').click();
    await app.at('grantDialog').waitFor({ state: 'hidden' });
    await app.goOn(card, 'retrySame');
    await app.verified(app.at('answerCard').last());
  });
  assert.equal(await it.chain.tasksOf(keplr.key.address), 1);
});
