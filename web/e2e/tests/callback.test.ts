import assert from 'node:assert/strict';
import test from 'node:test';
import { execute, rawCid } from '../harness/chain.ts';
import { withoutBeacon } from '../harness/network.ts';
import { question, richKey } from '../harness/people.ts';
import { coin } from '../harness/proto.ts';
import { LONG } from '../harness/rounds.ts';
import { person, world } from '../harness/suite.ts';

const it = world();

const GAS = 150_000;
const TOKENS = 12;

/** A question in the message itself, whose asker wants to be told the text; gives the task's number. */
async function askToBeTold(): Promise<number> {
  const rich = await richKey(it.facts);
  const sampling = '{"seed":"0","temperature_milli":0,"top_k":0,"top_p_milli":1000}';
  const messages = JSON.stringify([{ content: question(), role: 'user' }]);
  const block = Buffer.from(
    `{"antiphon":"prompt/1","max_output_tokens":${TOKENS},"messages":${messages},"sampling":${sampling},"stop":[]}`,
  );
  const post_task = {
    model: it.facts.model,
    prompt: rawCid(block),
    prompt_bytes: block.length,
    max_output_tokens: TOKENS,
    holders: [],
    block: block.toString('hex'),
    callback: { gas_limit: GAS, with_text: true },
  };
  const paid = coin(it.facts.denom, 5_000_000n);
  const sent = await it.chain.send(rich, [execute(rich.address, it.facts.contract, { post_task }, paid)]);
  assert.equal(sent.code, 0, sent.raw_log);
  const { tasks } = await it.chain.smart<{ tasks: { task: number; requester: string; prompt: string }[] }>({
    tasks: { filter: 'open', limit: 30 },
  });
  const mine = tasks.find((task) => task.requester === rich.address && task.prompt === post_task.prompt);
  assert.ok(mine, 'the task is open');
  return mine.task;
}

test('a task whose asker wants to be told says so: with what gas, with the text, for what fee, and from when', () =>
  person(it, {}, async (app) => {
    const task = await withoutBeacon(it.facts, async () => {
      const posted = await askToBeTold();
      await app.go(`#/task/${posted}`);
      await app.has(app.at('taskPage'), 'data-status', ['drawing']);
      const said = app.at('taskCallback');
      await app.says(said, /150.?000 gas with the answer’s text/);
      await app.says(said, /Delivering it earns \d+(\.\d+)? ANTI/);
      await app.says(said, /Possible when the task is settled/);
      await app.at('taskCarried').waitFor();
      return posted;
    });
    await app.at('taskPage', { task: String(task), status: 'final' }).waitFor({ timeout: LONG });
    const ended = await it.chain.smart<{ outcome: { answer?: object } }>({ task: { task } });
    assert.ok(ended.outcome.answer, 'computed from the prompt that its message carried');
  }));
