// One popup per session: a key of this page may post tasks for the account, so many, so long, and never with coins.
// What a thief of that key could do at most: ask questions from the prepaid balance, and burn the fee allowance.
import { AntiphonError } from './errors';
import { deleteKey, loadKey, saveKey, sessionId } from './keystore';
import { feeOf } from './network';
import { MSG_EXEC, MSG_EXECUTE } from './proto';
import type { Allowance, Grant } from './rest';
import { Key, localSigner } from './signer';
import { submit, type Submission } from './tx';
import type { Context, Payer, Pending, SessionInfo, SessionRequest, Signer, TxMsg } from './types';

/** Gas of one question through a session, the contract not pinned: 208,000 with the margin, and 18,000 for the first. */
const CALL_GAS = 240_000;
/** The allowance is that of all calls and a tenth. */
const SPARE = 110n;
const KEYS = ['post_task'];
const ALLOWED_MSG = '/cosmos.feegrant.v1beta1.AllowedMsgAllowance';
const AUTHORIZATION = '/cosmwasm.wasm.v1.ContractExecutionAuthorization';
/** A message is in the next block at the earliest. */
const BLOCK = 1_500;
export const MAX_CALLS = 1_000;
export const MAX_MINUTES = 720;

const nameOf = (ctx: Context, granter: string): string => sessionId(ctx.net.chain_id, ctx.net.contract, granter);

/** The most the session key can spend on fees. */
export function feeLimit(ctx: Context, calls: number): bigint {
  return (BigInt(feeOf(ctx.net, CALL_GAS).amount) * BigInt(calls) * SPARE) / 100n;
}

/** Starts a session with one transaction, one popup: old ones revoked, both grants, and what is short of the deposit. */
export async function startSession(
  ctx: Context,
  signer: Signer,
  request: SessionRequest,
  how: Submission = {},
): Promise<SessionInfo> {
  const calls = clamp(request.calls, MAX_CALLS);
  const minutes = clamp(request.minutes, MAX_MINUTES);
  const key = Key.random();
  const grantee = await key.address(ctx.net.prefix);
  // The chain counts by its own clock, and so does all of this.
  const { time } = await ctx.rest.latest(how.signal);
  const expires = Math.floor(time / 1000) + minutes * 60;
  const msgs = [
    ...(await revocations(ctx, signer.address)),
    ...grantsFor(ctx, signer.address, grantee, calls, expires),
    ...(await missingDeposit(ctx, signer.address, request.deposit)),
  ];
  // Kept first: a grant to a key that is lost would be a session nobody can use.
  const id = nameOf(ctx, signer.address);
  const before = await loadKey(id);
  await saveKey(id, { address: grantee, secret: Uint8Array.from(key.secret) });
  let sent = false;
  const onPending = async (pending: Pending): Promise<void> => {
    await how.onPending?.(pending);
    sent = true;
  };
  try {
    await submit(ctx, signer, msgs, { ...how, onPending });
  } catch (thrown) {
    if (!sent || isDefinite(thrown)) await undo(ctx, signer.address, before);
    throw thrown;
  }
  return (await sessionStatus(ctx, signer.address)) ?? fail('session_missing');
}

/** The grant was refused, or can never be made any more: not merely unseen. */
const isDefinite = (thrown: unknown): boolean =>
  thrown instanceof AntiphonError && thrown.code !== 'node_down' && thrown.code !== 'stopped';

/** Puts the key before back. */
async function undo(ctx: Context, granter: string, before: Awaited<ReturnType<typeof loadKey>>): Promise<void> {
  if (before) await saveKey(nameOf(ctx, granter), before);
  else await deleteKey(nameOf(ctx, granter));
}

function grantsFor(ctx: Context, granter: string, grantee: string, maxCalls: number, expires: number): TxMsg[] {
  const { contract, denom } = ctx.net;
  const spendLimit = [{ denom, amount: feeLimit(ctx, maxCalls).toString() }];
  return [
    { type: 'grant', granter, grantee, contract, keys: KEYS, maxCalls, expires },
    { type: 'grant_allowance', granter, grantee, spendLimit, expires, messages: [MSG_EXEC] },
  ];
}

async function missingDeposit(ctx: Context, sender: string, wanted: bigint): Promise<TxMsg[]> {
  const missing = wanted - (await ctx.contract.balance(sender));
  if (missing <= 0n) return [];
  const { denom, contract } = ctx.net;
  const have = await ctx.rest.bankBalance(sender, denom);
  if (have < missing) fail('no_funds', { have: have.toString(), need: missing.toString() });
  const funds = [{ denom, amount: missing.toString() }];
  return [{ type: 'execute', sender, contract, msg: { deposit: {} }, funds }];
}

/**
 * What this account has still granted for this contract, to whatever key of an earlier session; and allowances of the
 * kind that a session has, to keys that may do nothing else for it: what sessions that are over have left behind.
 */
