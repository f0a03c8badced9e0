// The chain's REST interface: JSON only, so the page needs no decoder for protobuf.
import { base64, utf8 } from './bytes';
import { AntiphonError } from './errors';
import { request } from './http';
import type { Coin, Fetch } from './types';

const TIMEOUT = 10_000;
/** A list of 30 tasks is about 60 KB; a search for a task's transactions some hundred. */
const MAX_BODY = 4_000_000;

/** Too many requests, bad gateway, unavailable, gateway time-out: nobody who knows has answered. */
const AWAY = new Set([429, 502, 503, 504]);

/** Pages of a hundred; nobody has so many keys, and a node must not keep this page busy for ever. */
const MOST_PAGES = 20;

/** The node answered, and the answer is a refusal. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    /** gRPC's code: 5 is not found. */
    readonly grpc: number,
    readonly text: string,
  ) {
    super(text);
    this.name = 'Refusal';
  }
}

export interface Account {
  number: bigint;
  sequence: bigint;
}

/** A transaction in a block, or refused at the door (then with height 0). */
export interface TxOutcome {
  hash: string;
  height: number;
  code: number;
  codespace: string;
  log: string;
  gasWanted: number;
  gasUsed: number;
  events: TxEvent[];
  /** RFC 3339; empty where unknown. */
  time: string;
  /** The messages as the chain decoded them. */
  messages: Record<string, unknown>[];
}

export interface TxEvent {
  type: string;
  attributes: { key: string; value: string }[];
}

export interface Header {
  chainId: string;
  height: number;
  /** Milliseconds since 1970. */
  time: number;
}

export interface Grant {
  grantee: string;
  type: string;
  authorization: Record<string, unknown>;
  expires: Date | null;
}

export interface Allowance {
  grantee: string;
  /** As the chain tells it. */
  allowance: Record<string, unknown>;
}

/** A node's REST interface. Every method throws `node_down` when no answer comes. */
export class Rest {
  constructor(
    readonly base: string,
    private readonly fetcher: Fetch,
  ) {}

  /** Newest block. */
  async latest(signal?: AbortSignal): Promise<Header> {
    const { block } = await this.get<LatestBlock>('/cosmos/base/tendermint/v1beta1/blocks/latest', signal);
    return headerOf(block);
  }

  /** Transactions of a block in their order, base64. */
  async blockTxs(height: number, signal?: AbortSignal): Promise<string[]> {
    const path = `/cosmos/base/tendermint/v1beta1/blocks/${height}`;
    const { block } = await this.get<{ block: { data?: { txs?: string[] } } }>(path, signal);
    return block.data?.txs ?? [];
  }

  /** Number and sequence; none if the account never received anything. */
  async account(address: string, signal?: AbortSignal): Promise<Account | null> {
    const path = `/cosmos/auth/v1beta1/account_info/${address}`;
    const found = await this.orNull<{ info: AccountInfo }>(path, signal);
    if (!found) return null;
    return { number: BigInt(found.info.account_number ?? 0), sequence: BigInt(found.info.sequence ?? 0) };
  }

  /** Coins in the bank, in base units. */
  async bankBalance(address: string, denom: string, signal?: AbortSignal): Promise<bigint> {
    const path = `/cosmos/bank/v1beta1/balances/${address}/by_denom?denom=${encodeURIComponent(denom)}`;
    const { balance } = await this.get<{ balance: Coin | null }>(path, signal);
    return BigInt(balance?.amount ?? 0);
  }

  /** A contract's answer. Throws `Refusal` with the contract's text. */
  async smart<T>(contract: string, query: unknown, signal?: AbortSignal): Promise<T> {
    const data = base64(utf8(JSON.stringify(query)))
      .replaceAll('+', '-')
      .replaceAll('/', '_');
    const path = `/cosmwasm/wasm/v1/contract/${contract}/smart/${encodeURIComponent(data)}`;
    return (await this.get<{ data: T }>(path, signal)).data;
  }

  /** Hands a transaction over; its outcome has height 0 until it is in a block. */
  async broadcast(tx: Uint8Array, signal?: AbortSignal): Promise<TxOutcome> {
    const body = { tx_bytes: base64(tx), mode: 'BROADCAST_MODE_SYNC' };
    const { tx_response } = await this.post<{ tx_response: RawOutcome }>('/cosmos/tx/v1beta1/txs', body, signal);
    return outcomeOf(tx_response);
  }

  /** Gas used by a dry run. Throws `Refusal` with the reason, costs nothing. */
  async simulate(tx: Uint8Array, signal?: AbortSignal): Promise<number> {
    const body = { tx_bytes: base64(tx) };
    const { gas_info } = await this.post<{ gas_info: { gas_used: string } }>(
      '/cosmos/tx/v1beta1/simulate',
      body,
      signal,
    );
    return Number(gas_info.gas_used);
  }

  /** A transaction in a block; none while it is in no block. */
  async tx(hash: string, signal?: AbortSignal): Promise<TxOutcome | null> {
    const found = await this.orNull<{ tx?: RawTx; tx_response: RawOutcome }>(`/cosmos/tx/v1beta1/txs/${hash}`, signal);
    return found ? outcomeOf(found.tx_response, found.tx) : null;
  }

  /** Transactions with such events, oldest first, at most `pages` × 50. */
  async search(query: string, pages = 4, signal?: AbortSignal): Promise<TxOutcome[]> {
    const all: TxOutcome[] = [];
    for (let page = 1; page <= pages; page++) {
      const asked = `query=${encodeURIComponent(query)}&page=${page}&limit=50&order_by=ORDER_BY_ASC`;
      const found = await this.get<SearchPage>(`/cosmos/tx/v1beta1/txs?${asked}`, signal);
      const responses = found.tx_responses ?? [];
      all.push(...responses.map((response, index) => outcomeOf(response, found.txs?.[index])));
      if (responses.length < 50 || all.length >= Number(found.total ?? 0)) break;
    }
    return all;
  }

