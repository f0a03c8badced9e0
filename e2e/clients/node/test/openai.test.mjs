// OpenAI's own client for Node against a real network.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rawCid } from '../network.mjs';
import { TOKENS, ask, client, collect, model, network, question } from '../world.mjs';

test('Demand 2: openai-node gets a valid reply, and what it says of its proof is true', async () => {
  const asked = { model, messages: ask(), max_tokens: TOKENS };
  const { data: reply, response, request_id } = await client.chat.completions.create(asked).withResponse();
  const [choice] = reply.choices;
  assert.equal(choice.message.role, 'assistant');
  assert.ok(['stop', 'length'].includes(choice.finish_reason));
  const { task, answer_cid, quorum, votes, manifest } = reply.antiphon;
  assert.equal(reply.id, `chatcmpl-${network.facts.chain_id}-${task}`);
  assert.equal(reply.system_fingerprint, network.facts.manifest);
  assert.equal(manifest, network.facts.manifest);
  assert.equal(rawCid(choice.message.content), answer_cid);
  assert.ok(votes >= quorum);
  assert.equal(reply.usage.antiphon.task, task);
  assert.equal(response.headers.get('x-antiphon-task'), String(task));
  assert.equal(response.headers.get('x-antiphon-answer'), answer_cid);
  assert.equal(response.headers.get('x-request-id'), request_id);
  const onChain = await network.waitForEnd(task);
  assert.equal(onChain.status, 'final');
});

test('Demand 2: openai-node streams the same text; the finish chunk alone carries the proof', async () => {
  const asked = { model, messages: ask(), max_tokens: TOKENS };
  const chunks = await collect(
    await client.chat.completions.create({ ...asked, stream: true, stream_options: { include_usage: true } }),
  );
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  const proofs = chunks.filter((chunk) => chunk.antiphon);
  assert.equal(proofs.length, 1);
  assert.ok(['stop', 'length'].includes(proofs[0].choices[0].finish_reason));
  assert.equal(rawCid(text), proofs[0].antiphon.answer_cid);
  assert.ok(chunks.at(-1).usage.completion_tokens <= TOKENS);
  const whole = await client.chat.completions.create(asked);
  assert.equal(whole.choices[0].message.content, text);
  assert.equal(whole.id, chunks[0].id);
});

test('Demand 4: openai-node and a client that reads choices[0] of every chunk never fail', async () => {
  const asked = { model, messages: ask(), max_tokens: TOKENS, stream: true };
  let text = '';
  for await (const chunk of await client.chat.completions.create(asked)) {
    assert.ok(chunk.choices[0].delta, 'a choice in every chunk');
    text += chunk.choices[0].delta.content ?? '';
  }
  assert.ok(text);
});

test('Demand 2: the helper .stream() of openai-node ends with the text', async () => {
  const stream = client.chat.completions.stream({ model, messages: ask(), max_tokens: TOKENS });
  let seen = '';
  stream.on('content', (delta) => {
    seen += delta;
  });
  const final = await stream.finalChatCompletion();
  assert.equal(final.choices[0].message.content, seen);
  assert.ok(seen);
});

test('Demand 2: models and the older interface work too', async () => {
  const facts = await client.models.retrieve(model);
  assert.equal(facts.antiphon.manifest, network.facts.manifest);
  const prompt = question();
  const whole = await client.completions.create({ model, prompt, max_tokens: TOKENS });
  const pieces = await collect(
    await client.completions.create({ model, prompt, max_tokens: TOKENS, stream: true }),
  );
  assert.equal(pieces.map((piece) => piece.choices[0].text).join(''), whole.choices[0].text);
  const chat = await client.chat.completions.create({
    model,
    messages: [{ role: 'user', content: prompt }],
    max_tokens: TOKENS,
  });
  assert.equal(chat.choices[0].message.content, whole.choices[0].text);
});

test('Demand 5: the receipt of a reply is the canonical document of its task', async () => {
  const reply = await client.chat.completions.create({ model, messages: ask(), max_tokens: TOKENS });
  await network.waitForEnd(reply.antiphon.task);
  const receipt = await client.get(`/receipts/${reply.id}`);
  assert.equal(receipt.task?.id ?? receipt.task, reply.antiphon.task);
  assert.ok(JSON.stringify(receipt).includes(reply.antiphon.answer_cid));
});