async function revocations(ctx: Context, granter: string): Promise<TxMsg[]> {
  const { time } = await ctx.rest.latest();
  const all = await ctx.rest.grantsBy(granter);
  const living = all.filter((grant) => alive(grant, time));
  const grants = living.filter((grant) => isOurs(grant, ctx.net.contract));
  const busy = new Set(living.filter((grant) => !grants.includes(grant)).map(({ grantee }) => grantee));
  const paid = await ctx.rest.allowancesBy(granter);
  const stored = await loadKey(nameOf(ctx, granter));
  const keys = new Set([...grants.map(({ grantee }) => grantee), ...(stored ? [stored.address] : [])]);
  const revoke = grants.map(({ grantee }): TxMsg => ({ type: 'revoke', granter, grantee, msgType: MSG_EXECUTE }));
  const stop = paid
    .filter(({ grantee, allowance }) => keys.has(grantee) || (isSessions(allowance) && !busy.has(grantee)))
    .map(({ grantee }): TxMsg => ({ type: 'revoke_allowance', granter, grantee }));
  return [...stop, ...revoke];
}

/** For calls through a grant and for nothing else. */
function isSessions(allowance: Allowance['allowance']): boolean {
  const messages = allowance.allowed_messages;
  const only = Array.isArray(messages) && messages.length === 1 && messages[0] === MSG_EXEC;
  return allowance['@type'] === ALLOWED_MSG && only;
}

const alive = ({ expires }: Grant, now: number): boolean => expires === null || expires.getTime() > now;

interface ContractGrant {
  contract: string;
  limit?: { remaining?: string };
  filter?: { keys?: string[] };
}

const contractsOf = ({ authorization }: Grant): ContractGrant[] =>
  (authorization.grants as ContractGrant[] | undefined) ?? [];

/** A grant for this contract and no other: nothing else that a person has granted is ever touched. */
function isOurs(grant: Grant, contract: string): boolean {
  const contracts = contractsOf(grant);
  return grant.type === AUTHORIZATION && contracts.length > 0 && contracts.every((one) => one.contract === contract);
}

async function grantTo(ctx: Context, granter: string, grantee: string): Promise<Grant | null> {
  const [grants, { time }] = await Promise.all([ctx.rest.grants(granter, grantee), ctx.rest.latest()]);
  return grants.find((grant) => isOurs(grant, ctx.net.contract) && alive(grant, time + BLOCK)) ?? null;
}

/** What is left of this browser's session for an account; null if there is none, or it is used up or over. */
export async function sessionStatus(ctx: Context, granter: string): Promise<SessionInfo | null> {
  const stored = await loadKey(nameOf(ctx, granter));
  if (!stored) return null;
  const [grant, allowance, prepaid] = await Promise.all([
    grantTo(ctx, granter, stored.address),
    ctx.rest.allowance(granter, stored.address),
    ctx.contract.balance(granter),
  ]);
  if (!grant || !allowance) return null;
  return {
    granter,
    grantee: stored.address,
    callsLeft: Number(contractsOf(grant)[0]?.limit?.remaining ?? 0),
    feeLeft: feeLeft(allowance, ctx.net.denom),
    expires: grant.expires ?? new Date(8.64e15),
    prepaid,
  };
}

function feeLeft(allowance: Record<string, unknown>, denom: string): bigint {
  const basic = (allowance.allowance ?? allowance) as { spend_limit?: { denom: string; amount: string }[] };
  return BigInt(basic.spend_limit?.find((coin) => coin.denom === denom)?.amount ?? 0);
}

/** Revokes everything granted for this contract, in one transaction; then the key is forgotten. */
export async function endSession(ctx: Context, signer: Signer, how: Submission = {}): Promise<void> {
  const msgs = await revocations(ctx, signer.address);
  if (msgs.length > 0) await submit(ctx, signer, msgs, how);
  await deleteKey(nameOf(ctx, signer.address));
}

/** Forgets the key of an account that the person has left; its grants end by themselves. */
export const forgetSession = (ctx: Context, granter: string): Promise<void> => deleteKey(nameOf(ctx, granter));

/** The account as a payer through its session. Throws `session_missing` if this browser holds no key for it. */
export async function sessionPayer(ctx: Context, granter: string): Promise<Payer> {
  const stored = (await loadKey(nameOf(ctx, granter))) ?? fail('session_missing');
  const signer = await localSigner(ctx.net, ctx.rest, new Key(stored.secret), 'session');
  return { requester: granter, signer, onBehalfOf: granter };
}

/**
 * Looks before the session is used: the chain takes the full fee of a call that it then refuses, and does not say why
 * it refuses. Throws `session_missing`, `session_over` or `no_balance`.
 */
export async function checkSession(ctx: Context, granter: string, escrow: bigint): Promise<SessionInfo> {
  const info = (await sessionStatus(ctx, granter)) ?? fail('session_over');
  if (info.callsLeft < 1 || info.feeLeft <= 0n) fail('session_over');
  if (info.prepaid < escrow) fail('no_balance', { have: info.prepaid.toString(), need: escrow.toString() });
  return info;
}

function fail(code: 'session_missing' | 'session_over' | 'no_balance' | 'no_funds', params = {}): never {
  throw new AntiphonError(code, params);
}

const clamp = (value: number, most: number): number => Math.max(1, Math.min(most, Math.floor(value)));
