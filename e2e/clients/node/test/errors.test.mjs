// Every "no" has its class, its code, one sentence, and costs nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText } from 'ai';
import OpenAI from 'openai';
import { TOKENS, ask, client, model, network, openai, question, refused } from '../world.mjs';

test('Demand 2: an unknown model is 404, a bad field and too long a conversation are 400', async () => {
  const messages = ask();
  const create = (change) => () => client.chat.completions.create({ model, messages, max_tokens: TOKENS, ...change });
  const unknown = await refused(create({ model: 'gpt-9' }), 404);
  assert.ok(unknown instanceof OpenAI.NotFoundError);
  assert.equal(unknown.code, 'model_not_found');
  const field = await refused(create({ temperature: 3 }), 400);
  assert.equal(field.param, 'temperature');
  const long = await refused(create({ messages: [{ role: 'user', content: 'a'.repeat(5000) }] }), 400);
  assert.equal(long.code, 'context_length_exceeded');
});

test('Demand 2: 401 without a known key, 402 over the budget, 429 with the time to wait', async () => {
  const limits = [['--budget', '1'], ['--per-minute', '1']];
  await network.withGateway([], limits, async ({ baseURL, keys: [poor, slow] }) => {
    const messages = ask();
    const create = (apiKey) => () =>
      openai(baseURL, { apiKey }).chat.completions.create({ model, messages, max_tokens: TOKENS });
    assert.equal((await refused(create('ak-unknown'), 401)).code, 'invalid_api_key');
    assert.equal((await refused(create(poor), 402)).code, 'insufficient_funds');
    await create(slow)();
    const often = await refused(create(slow), 429);
    assert.ok(often instanceof OpenAI.RateLimitError);
    assert.ok(Number(often.headers.get('retry-after')) >= 1);
  });
});

test('Demand 2: without a quorum it is 422 in both clients, and each question is posted once', async () => {
  const asked = { model, messages: ask(), max_tokens: TOKENS };
  const retrying = openai(network.baseURL, { maxRetries: 2 });
  const provider = createOpenAICompatible({ name: 'antiphon', baseURL: network.baseURL });
  const prompt = question();
  const generated = () => generateText({ model: provider(model), maxOutputTokens: TOKENS, maxRetries: 2, prompt });
  const [ours, theirs] = await network.whileStopped([3, 4], () =>
    Promise.all([refused(() => retrying.chat.completions.create(asked), 422), refused(generated, 422)]),
  );
  assert.equal(ours.code, 'no_quorum');
  assert.ok(!theirs.isRetryable);
  const tasks = [ours.error.task, JSON.parse(theirs.responseBody).error.task];
  for (const task of tasks) {
    const { prompt, status } = await network.query({ task: { task } });
    assert.equal(status, 'failed');
    assert.equal(await network.postsOf(prompt), 1);
  }
});

test('Demand 2: with all workers gone it is 503; the same request is answered later', async () => {
  const asked = { model, messages: ask(), max_tokens: TOKENS };
  const error = await network.whileStopped([0, 1, 2, 3, 4], () =>
    refused(() => client.chat.completions.create(asked), 503),
  );
  assert.equal(error.code, 'no_workers');
  assert.ok(Number(error.headers.get('retry-after')) >= 1);
  const reply = await client.chat.completions.create(asked);
  assert.equal(await network.postsOf(reply.antiphon.prompt_cid), 1);
});
