// Blocks at workers: put there, and read from two of them, each hashed in this tab before anybody sees a byte.
import { textOf, type Bytes } from './bytes';
import { matches, parseCid } from './cid';
import type { SeatInfo } from './contract-types';
import { AntiphonError, throwIfStopped } from './errors';
import { hostOf, request } from './http';
import { sleep } from './pace';
import type { PromptBlock } from './prompt';
import type { Context, VerifiedAnswer } from './types';

export const MAX_ANSWER_BYTES = 65_536;
/** Workers that get the prompt before the task is posted: one may go away. */
const HOLDERS = 2;
const MAX_TRIES = 16;
/** Sources that must give the same bytes. */
const WANTED = 2;
/** A source that stalls is passed over after this, and asked again with more patience. */
const PATIENCE = 2_500;
/** An answer is served a moment after its reveal is on chain. */
const ROUNDS = 6;
const BETWEEN_ROUNDS = 250;
const UPLOAD_TIME = 8_000;

type Got = { kind: 'block'; bytes: Bytes } | { kind: 'lie' } | { kind: 'none'; said: string; early?: boolean };

/** One block from one worker: its bytes only if they are exactly what the CID names. */
async function fromSource(ctx: Context, base: string, cid: string, max: number, timeout: number): Promise<Got> {
  const url = `${base.replace(/\/+$/, '')}/ipfs/${cid}?format=raw`;
  try {
    const { status, bytes } = await request(ctx.fetch, url, { method: 'GET' }, { timeout, max });
    if (status !== 200) return { kind: 'none', said: `${hostOf(base)}: ${status}`, early: status === 404 };
    return (await matches(cid, bytes)) ? { kind: 'block', bytes } : { kind: 'lie' };
  } catch (thrown) {
    return { kind: 'none', said: thrown instanceof AntiphonError ? (thrown.detail ?? thrown.code) : String(thrown) };
  }
}

/**
 * An endpoint is what a stranger has put on record. A path is added to it, so it has neither query nor fragment; and a
 * page about a distant chain has no business with services of this machine, unless the settings name them.
 */
