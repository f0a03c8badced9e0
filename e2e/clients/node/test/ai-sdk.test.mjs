// The AI SDK with its provider for OpenAI-compatible servers against a real network.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateText, streamText } from 'ai';
import { TOKENS, assertOne, collect, model, network, question, refused } from '../world.mjs';

const provider = createOpenAICompatible({ name: 'antiphon', baseURL: network.baseURL, includeUsage: true });
const settings = { model: provider(model), maxOutputTokens: TOKENS, maxRetries: 0 };
const taskOf = (id) => Number(id.split('-').at(-1));

test('Demand 2: the AI SDK generates a text with usage, id and headers', async () => {
  const { text, usage, response, finishReason } = await generateText({ ...settings, prompt: question() });
  assert.ok(text);
  assert.ok(usage.outputTokens <= TOKENS && usage.inputTokens > 0);
  assert.ok(['stop', 'length'].includes(finishReason));
  assert.equal(response.headers['x-antiphon-task'], String(taskOf(response.id)));
  assert.equal(response.body.system_fingerprint, network.facts.manifest);
  assert.equal(response.body.antiphon.task, taskOf(response.id));
});

test('Demand 2: the AI SDK streams the same text, and its raw chunks hold the proof', async () => {
  const prompt = question();
  const streamed = streamText({ ...settings, prompt, includeRawChunks: true });
  const parts = await collect(streamed.fullStream);
  assert.deepEqual(parts.filter(({ type }) => type === 'error'), []);
  const proofs = parts.filter(({ type, rawValue }) => type === 'raw' && rawValue.antiphon);
  assert.equal(proofs.length, 1);
  assert.ok((await streamed.usage).outputTokens <= TOKENS);
  const whole = await generateText({ ...settings, prompt });
  assert.equal(await streamed.text, whole.text);
  await assertOne(proofs[0].rawValue.antiphon.prompt_cid);
});

test('Demand 2: a conversation with a system message through the AI SDK', async () => {
  const messages = [
    { role: 'user', content: question() },
    { role: 'assistant', content: 'Two.' },
    { role: 'user', content: 'And after that?' },
  ];
  const { text } = await generateText({ ...settings, system: 'Be brief.', messages });
  assert.ok(text);
});

test('Demand 3: the same prompt three times at once through the AI SDK is one task', async () => {
  const prompt = question();
  const replies = await Promise.all([1, 2, 3].map(() => generateText({ ...settings, prompt })));
  assert.equal(new Set(replies.map(({ response }) => response.id)).size, 1);
  await assertOne(replies[0].response.body.antiphon.prompt_cid);
});

test('Demand 2: errors come through the AI SDK with status, sentence and whether to retry', async () => {
  const unknown = await refused(
    () => generateText({ ...settings, model: provider('gpt-9'), prompt: question() }),
    404,
  );
  assert.ok(APICallError.isInstance(unknown) && !unknown.isRetryable);
  assert.match(unknown.responseBody, /model_not_found/);
});
