import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { AntiphonError } from '../src/core/errors';
import { feeOf, loadNetwork, parseNetwork, saveOverrides } from '../src/core/network';
import { net, netError, networkKnown } from '../src/state/network';
import { network } from './fake-chain';

const file = { ...network(), unknown: 'ignored' };
const serving =
  (body: string, status = 200) =>
  async () =>
    new Response(body, { status });

function storage(): void {
  const kept = new Map<string, string>();
  const getItem = (key: string) => kept.get(key) ?? null;
  const setItem = (key: string, value: string) => void kept.set(key, value);
  Object.assign(globalThis, { localStorage: { getItem, setItem } });
}

afterEach(() => Reflect.deleteProperty(globalThis, 'localStorage'));

describe('the network', () => {
  it('is what network.json says, overridden by the settings', async () => {
    storage();
    expect((await loadNetwork(serving(JSON.stringify(file)))).rest).toBe('http://127.0.0.1:1317');
    saveOverrides({ rest: 'https://node.example/' });
    expect((await loadNetwork(serving(JSON.stringify(file)))).rest).toBe('https://node.example');
    saveOverrides({});
    expect((await loadNetwork(serving(JSON.stringify(file)))).rest).toBe('http://127.0.0.1:1317');
  });

  it('can come from the settings alone, where the page is published as plain files', async () => {
    storage();
    saveOverrides(network());
    expect((await loadNetwork(serving('not found', 404))).chain_id).toBe('test-1');
    expect((await loadNetwork(serving('<html>'))).chain_id).toBe('test-1');
  });

  it('is refused with the field that is missing or wrong', async () => {
    storage();
    await expect(loadNetwork(serving('{}'))).rejects.toMatchObject({ params: { field: 'chain_id' } });
    expect(() => parseNetwork({ ...file, rest: 'javascript:alert(1)' })).toThrow(/rest/);
    expect(() => parseNetwork({ ...file, rest: 'http://user:secret@host' })).toThrow(/rest/);
    expect(() => parseNetwork({ ...file, gas_price: 'cheap' })).toThrow(/gas_price/);
    expect(() => saveOverrides({ rpc: 'ftp://x' })).toThrow(/rpc/);
  });

  it('has fees without floating point, rounded up', () => {
    expect(feeOf({ gas_price: '0.025uanti' }, 200_001)).toEqual({ denom: 'uanti', amount: '5001' });
    expect(feeOf({ gas_price: '3ibc/AB' }, 7)).toEqual({ denom: 'ibc/AB', amount: '21' });
    expect(feeOf({ gas_price: '0.1uanti' }, 3)).toEqual({ denom: 'uanti', amount: '1' });
  });
});

describe('types of the contract', () => {
  it('are what the schema gives', () => {
    execFileSync(process.execPath, [new URL('../scripts/types.mjs', import.meta.url).pathname, '--check']);
  });
});

describe('a click before the network is known', () => {
  afterEach(() => {
    net.value = null;
    netError.value = null;
  });

  it('waits for it', async () => {
    const known = networkKnown();
    net.value = network();
    expect((await known).chain_id).toBe('test-1');
    expect((await networkKnown()).chain_id).toBe('test-1');
  });

  it('hears why there is none', async () => {
    const known = networkKnown();
    netError.value = new AntiphonError('node_down', {}, 'no file');
    await expect(known).rejects.toMatchObject({ code: 'node_down' });
    await expect(networkKnown()).rejects.toMatchObject({ code: 'node_down' });
  });
});