export function isUsable({ net }: Context, endpoint: string): boolean {
  if (endpoint === net.gateway) return true;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (!url || !/^https?:$/.test(url.protocol) || /[?#]/.test(endpoint) || url.username + url.password !== '')
    return false;
  return !isLoopback(url) || isLoopback(new URL(net.rest));
}

/** The parser has brought every spelling of an address to one. */
const isLoopback = ({ hostname }: URL): boolean =>
  /^(127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]|(.*\.)?localhost\.?)$/.test(
    hostname,
  );

export interface Verified {
  bytes: Bytes;
  sources: string[];
  liars: string[];
}

export interface ReadOptions {
  max?: number;
  wanted?: number;
  signal?: AbortSignal;
}

/**
 * The block, from as many of these sources as are wanted, or at least one. Throws `hash_mismatch` with the names of
 * those that gave other bytes if nobody gave the right ones, `content_unavailable` if nobody gave any.
 */
export async function readBlock(
  ctx: Context,
  cid: string,
  sources: readonly string[],
  options: ReadOptions = {},
): Promise<Verified> {
  const { max = MAX_ANSWER_BYTES, wanted = WANTED, signal } = options;
  if (!parseCid(cid)) throw new AntiphonError('content_unavailable', { cid }, `${cid} is no CID`);
  const search = new Search(ctx, cid, max, wanted);
  const usable = sources.filter((source) => isUsable(ctx, source));
  for (let round = 1; round <= ROUNDS; round++) {
    throwIfStopped(signal);
    await search.round(usable, PATIENCE * round);
    if (search.done(usable, round)) break;
    await sleep(BETWEEN_ROUNDS, signal);
  }
  return search.result();
}

class Search {
  private bytes: Bytes | null = null;
  private readonly good: string[] = [];
  private readonly liars: string[] = [];
  private said: string[] = [];
  private early = false;

  constructor(
    private readonly ctx: Context,
    private readonly cid: string,
    private readonly max: number,
    private readonly wanted: number,
  ) {}

  /** As many at once as are still wanted, until there are enough or all were asked. */
  async round(sources: readonly string[], patience: number): Promise<void> {
    this.said = [];
    this.early = false;
    const left = sources.filter((source) => !this.good.includes(source) && !this.liars.includes(source));
    while (left.length > 0 && this.good.length < this.wanted) {
      const batch = left.splice(0, this.wanted - this.good.length);
      await Promise.all(batch.map((source) => this.ask(source, patience)));
    }
  }

  private async ask(source: string, patience: number): Promise<void> {
    const got = await fromSource(this.ctx, source, this.cid, this.max, patience);
    if (got.kind === 'lie') this.liars.push(source);
    if (got.kind === 'none') {
      this.said.push(got.said);
      this.early ||= got.early === true;
    }
    if (got.kind !== 'block') return;
    this.bytes = got.bytes;
    this.good.push(source);
  }

  /** Enough, or no hope: one right copy is enough once everybody was asked, and asked again who had it not yet. */
  done(sources: readonly string[], round: number): boolean {
    if (this.good.length >= this.wanted || this.liars.length >= sources.length) return true;
    return this.good.length > 0 && (round > 1 || !this.early);
  }

  result(): Verified {
    if (this.bytes) return { bytes: this.bytes, sources: this.good, liars: this.liars };
    const { cid, liars } = this;
    if (liars.length > 0) {
      throw new AntiphonError('hash_mismatch', { cid, liars: liars.map(hostOf).join(', '), count: liars.length });
    }
    throw new AntiphonError('content_unavailable', { cid }, this.said.join('; ') || 'there was nobody to ask');
  }
}

/** Sources, and after them the gateway of the settings, if there is one. */
export const withGateway = ({ net }: Context, sources: readonly string[]): string[] =>
  net.gateway === null ? [...sources] : [...new Set([...sources, net.gateway])];

/** The text of an answer. A block that is no UTF-8 is no answer, whoever agreed on it. */
export async function readAnswer(
  ctx: Context,
  cid: string,
  sources: readonly string[],
  signal?: AbortSignal,
): Promise<VerifiedAnswer> {
  const { bytes, sources: good, liars } = await readBlock(ctx, cid, sources, signal ? { signal } : {});
  const text = textOf(bytes);
  if (text === null) throw new AntiphonError('hash_mismatch', { cid, liars: '' }, 'the block is not UTF-8 text');
  return { cid, text, sources: good, liars };
}

/**
 * Puts the prompt at two workers and reads it back from one, before anything is signed: the fee of a task whose
 * prompt nobody can fetch would be lost. Gives the workers' addresses. Throws `no_workers` or `upload_failed`.
 */
export async function uploadPrompt(
  ctx: Context,
  seats: readonly SeatInfo[],
  block: PromptBlock,
  signal?: AbortSignal,
): Promise<string[]> {
  const candidates = candidatesOf(ctx, seats);
  if (candidates.length === 0) throw new AntiphonError('no_workers');
  const holders: Candidate[] = [];
  const said: string[] = [];
  while (candidates.length > 0 && holders.length < HOLDERS) {
    throwIfStopped(signal);
    const batch = candidates.splice(0, HOLDERS - holders.length);
    const results = await Promise.all(batch.map((candidate) => put(ctx, candidate, block, signal)));
    results.forEach((refused, at) => {
      const candidate = batch[at] as Candidate;
      if (refused === null) holders.push(candidate);
      else said.push(refused);
    });
  }
  if (holders.length === 0) throw new AntiphonError('upload_failed', { tried: said.length }, said.join('; '));
  await servedBack(ctx, holders, block, signal);
  return holders.map(({ worker }) => worker);
}

interface Candidate {
  worker: string;
  endpoint: string;
}

/** Workers with an endpoint, beginning anywhere: a question asked again need not meet the holders that failed it. */
function candidatesOf(ctx: Context, seats: readonly SeatInfo[]): Candidate[] {
  const list = seats.flatMap(({ worker, endpoint }) =>
    endpoint && isUsable(ctx, endpoint) ? [{ worker, endpoint }] : [],
  );
  const turn = list.length > 0 ? (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % list.length : 0;
  return [...list.slice(turn), ...list.slice(0, turn)].slice(0, MAX_TRIES);
}

/** Null when the worker has it, else what it said. */
async function put(ctx: Context, { endpoint }: Candidate, block: PromptBlock, signal?: AbortSignal) {
  const url = `${endpoint.replace(/\/+$/, '')}/antiphon/v1/block/${block.cid}`;
  const limits = { timeout: UPLOAD_TIME, max: 16_384, ...(signal ? { signal } : {}) };
  try {
    const { status } = await request(ctx.fetch, url, { method: 'PUT', body: block.bytes }, limits);
    return status === 200 || status === 201 ? null : `${hostOf(endpoint)}: ${status}`;
  } catch (thrown) {
    throwIfStopped(signal);
    return thrown instanceof AntiphonError ? (thrown.detail ?? thrown.code) : String(thrown);
  }
}

async function servedBack(ctx: Context, holders: Candidate[], block: PromptBlock, signal?: AbortSignal) {
  const endpoints = holders.map(({ endpoint }) => endpoint);
  const options = { max: block.bytes.length, wanted: 1, ...(signal ? { signal } : {}) };
  try {
    await readBlock(ctx, block.cid, endpoints, options);
  } catch (thrown) {
    if (!(thrown instanceof AntiphonError) || thrown.code === 'stopped') throw thrown;
    throw new AntiphonError('upload_failed', { tried: holders.length }, `not served back: ${thrown.message}`);
  }
}
