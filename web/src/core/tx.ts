// One transaction: gas by a dry run, signed for a limited number of blocks, written down, sent, waited for.
// Money first: until it is found or has lapsed it is never signed again under another sequence; the same bytes
// may be sent as often as need be.
import { hex, sha256, type Bytes } from './bytes';
import { AntiphonError } from './errors';
import { feeOf } from './network';
import { Pace, sleep } from './pace';
import { authInfo, txBody, txRaw } from './proto';
import { expectedSequence, refusal } from './refused';
import { Refusal, type TxOutcome } from './rest';
import type { Context, Pending, SignOptions, Signer, TxMsg } from './types';

/** Without a fee the figure of a dry run is far too low; this much nobody lacks who can pay at all. */
const SIMULATED_GAS = 50_000;
const MARGIN = 1.3;
/** A key of our own signs at once; a person with a wallet may take ten minutes of one-second blocks. */
const LIFE = { guest: 60, session: 60, keplr: 600 } as const;
/** Times the same bytes are handed to a node that does not answer. */
const HANDOVERS = 4;
const AGAIN = 400;
/** Looks in a row that a node may miss. */
const MAX_SILENT = 30;
/** Blocks past its last one that a transaction is still looked for: an index may lag behind its chain. */
const GRACE = 3;
/** Looks that must miss it after that, and the time between them. */
const MISSES = 2;
const APART = 2_000;
/** gRPC's "invalid argument", and how it comes over HTTP: the node has read the bytes and will not have them. */
const INVALID = { http: 400, grpc: 3 };
/** A node knows these bytes already: sent before. */
const IN_CACHE = 19;
const WRONG_SEQUENCE = 32;

export interface Submission {
  feeGranter?: string;
  /** Awaited before the bytes leave. */
  onPending?: (pending: Pending) => void | Promise<void>;
  /** When the signature is asked for, and when the bytes leave. */
  onStage?: (stage: 'signing' | 'broadcast') => void | Promise<void>;
  /** Refuses before signing; gets the fee in base units. */
  checkFee?: (fee: bigint) => void;
  /** Past this height it would only be refused. */
  lastHeight?: number;
  signal?: AbortSignal;
}

/** Sends messages in one transaction and waits for its block. Throws unless they were executed. */
export async function submit(ctx: Context, signer: Signer, msgs: TxMsg[], how: Submission): Promise<TxOutcome> {
  const sent = await locked(signer, () => handIn(ctx, signer, msgs, how));
  return succeeded(await waitFor(ctx, sent, how.signal));
}

/** Signing and sending of one key, in all tabs, one after another. */
async function locked<T>(signer: Signer, work: () => Promise<T>): Promise<T> {
  const locks = (globalThis.navigator as Navigator | undefined)?.locks;
  // A popup may stay open for long, and the wallet counts for itself.
  if (!locks || signer.kind === 'keplr') return work();
  return (await locks.request(`antiphon.${signer.address}`, work)) as T;
}

async function handIn(ctx: Context, signer: Signer, msgs: TxMsg[], how: Submission): Promise<Pending> {
  const header = await ctx.rest.latest(how.signal);
  if (header.chainId !== ctx.net.chain_id) {
    throw new AntiphonError('wrong_node', { got: header.chainId, want: ctx.net.chain_id });
  }
  const { gas, sequence } = await estimate(ctx, signer, msgs, how);
  how.checkFee?.(BigInt(feeOf(ctx.net, gas).amount));
  const timeoutHeight = Math.min(header.height + LIFE[signer.kind], how.lastHeight ?? Infinity);
  const options: SignOptions = { gas, timeoutHeight, sequence };
  if (how.feeGranter) options.feeGranter = how.feeGranter;
  const first = await signAndSend(ctx, signer, msgs, options, how);
  if (!first.outcome || first.outcome.code !== WRONG_SEQUENCE) return accepted(first);
  // It was refused at the door, so it can be signed anew.
  const wanted = expectedSequence(first.outcome.log);
  const again = { ...options, ...(wanted === null ? {} : { sequence: wanted }) };
  return accepted(await signAndSend(ctx, signer, msgs, again, how));
}

interface Sent {
  pending: Pending;
  /** None if no node answered: it may have arrived. */
  outcome: TxOutcome | null;
}

function accepted({ pending, outcome }: Sent): Pending {
  if (!outcome || outcome.code === 0 || outcome.code === IN_CACHE) return pending;
  throw refusal(outcome.log, outcome);
}

async function signAndSend(
  ctx: Context,
  signer: Signer,
  msgs: TxMsg[],
  options: SignOptions,
  how: Submission,
): Promise<Sent> {
  await how.onStage?.('signing');
  const tx = await signer.sign(msgs, options);
  const pending = { hash: await hashOf(tx), timeoutHeight: options.timeoutHeight ?? 0 };
  await how.onPending?.(pending);
  await how.onStage?.('broadcast');
  return { pending, outcome: await handOver(ctx, tx) };
}

