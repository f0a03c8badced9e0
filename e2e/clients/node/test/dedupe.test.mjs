// However often the same is asked: one task, one charge.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOKENS, ask, assertOne, client, collect, model, network, openai } from '../world.mjs';

test('Demand 3: three times one after the other is one task and one charge', async () => {
  const asked = { model, messages: ask(), max_tokens: TOKENS };
  const replies = [];
  for (let time = 0; time < 3; time += 1) replies.push(await client.chat.completions.create(asked));
  assert.equal(new Set(replies.map((reply) => reply.id)).size, 1);
  await assertOne(replies[0].antiphon.prompt_cid);
});

test('Demand 3: three at once, whole and streamed, are one task and one charge', async () => {
  const asked = { model, messages: ask(), max_tokens: TOKENS };
  const streamed = async () => {
    const chunks = await collect(await client.chat.completions.create({ ...asked, stream: true }));
    return chunks.at(-1);
  };
  const whole = () => client.chat.completions.create(asked);
  const replies = await Promise.all([whole(), streamed(), whole()]);
  assert.equal(new Set(replies.map((reply) => reply.id)).size, 1);
  await assertOne(replies[0].antiphon.prompt_cid);
});

test('Demand 3: a client that loses patience and posts again waits for the same task', async () => {
  const hasty = openai(network.baseURL, { timeout: 500, maxRetries: 30 });
  const reply = await hasty.chat.completions.create({ model, messages: ask(), max_tokens: TOKENS });
  await assertOne(reply.antiphon.prompt_cid);
});

test('Demand 3: 504 task_pending makes openai-node ask again, for one charge', async () => {
  const asked = { model, messages: ask(), max_tokens: TOKENS };
  await network.withGateway(['--patience', '1'], [], async ({ baseURL }) => {
    const statuses = [];
    const watching = async (url, init) => {
      const answer = await fetch(url, init);
      statuses.push(answer.status);
      return answer;
    };
    const patient = openai(baseURL, { maxRetries: 30, fetch: watching });
    const reply = await patient.chat.completions.create(asked);
    assert.equal(statuses[0], 504);
    assert.equal(statuses.at(-1), 200);
    await assertOne(reply.antiphon.prompt_cid);
  });
});
