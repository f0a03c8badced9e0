// Who has coins: the network's rich account gives them to the wallets of the tests.
import { readFile } from 'node:fs/promises';
import { bankSend, execute, type Chain, type Message } from './chain.ts';
import type { Facts } from './network.ts';
import { bytes, coin, join, uint } from './proto.ts';
import { newKey, type PersonKey } from './secp.ts';

/** 50 ANTI: many questions. */
const PURSE = 50_000_000n;

/** The account that the local network lends to people. */
export const richKey = (facts: Facts): Promise<PersonKey> => keyOf(facts, 'requester');

async function keyOf(facts: Facts, name: string): Promise<PersonKey> {
  const file = JSON.parse(await readFile(facts.keys[name]!, 'utf8')) as { secret: string };
  return newKey(facts.prefix, Buffer.from(file.secret, 'hex'));
}

/** What the owner of the contract may say. */
export async function asOwner(chain: Chain, message: object): Promise<void> {
  const owner = await keyOf(chain.facts, 'deployer');
  const { code, raw_log } = await chain.send(owner, [execute(owner.address, chain.facts.contract, message)]);
  if (code !== 0) throw new Error(`the owner was refused: ${raw_log}`);
}

/** Other rules for tasks posted from now on. */
export async function newRules(chain: Chain, change: Record<string, unknown>): Promise<void> {
  const { params } = await chain.smart<{ params: object }>({ params: {} });
  await asOwner(chain, { update_params: { params: { ...params, ...change } } });
}

/** A second model, the first one's manifest at other prices, which nobody serves; its id, and how to retire it. */
export async function lonelyModel(chain: Chain): Promise<{ model: number; retire: () => Promise<void> }> {
  const rich = await richKey(chain.facts);
  const { params } = await chain.smart<{ params: { model_deposit: string } }>({ params: {} });
  const { manifest, price, limits } = await chain.smart<{ manifest: string; price: object; limits: object }>({
    model: { model: chain.facts.model },
  });
  const send = async (message: object, funds?: Uint8Array): Promise<void> => {
    const { code, raw_log } = await chain.send(rich, [execute(rich.address, chain.facts.contract, message, funds)]);
    if (code !== 0) throw new Error(`no second model: ${raw_log}`);
  };
  await send({ register_model: { manifest, price, limits } }, coin(chain.facts.denom, BigInt(params.model_deposit)));
  const { models } = await chain.smart<{ models: { model: number }[] }>({ models: { limit: 30 } });
  const model = Math.max(...models.map((one) => one.model));
  return { model, retire: () => send({ retire_model: { model } }) };
}

/** Sends every account enough for a test. */
export async function fund(chain: Chain, keys: PersonKey[], amount = PURSE): Promise<void> {
  const rich = await richKey(chain.facts);
  const sends = keys.map((key) => bankSend(rich.address, key.address, chain.facts.denom, amount));
  const { code, raw_log } = await chain.send(rich, sends);
  if (code !== 0) throw new Error(`no coins for the tests: ${raw_log}`);
}

/** A second, working instance of the same contract. */
export async function anotherContract(chain: Chain): Promise<string> {
  const rich = await richKey(chain.facts);
  const { denom, beacon } = await chain.smart<{ denom: string; beacon: object }>({ config: {} });
  const { version: _version, params } = await chain.smart<{ version: number; params: object }>({ params: {} });
  const init = JSON.stringify({ denom, owner: null, beacon, params, insecure: false });
  const value = join(bytes(1, rich.address), uint(3, chain.facts.code_id), bytes(4, 'another'), bytes(5, init));
  const message: Message = { url: '/cosmwasm.wasm.v1.MsgInstantiateContract', value };
  const { code, raw_log } = await chain.send(rich, [message], { gas: 1_000_000 });
  if (code !== 0) throw new Error(`no second contract: ${raw_log}`);
  const path = `/cosmwasm/wasm/v1/code/${chain.facts.code_id}/contracts`;
  const { contracts } = await chain.get<{ contracts: string[] }>(path);
  return contracts.find((address) => address !== chain.facts.contract)!;
}

let asked = 0;

/** A short question that nobody on this network has asked: an answer known already would be free. */
export function question(about = 'Say hello to'): string {
  asked += 1;
  return `${about} ${Date.now().toString(36)}-${asked}.`;
}