/** The name of a transaction. */
export const hashOf = async (tx: Uint8Array): Promise<string> => hex(await sha256(tx)).toUpperCase();

/**
 * Hands the bytes to the node. From here on nothing is stopped: what may have left must be followed. A refusal counts
 * only if it answers the first attempt: after a lost answer it may be about the copy that arrived. What a gateway says
 * for a node (overloaded, away, broken) is no refusal: the bytes may have gone through it.
 */
async function handOver(ctx: Context, tx: Uint8Array): Promise<TxOutcome | null> {
  for (let attempt = 0; attempt < HANDOVERS; attempt++) {
    if (attempt > 0) await sleep(AGAIN * attempt);
    try {
      const outcome = await ctx.rest.broadcast(tx);
      return attempt === 0 || outcome.code === 0 ? outcome : null;
    } catch (thrown) {
      if (attempt === 0 && isDefinite(thrown)) throw refusal(thrown.text);
    }
  }
  return null;
}

const isDefinite = (thrown: unknown): thrown is Refusal =>
  thrown instanceof Refusal && (thrown.status === INVALID.http || thrown.grpc === INVALID.grpc);

interface Estimate {
  gas: number;
  sequence: bigint;
}

/** A dry run: shows most refusals before anything is paid. */
async function estimate(ctx: Context, signer: Signer, msgs: TxMsg[], how: Submission): Promise<Estimate> {
  const account = await ctx.rest.account(signer.address, how.signal);
  if (!account) {
    // A session key gets its account with its first grant; any other one with its first coins.
    throw new AntiphonError(signer.kind === 'session' ? 'session_over' : 'no_funds', { have: '0', need: '' });
  }
  const run = async (sequence: bigint): Promise<Estimate> => {
    const used = await ctx.rest.simulate(unsigned(ctx, signer, msgs, sequence, how.feeGranter), how.signal);
    return { gas: Math.ceil(used * MARGIN), sequence };
  };
  try {
    return await run(account.sequence);
  } catch (thrown) {
    const wanted = thrown instanceof Refusal ? expectedSequence(thrown.text) : null;
    if (wanted !== null) return run(wanted).catch(rethrow);
    return rethrow(thrown);
  }
}

function rethrow(thrown: unknown): never {
  throw thrown instanceof Refusal ? refusal(thrown.text) : thrown;
}

function unsigned(ctx: Context, signer: Signer, msgs: TxMsg[], sequence: bigint, granter?: string): Bytes {
  const fee = feeOf(ctx.net, SIMULATED_GAS);
  const paid = granter ? { granter } : {};
  const auth = authInfo({ pubkey: signer.pubkey, sequence, fee, gas: SIMULATED_GAS, ...paid });
  return txRaw(txBody({ msgs }), auth, new Uint8Array(64));
}

/** Waits until the transaction is in a block, or can no longer enter one (`timeout`: nothing was done). */
export async function waitFor(ctx: Context, pending: Pending, signal?: AbortSignal): Promise<TxOutcome> {
  const pace = new Pace(signal);
  let silent = 0;
  for (let look = 1; ; look++) {
    try {
      const found = await ctx.rest.tx(pending.hash, signal);
      if (found) return found;
      if (look % 4 === 0 && (await hasLapsed(ctx, pending, signal))) return await lastLooks(ctx, pending, signal);
      silent = 0;
    } catch (thrown) {
      silent += 1;
      if (!(thrown instanceof AntiphonError) || thrown.code !== 'node_down' || silent > MAX_SILENT) throw thrown;
    }
    await pace.next();
  }
}

async function hasLapsed(ctx: Context, { timeoutHeight }: Pending, signal?: AbortSignal): Promise<boolean> {
  return (await ctx.rest.latest(signal)).height >= timeoutHeight + GRACE;
}

/** It cannot enter a block any more: found after all, or missed so often that it is in none. */
async function lastLooks(ctx: Context, { hash }: Pending, signal?: AbortSignal): Promise<TxOutcome> {
  for (let missed = 0; missed < MISSES; missed++) {
    await sleep(APART, signal);
    const late = await ctx.rest.tx(hash, signal);
    if (late) return late;
  }
  throw new AntiphonError('timeout', { hash }, 'it was in no block in time, and never will be');
}

/** The outcome, if its messages were executed. */
export function succeeded(outcome: TxOutcome): TxOutcome {
  if (outcome.code === 0) return outcome;
  throw refusal(outcome.log, outcome);
}

/** The first value of this key in the events of this type. */
export function attribute(outcome: TxOutcome, type: string, key: string): string | null {
  for (const event of outcome.events) {
    const found = event.type === type && event.attributes.find((entry) => entry.key === key);
    if (found) return found.value;
  }
  return null;
}
