// Who has coins: the network's rich account gives them to the wallets of the tests.
import { readFile } from 'node:fs/promises';
import { bankSend, type Chain, type Message } from './chain.ts';
import type { Facts } from './network.ts';
import { bytes, join, uint } from './proto.ts';
import { newKey, type PersonKey } from './secp.ts';

/** 50 ANTI: many questions. */
const PURSE = 50_000_000n;

/** The account that the local network lends to people. */
export async function richKey(facts: Facts): Promise<PersonKey> {
  const file = JSON.parse(await readFile(facts.keys.requester!, 'utf8')) as { secret: string };
  return newKey(facts.prefix, Buffer.from(file.secret, 'hex'));
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
