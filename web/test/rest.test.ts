import { describe, expect, it } from 'vitest';
import { Contract, refusalIn } from '../src/core/contract';
import { request } from '../src/core/http';
import { expectedSequence, refusal } from '../src/core/refused';
import { Refusal, Rest } from '../src/core/rest';

const BASE = 'http://127.0.0.1:1317';
const answering =
  (body: string, status = 200) =>
  async () =>
    new Response(body, { status });
const limits = { timeout: 1_000, max: 100 };

describe('requests', () => {
  it('follow no redirect and carry neither cookies nor a referrer', async () => {
    let seen: RequestInit | undefined;
    await request(async (_, init) => ((seen = init), new Response('')), BASE, {}, limits);
    expect(seen).toMatchObject({ redirect: 'error', credentials: 'omit', referrerPolicy: 'no-referrer' });
  });

  it('are given up when too much comes, or nothing', async () => {
    const endless = async () => new Response('x'.repeat(101));
    await expect(request(endless, BASE, {}, limits)).rejects.toMatchObject({ code: 'node_down' });
    const silent = (_: unknown, init?: RequestInit) =>
      new Promise<Response>((_, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('cut'))));
    const short = { ...limits, timeout: 20 };
    await expect(request(silent, BASE, {}, short)).rejects.toMatchObject({ detail: /no answer in time/ });
  });

  it('are stopped by the person at once', async () => {
    const stopped = AbortSignal.abort();
    const asked = request(answering('{}'), BASE, {}, { ...limits, signal: stopped });
    await expect(asked).rejects.toMatchObject({ code: 'stopped' });
  });
});

describe('the REST interface', () => {
  it('tells a refusal from a node that is away', async () => {
    const refused = new Rest(BASE, answering('{"code":2,"message":"no"}', 500));
    await expect(refused.latest()).rejects.toBeInstanceOf(Refusal);
    for (const body of ['<html>502</html>', '', '{}']) {
      const away = new Rest(BASE, answering(body, 502));
      await expect(away.latest()).rejects.toMatchObject({ code: 'node_down' });
    }
  });

  it('takes what is not found for nothing', async () => {
    const rest = new Rest(BASE, answering('{"code":5,"message":"tx not found: AB"}', 404));
    expect(await rest.tx('AB')).toBeNull();
    expect(await rest.account('wasm1a')).toBeNull();
    expect(await rest.allowance('wasm1a', 'wasm1b')).toBeNull();
  });

  it('writes queries so that they survive as part of a path', async () => {
    let path = '';
    const rest = new Rest(BASE, async (input) => ((path = String(input)), new Response('{"data":1}')));
    expect(await rest.smart('wasm1c', { a: '>>>???' })).toBe(1);
    expect(path.split('/smart/')[1]).toMatch(/^[A-Za-z0-9_%-]+$/);
  });
});

describe('refusals', () => {
  const log =
    'failed to execute message; message index: 0: kind: Other, error: E_FUNDS: got a balance of 1, want 5: execute wasm contract failed';

  it('of the contract keep its code and its sentence', () => {
    expect(refusalIn(log)).toEqual({ code: 'E_FUNDS', sentence: 'got a balance of 1, want 5' });
    expect(refusalIn('SOME_E_THING: x').code).toBe('');
  });

  it.each([
    [log, 'no_balance'],
    [
      'error: E_POOL_TOO_SMALL: got 3 seats (PoolTooSmall), want at least 5: execute wasm contract failed',
      'no_workers',
    ],
    ['error: E_UNKNOWN_MODEL: got model 9: query wasm contract failed', 'model_unknown'],
    ['error: E_HOLDER: got the holder x: execute wasm contract failed', 'tx_failed'],
    ['spendable balance 10uanti is smaller than 5000uanti: insufficient funds', 'no_funds'],
    ['authorization not found: unauthorized', 'session_over'],
    ['fee limit exceeded: fee allowance', 'session_over'],
    ['out of gas in location: Loading CosmWasm module: execute; gasWanted: 57000', 'out_of_gas'],
    ['block height: 2774, timeout height: 2773: tx timeout height', 'timeout'],
    ['something else', 'tx_failed'],
  ])('%s', (text, code) => {
    expect(refusal(text).code).toBe(code);
  });

  it('name amounts, and the sequence the chain wants', () => {
    const { params } = refusal('spendable balance 10uanti is smaller than 5000uanti: insufficient funds');
    expect(params).toEqual({ have: '10', need: '5000' });
    expect(expectedSequence('account sequence mismatch, expected 17, got 22: incorrect')).toBe(17n);
    expect(expectedSequence('no')).toBeNull();
  });

  it('of a query are told in the codes of the page', async () => {
    const text =
      '{"code":6,"message":"E_UNKNOWN_MODEL: got model 9, want a registered one: query wasm contract failed"}';
    const contract = new Contract('wasm1c', new Rest(BASE, answering(text, 500)));
    await expect(contract.model(9)).rejects.toMatchObject({ code: 'model_unknown' });
  });
});
