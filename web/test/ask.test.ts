import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ask, follow, resume, watch } from '../src/core/ask';
import { createContext } from '../src/core/context';
import { directPayer } from '../src/core/payer';
import { Key, localSigner } from '../src/core/signer';
import type { AskEvent, AskRequest, Context, OnEvent, Pending } from '../src/core/types';
import { ANSWER, FakeChain, network } from './fake-chain';

// The fake chain makes a block with each look, so nothing has to be waited for.
vi.mock('../src/core/pace', () => ({
  sleep: () => Promise.resolve(),
  Pace: class {
    next = () => Promise.resolve();
  },
}));

const net = network();
let chain: FakeChain;
let ctx: Context;

const request = (more: Partial<AskRequest> = {}): AskRequest => ({
  model: 1,
  messages: [{ role: 'user', content: 'What colour is the sky?' }],
  settings: { max_output_tokens: 16, seed: '0', temperature_milli: 0, top_k: 0, top_p_milli: 1000, stop: [] },
  ...more,
});

function recorder(): { events: AskEvent[]; on: OnEvent; pending: () => Pending[] } {
  const events: AskEvent[] = [];
  const pending = () => events.flatMap((event) => (event.type === 'pending' ? [event] : []));
  return { events, on: (event) => void events.push(event), pending };
}

beforeEach(async () => {
  chain = await FakeChain.start();
  const reader = createContext(net, undefined, chain.fetch);
  const signer = await localSigner(net, reader.rest, Key.random(), 'guest');
  chain.fund(signer.address);
  ctx = createContext(net, directPayer(signer), chain.fetch);
});

