// A hand-written chain with workers behind a fake `fetch`: accounts with sequences, a mempool, blocks, tasks that go
// through their life, and switches for what goes wrong. Tests look at what reached it, not at how it was called.
import { MsgExec } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { AuthInfo, TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { MsgRevokeAllowance } from 'cosmjs-types/cosmos/feegrant/v1beta1/tx';
import { MsgExecuteContract } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import { bech32 } from '../src/core/address';
import { unbase64, utf8, textOf } from '../src/core/bytes';
import { cidOfRaw } from '../src/core/cid';
import type { Ballot, MemberInfo, TaskResponse, TaskStatus } from '../src/core/contract-types';
import { parseNetwork, type NetworkConfig } from '../src/core/network';
import { hashOf } from '../src/core/tx';
import type { Fetch } from '../src/core/types';

const REST = 'http://127.0.0.1:1317';
const MODEL = await cidOfRaw(utf8('a manifest'));
export const address = (number: number): string => bech32('wasm', new Uint8Array(20).fill(number));
export const CONTRACT = bech32('wasm', new Uint8Array(32).fill(200));
export const ANSWER = 'Blue.';

export const network = (more: object = {}): NetworkConfig =>
  parseNetwork({
    chain_id: 'test-1',
    rpc: 'http://127.0.0.1:26657',
    rest: REST,
    contract: CONTRACT,
    prefix: 'wasm',
    denom: 'uanti',
    gas_price: '0.025uanti',
    model: 1,
    ...more,
  });

interface FakeWorker {
  address: string;
  endpoint: string;
  blocks: Map<string, Uint8Array>;
  mode: 'honest' | 'liar' | 'down';
}

interface FakeTask {
  state: TaskResponse;
  members: MemberInfo[];
  /** Steps it has gone; one with each look at it. */
  step: number;
}

interface FakeTx {
  hash: string;
  signer: string;
  msgs: { typeUrl: string; msg: Record<string, unknown>; sender: string; funds: { amount: string }[] }[];
  timeout: number;
}

type Reply = { status: number; body: unknown };
/** Looks at a call before (`true` for the answer is lost) or instead of (a reply) the chain. */
export type Fault = (call: { method: string; path: string; body: string }) => Reply | 'lost' | 'down' | undefined;

export class FakeChain {
  height = 100;
  readonly accounts = new Map<string, { number: number; sequence: number; coins: bigint }>();
  readonly prepaid = new Map<string, bigint>();
  readonly workers: FakeWorker[] = [1, 2, 3, 4, 5].map((number) => ({
    address: address(number),
    endpoint: `http://127.0.0.1:900${number}`,
    blocks: new Map(),
    mode: 'honest',
  }));
  readonly tasks: FakeTask[] = [];
  readonly calls: { method: string; path: string; at: number }[] = [];
  /** Distinct transactions that were taken. */
  readonly taken: FakeTx[] = [];
  readonly included = new Map<string, { height: number; code: number; log: string; task?: number }>();
  faults: Fault[] = [];
  /** Seats that the model says are occupied. */
  seats = 31;
  /** No block is made. */
  halted = false;
  /** Tasks wait for somebody's `advance`. */
  stuck = false;
  /** What each member says; null is silence. */
  says: (number: number) => Ballot | null = () => this.agreed;
  /** An entry of the answer index. */
  known: { task: number; committee: number; conflict: boolean } | null = null;
  agreed!: Ballot;
  private waiting: FakeTx[] = [];

  static async start(): Promise<FakeChain> {
    const chain = new FakeChain();
    const answer = { cid: await cidOfRaw(utf8(ANSWER)), finish: 'stop' as const, output_tokens: 2, prompt_tokens: 9 };
    chain.agreed = { answer: { ...answer, trace: 'ab'.repeat(32) } };
    return chain;
  }

  fund(account: string, coins = 100_000_000n): void {
    this.accounts.set(account, { number: this.accounts.size, sequence: 0, coins });
  }

  /** Tasks that were paid for. */
  get posts(): number {
    return this.tasks.length;
  }

  readonly fetch: Fetch = async (input, init) => {
    const url = new URL(String(input));
    const method = init?.method ?? 'GET';
    const body = typeof init?.body === 'string' ? init.body : '';
    const path = url.pathname + url.search;
    this.calls.push({ method, path: url.host + path, at: Date.now() });
    const told = this.faults.map((fault) => fault({ method, path: url.host + path, body })).find((reply) => reply);
    if (told === 'down') throw new TypeError('fetch failed');
    if (told && told !== 'lost') return json(told);
    const worker = this.workers.find(({ endpoint }) => endpoint === url.origin);
    const reply = worker ? await this.atWorker(worker, method, url, init) : json(await this.atNode(method, url, body));
    if (told === 'lost') throw new TypeError('the connection was reset');
    return reply;
  };

  private async atWorker(worker: FakeWorker, method: string, url: URL, init?: RequestInit): Promise<Response> {
    if (worker.mode === 'down') throw new TypeError('fetch failed');
    const cid = url.pathname.split('/').at(-1) ?? '';
    if (method === 'PUT') {
      worker.blocks.set(cid, init?.body as unknown as Uint8Array);
      return new Response(null, { status: 201 });
    }
    const block = worker.blocks.get(cid);
    if (!block) return new Response('not here', { status: 404 });
    return new Response(worker.mode === 'liar' ? utf8('Red, believe me.') : (block as Uint8Array<ArrayBuffer>));
  }

  private async atNode(method: string, url: URL, body: string): Promise<Reply> {
    const path = url.pathname;
    if (path.endsWith('/blocks/latest')) return ok({ block: { header: this.block() } });
    if (path.includes('/account_info/')) return this.account(path.split('/').at(-1) ?? '');
    if (path.includes('/balances/')) return ok({ balance: { amount: String(this.coins(path.split('/')[5])) } });
    if (path.includes('/smart/'))
      return this.smart(
        JSON.parse(atob(decodeURIComponent(path.split('/').at(-1)!).replaceAll('-', '+').replaceAll('_', '/'))),
      );
    if (path.endsWith('/simulate')) return ok({ gas_info: { gas_used: '150000' } });
    if (path.endsWith('/txs') && method === 'POST') return this.broadcast(unbase64(JSON.parse(body).tx_bytes));
    if (path.includes('/txs/')) return this.tx(path.split('/').at(-1) ?? '');
    return { status: 501, body: { code: 12, message: `not implemented: ${path}` } };
  }

  /** Makes a block. */
  private block() {
    if (!this.halted) {
      this.height += 1;
      for (const tx of this.waiting.splice(0)) this.include(tx);
    }
    return { chain_id: 'test-1', height: String(this.height), time: new Date().toISOString() };
  }

  private coins = (account = ''): bigint => this.accounts.get(account)?.coins ?? 0n;

  private account(who: string): Reply {
    const found = this.accounts.get(who);
    if (!found) return { status: 404, body: { code: 5, message: `account ${who} not found: key not found` } };
    return ok({ info: { account_number: String(found.number), sequence: String(found.sequence) } });
  }

  private async broadcast(bytes: Uint8Array): Promise<Reply> {
    const hash = await hashOf(bytes);
    const raw = TxRaw.decode(bytes);
    const { messages, timeoutHeight } = TxBody.decode(raw.bodyBytes);
    const { sequence, publicKey } = AuthInfo.decode(raw.authInfoBytes).signerInfos[0];
    const signer = await addressOf(publicKey!.value.slice(2));
    const answer = (code: number, log = '') =>
      ok({ tx_response: { txhash: hash, code, codespace: 'sdk', raw_log: log } });
    if (this.taken.some((tx) => tx.hash === hash)) return answer(19, 'tx already exists in cache');
    const account = this.accounts.get(signer)!;
    if (BigInt(account.sequence) !== sequence) {
      return answer(32, `account sequence mismatch, expected ${account.sequence}, got ${sequence}: incorrect`);
    }
    account.sequence += 1;
    const tx = { hash, signer, msgs: messages.flatMap(decoded), timeout: Number(timeoutHeight) };
    this.taken.push(tx);
    this.waiting.push(tx);
    return answer(0);
  }

  private include(tx: FakeTx): void {
    const done = { height: this.height, code: 0, log: '' };
    this.included.set(tx.hash, done);
    for (const { msg, sender } of tx.msgs) {
      if ('advance' in msg) this.stuck = false;
      if ('post_task' in msg) Object.assign(done, { task: this.post(sender, msg.post_task as Record<string, never>) });
    }
  }

  private tx(hash: string): Reply {
    this.block();
    const found = this.included.get(hash);
    if (!found) return { status: 404, body: { code: 5, message: `tx not found: ${hash}` } };
    const attributes = [{ key: 'task', value: String(found.task) }];
    const events = found.task === undefined ? [] : [{ type: 'wasm-task_added', attributes }];
    const { code, log, height } = found;
    const codespace = code === 11 ? 'sdk' : 'wasm';
    return ok({ tx_response: { txhash: hash, height: String(height), code, codespace, raw_log: log, events } });
  }

  private post(requester: string, msg: Record<string, never>): number {
    const task = this.tasks.length + 1;
    const members = this.workers.map(({ address, endpoint }, position) => ({
      worker: address,
      endpoint,
      position,
      paid: '0',
      forfeited: '0',
    }));
    this.tasks.push({ state: taskOf(task, requester, msg, this.height), members, step: 0 });
    return task;
  }

  /** One step of a task's life with each look at it. */
  private advance(task: FakeTask): void {
    if (this.halted) return;
    task.step += 1;
    const { state, members } = task;
    const set = (status: TaskStatus, more: Partial<TaskResponse> = {}) =>
      Object.assign(state, { status, entered: this.height }, more);
    const voices = members.map((_, at) => this.says(at));
    const committed = voices.filter((voice) => voice !== null).length;
    if (task.step === 2) set('committing', { members: members.length });
    if (task.step === 3) {
      members.forEach((member, at) => voices[at] && (member.commitment = 'cd'.repeat(32)));
      set('committing', { committed });
    }
    if (task.step === 4) set('revealing');
    if (task.step === 5) this.reveal(task, voices);
    if (task.step === 7 && state.status === 'answered') this.end(task);
  }

  private reveal({ state, members }: FakeTask, voices: (Ballot | null)[]): void {
    members.forEach((member, at) => (member.ballot = voices[at]));
    const tally = tallyOf(members);
    state.revealed = members.filter(({ ballot }) => ballot).length;
    const best = tally[0];
    const decided = best && best.votes >= state.quorum;
    Object.assign(state, { entered: this.height, status: decided ? 'answered' : 'failed' });
    if (!decided) return;
    Object.assign(state, { outcome: best.ballot, outcome_round: 0, outcome_votes: best.votes });
    if ('answer' in best.ballot) {
      for (const worker of this.workers) worker.blocks.set(best.ballot.answer.cid, utf8(ANSWER));
    }
  }

  private end({ state, members }: FakeTask): void {
    Object.assign(state, { status: 'final', entered: this.height });
    for (const member of members) {
      member.conduct = member.ballot ? (same(member.ballot, state.outcome!) ? 'right' : 'wrong') : 'silent';
      member.paid = member.conduct === 'right' ? '60' : '0';
      delete member.ballot;
      delete member.commitment;
    }
  }

  private smart(query: Record<string, Record<string, never>>): Reply {
    const [[name, args]] = Object.entries(query);
    this.block();
    const answer = this.answers(name, args);
    return answer === undefined
      ? {
          status: 500,
          body: {
            code: 6,
            message: `E_UNKNOWN_TASK: got task ${args.task}, want a posted one: query wasm contract failed`,
          },
        }
      : ok({ data: answer });
  }

  private answers(name: string, args: Record<string, never>): unknown {
    switch (name) {
      case 'model':
        return {
          model: 1,
          manifest: MODEL,
          seats: this.seats,
          retired: false,
          limits: { max_prompt_bytes: 16384, max_output_tokens: 64 },
        };
      case 'seats':
        return { seats: this.workers.map(({ address, endpoint }, slot) => ({ slot, worker: address, endpoint })) };
      case 'estimate_fee':
        return { committee: 5, full_fee: '1000', escrow: '5000', lock: '30000' };
      case 'balance':
        return { amount: String(this.prepaid.get(args.address) ?? 0n) };
      case 'answer':
        return { answer: this.known && { ...this.known, ballot: this.agreed, votes: 5, height: 1 } };
      case 'tasks':
        return {
          tasks: this.tasks.map(({ state }) => state).filter(({ status }) => !['final', 'failed'].includes(status)),
        };
      case 'task': {
        const found = this.tasks[Number(args.task) - 1];
        if (found && !this.stuck) this.advance(found);
        return found && { ...found.state, due: this.stuck };
      }
      case 'round': {
        const { members, state } = this.tasks[Number(args.task) - 1];
        const copies = members.map((member) => ({ ...member }));
        return {
          task: state.task,
          round: 0,
          size: 5,
          quorum: 4,
          opened: 1,
          members: copies,
          replaced: [],
          tally: tallyOf(members),
        };
      }
      default:
        return undefined;
    }
  }
}

const ok = (body: unknown): Reply => ({ status: 200, body });
const json = ({ status, body }: Reply): Response => new Response(JSON.stringify(body), { status });
const same = (one: Ballot, other: Ballot): boolean => JSON.stringify(one) === JSON.stringify(other);

function tallyOf(members: readonly MemberInfo[]): { ballot: Ballot; votes: number }[] {
  const lines: { ballot: Ballot; votes: number }[] = [];
  for (const { ballot } of members) {
    if (!ballot) continue;
    const line = lines.find((one) => same(one.ballot, ballot));
    if (line) line.votes += 1;
    else lines.push({ ballot, votes: 1 });
  }
  return lines.sort((a, b) => b.votes - a.votes);
}

function taskOf(task: number, requester: string, msg: Record<string, never>, height: number): TaskResponse {
  const { model, prompt, prompt_bytes, max_output_tokens, holders } = msg;
  const paid = { escrow: '5000', full_fee: '1000', lock: '30000' };
  const round = { round: 0, size: 5, quorum: 4, members: 0, committed: 0, revealed: 0 };
  const asked = { task, model, manifest: MODEL, requester, prompt, prompt_bytes, max_output_tokens, holders };
  const marks = {
    entered: height,
    posted: height,
    posted_time: Math.floor(Date.now() / 1000),
    due: false,
    undecided: false,
  };
  const rest = { task_digest: '00'.repeat(32), params_version: 1, committee: 5, rounds_possible: 1, contested: false };
  return { ...asked, ...round, ...paid, ...marks, ...rest, carried: false, status: 'drawing' } as TaskResponse;
}

async function addressOf(pubkey: Uint8Array): Promise<string> {
  const { ripemd160 } = await import('@noble/hashes/legacy.js');
  const digest = await crypto.subtle.digest('SHA-256', pubkey as Uint8Array<ArrayBuffer>);
  return bech32('wasm', ripemd160(new Uint8Array(digest)));
}

function decoded({ typeUrl, value }: { typeUrl: string; value: Uint8Array }): FakeTx['msgs'] {
  if (typeUrl === MsgExec.typeUrl) return MsgExec.decode(value).msgs.flatMap(decoded);
  if (typeUrl === MsgRevokeAllowance.typeUrl) {
    const { granter, grantee } = MsgRevokeAllowance.decode(value);
    return [{ typeUrl, msg: { grantee }, sender: granter, funds: [] }];
  }
  if (typeUrl !== MsgExecuteContract.typeUrl) return [{ typeUrl, msg: {}, sender: '', funds: [] }];
  const { sender, msg, funds } = MsgExecuteContract.decode(value);
  return [{ typeUrl, msg: JSON.parse(textOf(msg) ?? '{}'), sender, funds }];
}
