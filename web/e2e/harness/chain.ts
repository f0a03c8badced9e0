// The chain as the tests see it: by REST, with an encoder of their own, never through the page.
import { createHash } from 'node:crypto';
import { PATIENCE } from './browser.ts';
import { any, bytes, coin, join, uint } from './proto.ts';
import { signBytes, type PersonKey } from './secp.ts';
import type { Facts } from './network.ts';

export interface TxResult {
  code: number;
  codespace: string;
  raw_log: string;
  txhash: string;
}
export interface Message {
  url: string;
  value: Uint8Array;
}

export class Chain {
  readonly facts: Facts;
  constructor(facts: Facts) {
    this.facts = facts;
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.facts.rest}${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async smart<T>(query: object): Promise<T> {
    const data = Buffer.from(JSON.stringify(query)).toString('base64');
    const path = `/cosmwasm/wasm/v1/contract/${this.facts.contract}/smart/${encodeURIComponent(data)}`;
    return (await this.get<{ data: T }>(path)).data;
  }

  async coins(address: string): Promise<bigint> {
    const path = `/cosmos/bank/v1beta1/balances/${address}/by_denom?denom=${this.facts.denom}`;
    return BigInt((await this.get<{ balance: { amount: string } }>(path)).balance.amount);
  }

  /** What `address` allows others to do, and to spend on fees. */
  async given(address: string): Promise<{ grants: Grant[]; allowances: Allowance[] }> {
    const grants = await this.get<{ grants: Grant[] }>(`/cosmos/authz/v1beta1/grants/granter/${address}`);
    const issued = await this.get<{ allowances: Allowance[] }>(`/cosmos/feegrant/v1beta1/issued/${address}`);
    return { grants: grants.grants, allowances: issued.allowances };
  }

  /** Tasks that `requester` has paid for, by the transactions in the blocks. */
  async tasksOf(requester: string): Promise<number> {
    return this.count(`wasm-task_added.requester='${requester}'`);
  }

  /** Waits until no task of `requester` is open: then no refund is under way. */
  async untilSettled(requester: string): Promise<void> {
    const until = Date.now() + PATIENCE;
    for (;;) {
      const { tasks } = await this.smart<{ tasks: { requester: string }[] }>({ tasks: { filter: 'open', limit: 30 } });
      if (!tasks.some((task) => task.requester === requester)) return;
      if (Date.now() > until) throw new Error(`tasks of ${requester} are still open`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Transactions signed by `address`: one attribute `address/sequence` each. */
  async sequence(address: string): Promise<number> {
    const path = `/cosmos/auth/v1beta1/accounts/${address}`;
    const account = (await this.get<{ account: { sequence: string } }>(path)).account;
    return Number(account.sequence);
  }

  /** What a transaction with this gas limit pays. */
  fee(gas: number): bigint {
    return BigInt(Math.ceil(gas * Number.parseFloat(this.facts.gas_price)));
  }

  /** Transactions found by an event query. */
  async count(query: string): Promise<number> {
    const body = { jsonrpc: '2.0', id: 1, method: 'tx_search', params: { query, per_page: '1' } };
    const response = await fetch(this.facts.rpc, { method: 'POST', body: JSON.stringify(body) });
    const reply = (await response.json()) as { result?: { total_count: string }; error?: unknown };
    if (!reply.result) throw new Error(`tx_search ${query}: ${JSON.stringify(reply.error)}`);
    return Number(reply.result.total_count);
  }

  /** Signs, sends, and waits until it is in a block or refused before. */
  async send(key: PersonKey, messages: Message[], options: { granter?: string; gas?: number } = {}): Promise<TxResult> {
    const raw = await this.signed(key, messages, options);
    const body = JSON.stringify({ tx_bytes: raw.toString('base64'), mode: 'BROADCAST_MODE_SYNC' });
    const response = await fetch(`${this.facts.rest}/cosmos/tx/v1beta1/txs`, { method: 'POST', body });
    const { tx_response: checked } = (await response.json()) as { tx_response: TxResult };
    return checked.code === 0 ? this.included(checked.txhash) : checked;
  }

  private async included(hash: string): Promise<TxResult> {
    for (let tries = 0; tries < 100; tries += 1) {
      const response = await fetch(`${this.facts.rest}/cosmos/tx/v1beta1/txs/${hash}`);
      if (response.ok) return ((await response.json()) as { tx_response: TxResult }).tx_response;
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error(`transaction ${hash} is in no block after 10 s`);
  }

  private async signed(key: PersonKey, messages: Message[], options: { granter?: string; gas?: number }) {
    const path = `/cosmos/auth/v1beta1/accounts/${key.address}`;
    const { account } = await this.get<{ account: { account_number: string; sequence: string } }>(path);
    const gas = options.gas ?? 400_000;
    const fee = this.fee(gas);
    const payer = options.granter ? bytes(4, options.granter) : Buffer.alloc(0);
    const publicKey = any('/cosmos.crypto.secp256k1.PubKey', bytes(1, key.publicKey));
    const direct = bytes(1, uint(1, 1));
    const signer = join(bytes(1, publicKey), bytes(2, direct), uint(3, BigInt(account.sequence)));
    const body = join(...messages.map(({ url, value }) => bytes(1, any(url, value))));
    const paid = join(bytes(1, coin(this.facts.denom, fee)), uint(2, gas), payer);
    const auth = join(bytes(1, signer), bytes(2, paid));
    const document = [
      bytes(1, body),
      bytes(2, auth),
      bytes(3, this.facts.chain_id),
      uint(4, BigInt(account.account_number)),
    ];
    return join(bytes(1, body), bytes(2, auth), bytes(3, signBytes(key, join(...document))));
  }
}

interface Grant {
  grantee: string;
  authorization: { '@type': string; [field: string]: unknown };
  expiration: string;
}
interface Allowance {
  grantee: string;
  allowance: { '@type': string; [field: string]: unknown };
}

export const bankSend = (from: string, to: string, denom: string, amount: bigint): Message => ({
  url: '/cosmos.bank.v1beta1.MsgSend',
  value: join(bytes(1, from), bytes(2, to), bytes(3, coin(denom, amount))),
});

/** `funds`: a coin as `coin` writes it. */
export const execute = (sender: string, contract: string, message: object, funds?: Uint8Array): Message => ({
  url: '/cosmwasm.wasm.v1.MsgExecuteContract',
  value: join(
    bytes(1, sender),
    bytes(2, contract),
    bytes(3, JSON.stringify(message)),
    funds ? bytes(5, funds) : Buffer.alloc(0),
  ),
});

/** authz: `grantee` acts in the name of whoever the inner messages name. */
export const onBehalf = (grantee: string, inner: Message[]): Message => ({
  url: '/cosmos.authz.v1beta1.MsgExec',
  value: join(bytes(1, grantee), ...inner.map(({ url, value }) => bytes(2, any(url, value)))),
});

/** The CID of a raw block: what the page must find by itself. */
export function rawCid(block: Uint8Array): string {
  const binary = Buffer.concat([Buffer.from([1, 0x55, 0x12, 32]), createHash('sha256').update(block).digest()]);
  const bits = [...binary].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{1,5}/g) ?? [];
  const letters = groups.map((group) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(group.padEnd(5, '0'), 2)]);
  return `b${letters.join('')}`;
}
