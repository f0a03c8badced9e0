/** The account that asks, its coins, and its session. Signing code is loaded with the first connection. */
import { effect, signal, untracked } from '@preact/signals';
import { AntiphonError, asAntiphonError } from '../core/errors';
import type { NetworkConfig } from '../core/network';
import type { Payer, SessionInfo, SessionRequest, Signer } from '../core/types';
import { askFaucet, chainInfo, connectGuest, connectKeplr, onAccountSwitch, walletPresent } from '../core/wallet';
import { t } from '../i18n';
import type { Failure } from '../ui/error-card';
import { toast } from '../ui/parts';
import { chainAhead, chainNow } from './clock';
import { price } from './composer';
import { money, net, networkKnown, reader } from './network';
import { recall, remember } from './prefs';

/** What is remembered of an account between visits: enough to read, and to ask with a session that still lives. */
export interface Account {
  kind: 'guest' | 'keplr';
  address: string;
  name?: string | undefined;
  ledger: boolean;
}

/** Lengths of a session that are offered. */
export const MINUTES = [10, 30, 60, 180, 720];
const KEPT = 'antiphon.account';

export const account = signal<Account | null>(null);
export const coins = signal<bigint | null>(null);
export const prepaid = signal<bigint | null>(null);
export const session = signal<SessionInfo | null>(null);
/** A session of this visit has run out or was ended. */
export const sessionEnded = signal(false);
export const busy = signal<'connect' | 'faucet' | 'start' | 'end' | 'withdraw' | null>(null);
export const walletFailure = signal<Failure | null>(null);
export const panelOpen = signal(false);
export const grantOpen = signal(false);
/** What was to be done when a session was missing. */
export const afterGrant = signal<(() => void) | null>(null);

let signer: Signer | null = null;

export const walletInstalled = (): boolean => walletPresent();

/** A guest key signs by itself; a wallet would open a popup for every question without a session. */
export function needsSession(): boolean {
  return account.value?.kind === 'keplr' && !isLive(session.value);
}

export function isLive(info: SessionInfo | null): boolean {
  return info !== null && info.callsLeft > 0 && info.expires.getTime() > chainNow.value;
}

export async function startWallet(): Promise<void> {
  onAccountSwitch(() => void switched());
  effect(() => onNetwork(net.value));
  effect(() => {
    // A session that runs out while it is looked at.
    if (session.value && !isLive(session.value)) {
      session.value = null;
      sessionEnded.value = true;
    }
  });
  const kept = recall(KEPT);
  if (kept === null || !net.value) return;
  const stored = JSON.parse(kept) as Account & { chain: string };
  if (stored.chain !== net.value.chain_id) return;
  account.value = { kind: stored.kind, address: stored.address, name: stored.name, ledger: stored.ledger };
  await refreshAccount();
}

let before: NetworkConfig | null = null;

/** Settings may have named another network: neither key, session nor account of the one before is used on it. */
function onNetwork(config: NetworkConfig | null): void {
  const last = before;
  before = config ?? last;
  if (!config || !last || JSON.stringify(config) === JSON.stringify(last)) return;
  untracked(() => {
    const same = (['chain_id', 'contract', 'prefix'] as const).every((field) => config[field] === last[field]);
    forgetHeld();
    if (same) void refreshAccount();
    else account.value = null;
  });
}

/** Coins, prepaid balance and session as the chain has them now. */
export async function refreshAccount(): Promise<void> {
  const ctx = reader.value;
  const who = account.value;
  if (!ctx || !who) return;
  try {
    const { sessionStatus } = await import('../core/session');
    const [inBank, inContract, live, { time }] = await Promise.all([
      ctx.rest.bankBalance(who.address, ctx.net.denom),
      ctx.contract.balance(who.address),
      sessionStatus(ctx, who.address),
      ctx.rest.latest(),
    ]);
    if (account.value?.address !== who.address || reader.value !== ctx) return;
    chainAhead.value = time - Date.now();
    coins.value = inBank;
    prepaid.value = inContract;
    if (session.value && !live) sessionEnded.value = true;
    session.value = live;
  } catch {
    // Figures stay as they were; what is done next tells of a node that is away.
  }
}

export async function connect(kind: Account['kind']): Promise<void> {
  await attempt('connect', async () => {
    const found = await connected(kind);
    await use(found);
    if (kind === 'guest' && net.value?.faucet && coins.value === 0n) await gift(found.address);
    panelOpen.value = false;
  });
}

async function connected(kind: Account['kind']): Promise<Signer> {
  const config = await networkKnown();
  return kind === 'guest' ? connectGuest(config) : connectKeplr(config);
}