  /** What an account has granted, and to whom. */
  async grantsBy(granter: string, signal?: AbortSignal): Promise<Grant[]> {
    const pages = await this.pages<{ grants?: RawGrant[] }>(`/cosmos/authz/v1beta1/grants/granter/${granter}`, signal);
    return pages.flatMap(({ grants }) => grants ?? []).map(grantOf);
  }

  /** What one account has granted to another. */
  async grants(granter: string, grantee: string, signal?: AbortSignal): Promise<Grant[]> {
    const path = `/cosmos/authz/v1beta1/grants?granter=${granter}&grantee=${grantee}`;
    const found = await this.orNull<{ grants?: RawGrant[] }>(path, signal);
    return (found?.grants ?? []).map((grant) => grantOf({ ...grant, grantee }));
  }

  /** The fee allowance between two accounts, as the chain tells it. */
  async allowance(granter: string, grantee: string, signal?: AbortSignal): Promise<Record<string, unknown> | null> {
    const path = `/cosmos/feegrant/v1beta1/allowance/${granter}/${grantee}`;
    const found = await this.orNull<{ allowance?: { allowance?: Record<string, unknown> } }>(path, signal);
    return found?.allowance?.allowance ?? null;
  }

  /** Everybody an account pays fees for, and how. */
  async allowancesBy(granter: string, signal?: AbortSignal): Promise<Allowance[]> {
    const path = `/cosmos/feegrant/v1beta1/issued/${granter}`;
    const pages = await this.pages<{ allowances?: Partial<Allowance>[] }>(path, signal);
    const all = pages.flatMap(({ allowances }) => allowances ?? []);
    return all.map(({ grantee = '', allowance = {} }) => ({ grantee, allowance }));
  }

  /** Every page of a list, none where there is no list. */
  private async pages<T extends object>(path: string, signal?: AbortSignal): Promise<T[]> {
    const all: T[] = [];
    let key = '';
    for (let page = 0; page < MOST_PAGES; page++) {
      const from = key === '' ? '' : `&pagination.key=${encodeURIComponent(key)}`;
      const found = await this.orNull<T & Paged>(`${path}?pagination.limit=100${from}`, signal);
      if (found) all.push(found);
      key = found?.pagination?.next_key ?? '';
      if (key === '') break;
    }
    return all;
  }

  private async orNull<T>(path: string, signal?: AbortSignal): Promise<T | null> {
    try {
      return await this.get<T>(path, signal);
    } catch (thrown) {
      if (thrown instanceof Refusal && (thrown.grpc === 5 || /not[ -]found/i.test(thrown.text))) return null;
      throw thrown;
    }
  }

  private get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.call(path, { method: 'GET', headers: { accept: 'application/json' } }, signal);
  }

  private post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return this.call(path, { method: 'POST', headers, body: JSON.stringify(body) }, signal);
  }

  private async call<T>(path: string, init: RequestInit, signal?: AbortSignal): Promise<T> {
    const limits = { timeout: TIMEOUT, max: MAX_BODY, ...(signal ? { signal } : {}) };
    const { status, bytes } = await request(this.fetcher, this.base + path, init, limits);
    const text = new TextDecoder().decode(bytes);
    const json = parse(text);
    if (status >= 200 && status < 300 && json !== undefined) return json as T;
    const refused = json as { code?: number; message?: string } | undefined;
    if (typeof refused?.message === 'string' && !AWAY.has(status))
      throw new Refusal(status, refused.code ?? 2, refused.message);
    throw new AntiphonError('node_down', { host: new URL(this.base).host }, `${path}: ${status} ${text.slice(0, 200)}`);
  }
}

interface RawOutcome {
  txhash?: string;
  height?: string;
  code?: number;
  codespace?: string;
  raw_log?: string;
  gas_wanted?: string;
  gas_used?: string;
  events?: TxEvent[];
  timestamp?: string;
}

interface RawTx {
  body?: { messages?: Record<string, unknown>[] };
}

interface SearchPage {
  txs?: RawTx[];
  tx_responses?: RawOutcome[];
  total?: string;
}

interface AccountInfo {
  account_number?: string;
  sequence?: string;
}

interface LatestBlock {
  block: { header: { chain_id: string; height: string; time: string } };
}

interface Paged {
  pagination?: { next_key?: string | null } | null;
}

interface RawGrant {
  grantee: string;
  authorization: Record<string, unknown>;
  expiration?: string | null;
}

function headerOf(block: LatestBlock['block']): Header {
  const { chain_id, height, time } = block.header;
  return { chainId: chain_id, height: Number(height), time: Date.parse(time) };
}

function grantOf(raw: RawGrant): Grant {
  const { grantee, authorization, expiration } = raw;
  const type = String(authorization['@type'] ?? '');
  return { grantee, type, authorization, expires: expiration ? new Date(expiration) : null };
}

function outcomeOf(raw: RawOutcome, tx?: RawTx): TxOutcome {
  return {
    hash: raw.txhash ?? '',
    height: Number(raw.height ?? 0),
    code: raw.code ?? 0,
    codespace: raw.codespace ?? '',
    log: raw.raw_log ?? '',
    gasWanted: Number(raw.gas_wanted ?? 0),
    gasUsed: Number(raw.gas_used ?? 0),
    events: raw.events ?? [],
    time: raw.timestamp ?? '',
    messages: tx?.body?.messages ?? [],
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