describe('asking', () => {
  it('goes through every stage, once each, and shows what two workers serve and the quorum voted for', async () => {
    const { events, on } = recorder();
    const { answer, known, task } = await ask(ctx, request(), on);
    expect(answer.text).toBe(ANSWER);
    expect(answer.sources).toHaveLength(2);
    expect(known).toBe(false);
    expect(task.members.map(({ agrees }) => agrees)).toEqual([true, true, true, true, true]);
    const stages = events.flatMap((event) => (event.type === 'stage' ? [event.stage] : []));
    expect(stages).toEqual([
      'preparing',
      'uploading',
      'signing',
      'broadcast',
      'posted',
      'drawn',
      'committing',
      'revealing',
      'answered',
      'verified',
    ]);
    expect(chain.posts).toBe(1);
    expect(chain.taken[0].msgs[0].funds).toEqual([{ denom: 'uanti', amount: '5000' }]);
  });

  it('attaches only what the prepaid balance lacks', async () => {
    chain.prepaid.set(ctx.payer!.requester, 4_000n);
    await ask(ctx, request(), () => undefined);
    expect(chain.taken[0].msgs[0].funds).toEqual([{ denom: 'uanti', amount: '1000' }]);
  });

  it('writes the transaction down before it leaves', async () => {
    let before = -1;
    const on: OnEvent = async (event) => {
      if (event.type === 'pending') before = chain.taken.length;
    };
    await ask(ctx, request(), on);
    expect(before).toBe(0);
  });

  it('shows an answer that is known for nothing, also to somebody without an account', async () => {
    await ask(ctx, request(), () => undefined);
    await watch(ctx, 1, () => undefined);
    chain.known = { task: 1, committee: 5, conflict: false };
    const stranger = createContext(net, undefined, chain.fetch);
    const { known, answer } = await ask(stranger, request(), () => undefined);
    expect(known).toBe(true);
    expect(answer.text).toBe(ANSWER);
    expect(chain.posts).toBe(1);
  });

  it('pays again where a new answer is asked for, a larger committee, or the known one is in conflict', async () => {
    await ask(ctx, request(), () => undefined);
    await watch(ctx, 1, () => undefined);
    chain.known = { task: 1, committee: 5, conflict: false };
    await ask(ctx, request({ fresh: true }), () => undefined);
    await ask(ctx, request({ committee: 7 }), () => undefined);
    chain.known.conflict = true;
    await watch(ctx, 2, () => undefined);
    await watch(ctx, 3, () => undefined);
    await ask(ctx, request(), () => undefined);
    expect(chain.posts).toBe(4);
  });

  it('attaches to an open task with the same question instead of paying for another', async () => {
    const [one, other] = await Promise.all([
      ask(ctx, request(), () => undefined),
      untilPosted().then(() => ask(ctx, request(), () => undefined)),
    ]);
    expect(other.task.id).toBe(one.task.id);
    expect(other.known).toBe(true);
    expect(chain.posts).toBe(1);
  });

  async function untilPosted(): Promise<void> {
    while (chain.posts === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
});

describe('nothing is paid twice', () => {
  it('when the answer to the broadcast is lost, the same bytes go again', async () => {
    let lost = 2;
    chain.faults = [
      ({ method, path }) => (method === 'POST' && path.endsWith('/txs') && lost-- > 0 ? 'lost' : undefined),
    ];
    const { on, pending } = recorder();
    const { answer } = await ask(ctx, request(), on);
    expect(answer.text).toBe(ANSWER);
    expect(pending()).toHaveLength(1);
    expect(chain.posts).toBe(1);
  });

  it('when the copy is refused for its sequence, because the first one arrived, it is not signed again', async () => {
    let count = 0;
    chain.faults = [
      ({ method, path }) => {
        if (method !== 'POST' || !path.endsWith('/txs')) return undefined;
        count += 1;
        const log = 'account sequence mismatch, expected 1, got 0: incorrect account sequence';
        return count === 1
          ? 'lost'
          : { status: 200, body: { tx_response: { code: 32, codespace: 'sdk', raw_log: log } } };
      },
    ];
    const { on, pending } = recorder();
    await ask(ctx, request(), on);
    expect(pending()).toHaveLength(1);
    expect(chain.posts).toBe(1);
  });

  it('when another tab has used the sequence, it is signed again once, and written down again', async () => {
    const account = chain.accounts.get(ctx.payer!.requester)!;
    let stale = 1;
    chain.faults = [
      ({ path }) => {
        if (!path.includes('/account_info/') || stale-- <= 0) return undefined;
        account.sequence += 1;
        return { status: 200, body: { info: { account_number: '0', sequence: '0' } } };
      },
    ];
    const { on, pending } = recorder();
    await ask(ctx, request(), on);
    expect(pending()).toHaveLength(2);
    expect(chain.posts).toBe(1);
  });

  it('Demand 12: a reload in mid-task finds the same task by the hash that was written down, and sends nothing', async () => {
    const { on, pending } = recorder();
    const stop = new AbortController();
    const stopping: OnEvent = (event) => {
      void on(event);
      if (event.type === 'stage' && event.stage === 'committing') stop.abort();
    };
    await expect(ask(ctx, request(), stopping, stop.signal)).rejects.toMatchObject({ code: 'stopped' });
    const reader = createContext(net, undefined, chain.fetch);
    const { task, answer } = await resume(reader, pending()[0], () => undefined);
    expect(task.id).toBe(1);
    expect(answer.text).toBe(ANSWER);
    expect(chain.taken).toHaveLength(1);
  });

  it('a reload between writing down and sending ends with "nothing was done", once it cannot be otherwise', async () => {
    const never = { hash: 'AB'.repeat(32), timeoutHeight: chain.height + 20 };
    await expect(resume(ctx, never, () => undefined)).rejects.toMatchObject({ code: 'timeout' });
    expect(chain.height).toBeGreaterThan(never.timeoutHeight);
    expect(chain.taken).toHaveLength(0);
  });

  it('a second tab sees the same task', async () => {
    const first = ask(ctx, request(), () => undefined);
    while (chain.posts === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const second = await follow(createContext(net, undefined, chain.fetch), 1, () => undefined);
    expect(second.answer.text).toBe((await first).answer.text);
    expect(second.task.id).toBe((await first).task.id);
    expect(chain.taken).toHaveLength(1);
  });
});

describe('Demand 15: every failure has its own code', () => {
  const fails = (more: Partial<AskRequest> = {}) => ask(ctx, request(more), () => undefined);

  it('no account', async () => {
    const stranger = createContext(net, undefined, chain.fetch);
    await expect(ask(stranger, request(), () => undefined)).rejects.toMatchObject({ code: 'wallet_missing' });
  });

  it('no coins, in amounts, before anything is uploaded', async () => {
    chain.accounts.get(ctx.payer!.requester)!.coins = 10n;
    await expect(fails()).rejects.toMatchObject({ code: 'no_funds', params: { have: '10', need: '5000' } });
    expect(chain.calls.some(({ method }) => method === 'PUT')).toBe(false);
  });

  it('a question that is too long for the model, or asks for too much', async () => {
    const messages = [{ role: 'user' as const, content: 'a'.repeat(20_000) }];
    await expect(fails({ messages })).rejects.toMatchObject({ code: 'prompt_too_long' });
    const settings = { ...request().settings, max_output_tokens: 65 };
    await expect(fails({ settings })).rejects.toMatchObject({ code: 'invalid_prompt', params: { most: 64 } });
  });

  it('no worker takes the prompt: nothing is signed', async () => {
    for (const worker of chain.workers) worker.mode = 'down';
    await expect(fails()).rejects.toMatchObject({ code: 'upload_failed' });
    expect(chain.taken).toHaveLength(0);
  });

  it('workers take the prompt and do not serve it: nothing is signed', async () => {
    for (const worker of chain.workers) worker.mode = 'liar';
    await expect(fails()).rejects.toMatchObject({ code: 'upload_failed' });
    expect(chain.taken).toHaveLength(0);
  });

  it('no quorum, with how near it was', async () => {
    chain.says = (number) => (number < 3 ? chain.agreed : { unavailable: {} });
    await expect(fails()).rejects.toMatchObject({
      code: 'no_quorum',
      params: { size: 5, quorum: 4, best: 3, ballots: 2 },
    });
  });

  it('the workers agree that the prompt is invalid, or not to be had', async () => {
    chain.says = () => ({ invalid: {} });
    await expect(fails()).rejects.toMatchObject({ code: 'voted_invalid' });
    chain.says = () => ({ unavailable: {} });
    await expect(fails({ fresh: true })).rejects.toMatchObject({ code: 'prompt_unavailable' });
  });

  it('out of gas in the block', async () => {
    chain.faults = [
      ({ path }) => {
        const tx = chain.taken[0];
        if (!tx || !path.includes('/txs/')) return undefined;
        const outcome = {
          txhash: tx.hash,
          height: '101',
          code: 11,
          codespace: 'sdk',
          raw_log: 'out of gas in location',
        };
        return { status: 200, body: { tx_response: outcome } };
      },
    ];
    await expect(fails()).rejects.toMatchObject({ code: 'out_of_gas' });
  });

  it('the node is another chain, or away', async () => {
    chain.faults = [({ path }) => (path.includes('/account_info/') ? 'down' : undefined)];
    await expect(fails()).rejects.toMatchObject({ code: 'node_down' });
    const other = createContext(network({ chain_id: 'other-1' }), ctx.payer, chain.fetch);
    chain.faults = [];
    await expect(ask(other, request(), () => undefined)).rejects.toMatchObject({ code: 'wrong_node' });
  });

  it('a node that is away for a while during voting is waited for', async () => {
    let away = 10;
    chain.faults = [({ path }) => (chain.posts > 0 && path.includes('/smart/') && away-- > 0 ? 'down' : undefined)];
    const { answer } = await ask(ctx, request(), () => undefined);
    expect(answer.text).toBe(ANSWER);
  });

  it('an answer is read from two workers also when all but one serve it a moment later', async () => {
    const late = new Set<string>();
    const fetcher: typeof chain.fetch = async (input, init) => {
      const url = String(input);
      const cid = 'answer' in chain.agreed ? chain.agreed.answer.cid : 'none yet';
      const early = url.includes(cid) && !url.startsWith(chain.workers[0].endpoint) && !late.has(url);
      late.add(url);
      return early ? new Response('not here', { status: 404 }) : chain.fetch(input, init);
    };
    const { answer } = await ask(createContext(network(), ctx.payer, fetcher), request(), () => undefined);
    expect(answer.sources).toHaveLength(2);
  });

  it('the person stops before anything is signed: nothing is sent', async () => {
    const stop = new AbortController();
    const on: OnEvent = (event) => void (event.type === 'stage' && event.stage === 'uploading' && stop.abort());
    await expect(ask(ctx, request(), on, stop.signal)).rejects.toMatchObject({ code: 'stopped' });
    expect(chain.taken).toHaveLength(0);
  });
});

describe('Demand 13: a tampered answer', () => {
  const lie = (numbers: number[]) => {
    for (const worker of chain.workers) {
      const number = chain.workers.indexOf(worker);
      const honest = worker.blocks;
      // It takes the prompt and serves it, and changes only the answer.
      if (numbers.includes(number)) chain.faults.push(tampering(worker.endpoint, honest));
    }
  };
  const tampering = (endpoint: string, blocks: Map<string, Uint8Array>) => (call: { method: string; path: string }) => {
    const cid = 'answer' in chain.agreed ? chain.agreed.answer.cid : '';
    const asked = call.path.startsWith(endpoint.replace('http://', '')) && call.path.includes(cid);
    return asked && blocks.has(cid) ? { status: 200, body: 'Red, believe me.' } : undefined;
  };

  it('is never shown: the right one is, from whoever has it, and the liars are named', async () => {
    lie([0, 1, 2, 3]);
    const { answer } = await ask(ctx, request(), () => undefined);
    expect(answer.text).toBe(ANSWER);
    expect(answer.sources).toEqual([chain.workers[4].endpoint]);
    expect(answer.liars).toHaveLength(4);
  });

  it('from every worker leaves the gateway of the settings, if it has the block', async () => {
    lie([0, 1, 2, 3, 4]);
    const gateway = 'http://127.0.0.1:8080';
    const fetcher: typeof chain.fetch = async (input, init) =>
      String(input).startsWith(gateway) ? new Response(ANSWER) : chain.fetch(input, init);
    const { answer } = await ask(createContext(network({ gateway }), ctx.payer, fetcher), request(), () => undefined);
    expect(answer.sources).toEqual([gateway]);
  });

  it('from every worker is a hash mismatch, with the names and without the text', async () => {
    lie([0, 1, 2, 3, 4]);
    const { events, on } = recorder();
    const failed = await ask(ctx, request(), on).catch((thrown: unknown) => thrown);
    expect(failed).toMatchObject({ code: 'hash_mismatch', params: { count: 5 } });
    expect(String((failed as { params: { liars: string } }).params.liars)).toContain('127.0.0.1:9001');
    const told = JSON.stringify([failed, events], (_, value) => (typeof value === 'bigint' ? String(value) : value));
    expect(told).not.toContain('believe');
  });
});

describe('a task that nobody moves on', () => {
  it('is moved on by a guest, after the workers had their time', async () => {
    chain.stuck = true;
    const { answer } = await ask(ctx, request(), () => undefined);
    expect(answer.text).toBe(ANSWER);
    expect(chain.taken.map(({ msgs }) => Object.keys(msgs[0].msg)[0])).toEqual(['post_task', 'advance']);
  });
});

describe('watching', () => {
  it('ends with every conduct and payment, and remembers the ballots the chain forgets', async () => {
    const views: string[] = [];
    chain.says = (number) => (number === 4 ? null : chain.agreed);
    const asked = await ask(ctx, request(), () => undefined);
    const end = await watch(
      ctx,
      asked.task.id,
      (event) => void (event.type === 'view' && views.push(event.view.stage)),
    );
    expect(end.stage).toBe('final');
    expect(end.members.map(({ conduct }) => conduct)).toEqual(['right', 'right', 'right', 'right', 'silent']);
    expect(end.members.map(({ state }) => state)).toEqual(['revealed', 'revealed', 'revealed', 'revealed', 'silent']);
    expect(end.members.map(({ paid }) => paid)).toEqual([60n, 60n, 60n, 60n, 0n]);
    expect(end.members[0].ballot).toEqual(chain.agreed);
    expect(views.at(-1)).toBe('final');
  });
});