/** Signs for the account that is shown. After a reload the wallet may hold another one: that is never charged. */
async function signerFor({ kind, address }: Account): Promise<Signer> {
  const config = net.value;
  const found = signer ?? (await connected(kind));
  if (found.address !== address || account.value?.address !== address || net.value !== config) {
    throw new AntiphonError('account_switched', {}, `got ${found.address}, want ${address}`);
  }
  signer = found;
  return found;
}

/** The account that is shown, to sign by itself: what a session's key may not. */
export async function accountSigner(): Promise<Signer> {
  if (!account.value) throw new AntiphonError('wallet_missing', {}, 'no account is connected');
  return signerFor(account.value);
}

async function use(found: Signer): Promise<void> {
  signer = found;
  const { address, ledger, name } = found;
  const kind = found.kind === 'guest' ? 'guest' : 'keplr';
  account.value = { kind, address, name, ledger };
  remember(KEPT, JSON.stringify({ ...account.value, chain: net.value?.chain_id }));
  forgetFigures();
  await refreshAccount();
}

/** Forgets the account here; a session stays on chain until it runs out, its key until another is made. */
export function disconnect(): void {
  forgetHeld();
  account.value = null;
  walletFailure.value = null;
  panelOpen.value = false;
  remember(KEPT, null);
}

function forgetHeld(): void {
  signer = null;
  forgetFigures();
}

function forgetFigures(): void {
  coins.value = null;
  prepaid.value = null;
  session.value = null;
  sessionEnded.value = false;
}

/** Another account was chosen in the wallet: nothing is asked in the name of the old one any more. */
async function switched(): Promise<void> {
  if (account.value?.kind !== 'keplr') return;
  disconnect();
  walletFailure.value = { code: 'account_switched', params: {} };
  panelOpen.value = true;
}

/** Adds this network to the wallet, then connects. */
export async function addNetwork(): Promise<void> {
  await attempt('connect', async () => {
    if (!net.value) return;
    await window.keplr?.experimentalSuggestChain(chainInfo(net.value));
    await use(await connected('keplr'));
    panelOpen.value = false;
  });
}

export async function takeCoins(): Promise<void> {
  const who = account.value;
  if (who) await attempt('faucet', () => gift(who.address));
}

async function gift(address: string): Promise<void> {
  if (!net.value) return;
  const given = await askFaucet(net.value, address);
  toast(t('wallet.faucet.done', { amount: money(BigInt(given.amount)) }));
  await refreshAccount();
}

/** Takes the whole prepaid balance out of the contract, to its owner. */
export async function withdraw(): Promise<void> {
  await attempt('withdraw', async () => {
    const ctx = reader.value;
    const who = account.value;
    if (!ctx || !who) return;
    const { submit } = await import('../core/tx');
    const { contract } = ctx.net;
    const msg = { type: 'execute' as const, sender: who.address, contract, msg: { withdraw: {} }, funds: [] };
    await submit(ctx, await signerFor(who), [msg], {});
    toast(t('wallet.withdrawn'));
    await refreshAccount();
  });
}

/** One signature: both permissions, and the deposit if it is short. */
export async function beginSession(request: SessionRequest): Promise<void> {
  const done = await attempt('start', async () => {
    const ctx = reader.value;
    const who = account.value;
    if (!ctx || !who) return;
    const { startSession } = await import('../core/session');
    session.value = await startSession(ctx, await signerFor(who), request);
    sessionEnded.value = false;
    await refreshAccount();
  });
  if (!done) return;
  const next = afterGrant.value;
  grantOpen.value = false;
  afterGrant.value = null;
  next?.();
}

/** Takes both permissions back on chain. */
export async function finishSession(): Promise<void> {
  await attempt('end', async () => {
    const ctx = reader.value;
    const who = account.value;
    if (!ctx || !who) return;
    const { endSession } = await import('../core/session');
    await endSession(ctx, await signerFor(who));
    session.value = null;
    sessionEnded.value = true;
    await refreshAccount();
  });
  if (walletFailure.value) panelOpen.value = true;
}

/** Who signs and pays the next question. */
export async function payer(): Promise<Payer | null> {
  const ctx = reader.value;
  const who = account.value;
  if (!ctx || !who) return null;
  if (isLive(session.value)) {
    const { sessionPayer } = await import('../core/session');
    const found = await sessionPayer(ctx, who.address);
    if (found) return found;
  }
  return { requester: who.address, signer: await signerFor(who) };
}

/** Enough for so many questions like the one in the composer. */
export function defaultDeposit(questions: number): bigint {
  return (price.value ?? 1_000_000n) * BigInt(questions);
}

async function attempt(what: NonNullable<typeof busy.value>, work: () => Promise<void>): Promise<boolean> {
  if (busy.value) return false;
  busy.value = what;
  walletFailure.value = null;
  try {
    await work();
    return true;
  } catch (thrown) {
    const { code, params, detail } = asAntiphonError(thrown);
    walletFailure.value = { code, params, detail };
    return false;
  } finally {
    busy.value = null;
  }
}
