// What every test file needs: the network that run.mjs started, its model, questions nobody asked before.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import OpenAI from 'openai';
import { Network } from './network.mjs';

export const TOKENS = 8;
export const network = new Network(JSON.parse(await readFile(process.env.ANTIPHON_E2E_FACTS, 'utf8')));
export const client = openai(network.baseURL);
export const model = (await client.models.list()).data[0].id;

/** OpenAI's own client; errors come at once unless a test wants retries. */
export function openai(baseURL, options = {}) {
  return new OpenAI({ baseURL, apiKey: 'not-needed', maxRetries: 0, timeout: 120_000, ...options });
}

let asked = 0;
/** A question nobody asked before on this chain. */
export function question() {
  asked += 1;
  return `Count: ${asked} of ${process.pid} at ${Date.now()}. What is next?`;
}

/** The same as `messages`. */
export const ask = () => [{ role: 'user', content: question() }];

/** One task and one paying transaction about this prompt, by what the chain says. */
export async function assertOne(prompt) {
  assert.equal((await network.tasksOf(prompt)).length, 1, 'one task');
  assert.equal(await network.postsOf(prompt), 1, 'one charge');
}

/** The error of a call, with a sentence in it that a person can act on. */
export async function refused(call, status) {
  const error = await call().then(
    () => assert.fail('it was not refused'),
    (caught) => caught,
  );
  assert.equal(error.status ?? error.statusCode, status, error.message);
  assert.ok(error.message.length > 20 && !error.message.includes('panicked'), error.message);
  return error;
}

/** Everything that comes. */
export async function collect(stream) {
  const all = [];
  for await (const one of stream) all.push(one);
  return all;
}
