// The interfaces between the core and the page: types only.
import type { AppealInfo, Ballot, ConductInfo, TaskResponse, TaskStatus } from './contract-types';
import type { Contract } from './contract';
import type { NetworkConfig } from './network';
import type { Rest } from './rest';

export type Fetch = typeof globalThis.fetch;

export interface Coin {
  denom: string;
  amount: string;
}

/** A transaction message; `value` is what proto.ts and amino.ts encode. */
export type TxMsg =
  | { type: 'execute'; sender: string; contract: string; msg: unknown; funds: Coin[] }
  | {
      type: 'grant';
      granter: string;
      grantee: string;
      contract: string;
      keys: string[];
      maxCalls: number;
      /** Unix seconds. */
      expires: number;
    }
  | {
      type: 'grant_allowance';
      granter: string;
      grantee: string;
      spendLimit: Coin[];
      /** Unix seconds. */
      expires: number;
      messages: string[];
    }
  | { type: 'revoke'; granter: string; grantee: string; msgType: string }
  | { type: 'revoke_allowance'; granter: string; grantee: string }
  | { type: 'exec'; grantee: string; msgs: TxMsg[] }
  | { type: 'send'; from: string; to: string; amount: Coin[] };

export interface SignOptions {
  /** Gas limit. */
  gas: number;
  memo?: string;
  /** Who pays the fee instead of the signer. */
  feeGranter?: string;
  /** Height after which the transaction can never enter a block. */
  timeoutHeight?: number;
  /** Where it is known better than the chain tells yet. */
  sequence?: bigint;
}

/** Something that signs as one account. */
export interface Signer {
  kind: 'guest' | 'keplr' | 'session';
  address: string;
  /** Compressed public key, 33 bytes: simulations name it. */
  pubkey: Uint8Array;
  /** Signs in amino only. */
  ledger: boolean;
  /** A name for people, if the wallet has one. */
  name?: string;
  /** The signed transaction's bytes (TxRaw). */
  sign(msgs: TxMsg[], opts: SignOptions): Promise<Uint8Array>;
}

/** Who pays for tasks: an account that signs itself, or a session key on its behalf. */
export interface Payer {
  /** The requester on chain. */
  requester: string;
  signer: Signer;
  /** Set when `signer` is a session key: the account it acts for, which also pays the fees. */
  onBehalfOf?: string;
}

/** Everything the core needs from outside. */
export interface Context {
  net: NetworkConfig;
  rest: Rest;
  contract: Contract;
  fetch: Fetch;
  /** Absent while no account is connected: reading, following and verifying still work. */
  payer?: Payer;
}

export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** The part of a prompt document that steers generation. */
export interface Sampling {
  max_output_tokens: number;
  temperature_milli: number;
  top_k: number;
  top_p_milli: number;
  /** A decimal u64. */
  seed: string;
  stop: string[];
}

export interface AskRequest {
  model: number;
  messages: Message[];
  settings: Sampling;
  committee?: number;
  /** Pay for a new task even if the answer is known. */
  fresh?: boolean;
  /** Put a short prompt into the transaction itself: then no worker has to take it first. */
  carry?: boolean;
}

export type Stage =
  | 'preparing'
  | 'uploading'
  | 'signing'
  | 'broadcast'
  | 'posted'
  | 'drawn'
  | 'committing'
  | 'revealing'
  | 'answered'
  | 'verified'
  | 'final'
  | 'failed';

export interface StageMark {
  /** Milliseconds since 1970. */
  at: number;
  height?: number;
}

export interface MemberView {
  worker: string;
  position: number;
  round: number;
  state: 'drawn' | 'committed' | 'revealed' | 'silent';
  ballot: Ballot | null;
  /** With the outcome, or with the leading ballot while there is none; null before its reveal. */
  agrees: boolean | null;
  conduct: ConductInfo | null;
  endpoint: string | null;
  paid: bigint;
  forfeited: bigint;
}

export interface TallyView {
  ballot: Ballot;
  votes: number;
}

/** One round with everything that was ever seen of it. */
export interface RoundView {
  round: number;
  size: number;
  quorum: number;
  /** Members in, by position. */
  members: MemberView[];
  /** Silent members whose place another one took. */
  replaced: MemberView[];
  tally: TallyView[];
  /** The appeal that opened it; null for the first, one that opened by itself, or where nobody remembers. */
  appeal: AppealInfo | null;
}

export interface TaskView {
  id: number;
  status: TaskStatus;
  stage: Stage;
  round: number;
  size: number;
  quorum: number;
  /** Members of the round shown: the deciding one once there is an outcome, else the current one. */
  members: MemberView[];
  /** Every round, the one shown included. */
  rounds: RoundView[];
  tally: TallyView[];
  committed: number;
  revealed: number;
  outcome: Ballot | null;
  contested: boolean;
  stages: Partial<Record<Stage, StageMark>>;
  task: TaskResponse;
}

/** An answer whose every source was hashed in this tab. */
export interface VerifiedAnswer {
  cid: string;
  text: string;
  /** Endpoints that gave exactly these bytes: normally two, at least one. */
  sources: string[];
  /** Endpoints that gave other bytes under this name. */
  liars: string[];
}

export interface AskResult {
  task: TaskView;
  answer: VerifiedAnswer;
  /** It was on chain before: nothing was paid. */
  known: boolean;
  /** From the send, or for a followed task from its post, to the verified text. */
  seconds: number;
}

/** What a reload needs to pick a question up; stored by the caller when the event arrives, before broadcast. */
export interface Pending {
  /** Transaction hash, upper-case hex. */
  hash: string;
  /** After this height a transaction that is in no block never will be. */
  timeoutHeight: number;
}

export type AskEvent =
  | { type: 'stage'; stage: Stage }
  | ({ type: 'pending' } & Pending)
  | { type: 'task'; id: number }
  | { type: 'view'; view: TaskView }
  | { type: 'answer'; answer: VerifiedAnswer };

/** What is returned for `pending` is awaited: the transaction leaves only once it is written down. */
export type OnEvent = (event: AskEvent) => void | Promise<void>;

export interface SessionInfo {
  granter: string;
  grantee: string;
  callsLeft: number;
  feeLeft: bigint;
  expires: Date;
  /** The granter's balance in the contract. */
  prepaid: bigint;
}

export interface SessionRequest {
  calls: number;
  minutes: number;
  /** Prepaid balance wanted in the contract; only what is short of it is deposited. */
  deposit: bigint;
}

export type Ask = (ctx: Context, request: AskRequest, on: OnEvent, signal?: AbortSignal) => Promise<AskResult>;
export type Follow = (ctx: Context, task: number, on: OnEvent, signal?: AbortSignal) => Promise<AskResult>;
/** Picks a broadcast transaction up after a reload. Never sends anything. */
export type Resume = (ctx: Context, pending: Pending, on: OnEvent, signal?: AbortSignal) => Promise<AskResult>;
export type StartSession = (ctx: Context, signer: Signer, request: SessionRequest) => Promise<SessionInfo>;

export interface ReceiptCheck {
  name: string;
  ok: boolean;
  detail: string;
}
