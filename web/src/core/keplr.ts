// Wallets with Keplr's interface: Keplr, Leap, and the browsers inside their apps.
import { aminoOf, type StdSignDoc } from './amino';
import { unbase64, type Bytes } from './bytes';
import { chainInfo, type KeplrChainInfo } from './chain-info';
import { AntiphonError } from './errors';
import { feeOf, type NetworkConfig } from './network';
import { authInfo, txBody, txRaw, type Body } from './proto';
import type { Rest } from './rest';
import type { SignOptions, Signer, TxMsg } from './types';

interface KeplrKey {
  name: string;
  pubKey: Uint8Array;
  bech32Address: string;
  isNanoLedger: boolean;
}

interface DirectDoc {
  bodyBytes: Uint8Array;
  authInfoBytes: Uint8Array;
  chainId: string;
  /** Decimal: wallets take a Long, a bigint or its text, and only the text crosses every one of their bridges. */
  accountNumber: string;
}

interface KeplrSignature {
  signature: string;
}

export interface Keplr {
  enable(chain: string): Promise<void>;
  experimentalSuggestChain(info: KeplrChainInfo): Promise<void>;
  getKey(chain: string): Promise<KeplrKey>;
  signDirect(
    chain: string,
    signer: string,
    doc: DirectDoc,
    options: Record<string, boolean>,
  ): Promise<{ signed: DirectDoc; signature: KeplrSignature }>;
  signAmino(
    chain: string,
    signer: string,
    doc: StdSignDoc,
    options: Record<string, boolean>,
  ): Promise<{ signed: StdSignDoc; signature: KeplrSignature }>;
}

declare global {
  interface Window {
    keplr?: Keplr;
  }
}

/** The fee is the page's own figure: it was simulated, and the session's limit is counted by it. */
const OPTIONS = { preferNoSetFee: true, preferNoSetMemo: true };

/** The wallet in this browser. Throws `wallet_missing`. */
function wallet(): Keplr {
  const found = globalThis.window?.keplr;
  if (!found) throw new AntiphonError('wallet_missing');
  return found;
}

/** Connects: the wallet may ask to be unlocked, to add the network, and to trust this page. */
export async function connect(net: NetworkConfig, rest: Rest): Promise<Signer> {
  const keplr = wallet();
  await told(enabled(keplr, net));
  const key = await told(keplr.getKey(net.chain_id));
  if (!key.bech32Address.startsWith(`${net.prefix}1`)) {
    throw new AntiphonError('wrong_chain', { got: key.bech32Address, want: `${net.prefix}1…` });
  }
  const signer: Omit<Signer, 'sign'> = {
    kind: 'keplr',
    address: key.bech32Address,
    pubkey: Uint8Array.from(key.pubKey),
    ledger: key.isNanoLedger,
    name: key.name,
  };
  return { ...signer, sign: (msgs, opts) => sign(net, rest, signer, msgs, opts) };
}

async function enabled(keplr: Keplr, net: NetworkConfig): Promise<void> {
  try {
    await keplr.enable(net.chain_id);
  } catch (thrown) {
    if (!isUnknownChain(thrown)) throw thrown;
    await keplr.experimentalSuggestChain(chainInfo(net));
    await keplr.enable(net.chain_id);
  }
}

async function sign(
  net: NetworkConfig,
  rest: Rest,
  signer: Omit<Signer, 'sign'>,
  msgs: TxMsg[],
  opts: SignOptions,
): Promise<Uint8Array> {
  const keplr = wallet();
  const key = await told(keplr.getKey(net.chain_id));
  if (key.bech32Address !== signer.address) {
    throw new AntiphonError('account_switched', { got: key.bech32Address, want: signer.address });
  }
  const account = await rest.account(signer.address);
  if (!account) throw new AntiphonError('no_funds', { have: '0', need: '' });
  const terms: Terms = { ...opts, account: account.number, sequence: opts.sequence ?? account.sequence };
  return signer.ledger ? signAmino(net, keplr, signer, msgs, terms) : signDirect(net, keplr, signer, msgs, terms);
}

interface Terms extends SignOptions {
  account: bigint;
  sequence: bigint;
}

const bodyOf = (msgs: TxMsg[], { memo, timeoutHeight }: SignOptions): Body => ({
  msgs,
  ...(memo === undefined ? {} : { memo }),
  ...(timeoutHeight === undefined ? {} : { timeoutHeight }),
});

async function signDirect(
  net: NetworkConfig,
  keplr: Keplr,
  signer: Omit<Signer, 'sign'>,
  msgs: TxMsg[],
  terms: Terms,
): Promise<Bytes> {
  const { pubkey, address } = signer;
  const { gas, sequence, account, feeGranter } = terms;
  const granter = feeGranter ? { granter: feeGranter } : {};
  const doc: DirectDoc = {
    bodyBytes: txBody(bodyOf(msgs, terms)),
    authInfoBytes: authInfo({ pubkey, sequence, fee: feeOf(net, gas), gas, ...granter }),
    chainId: net.chain_id,
    accountNumber: account.toString(),
  };
  const { signed, signature } = await told(keplr.signDirect(net.chain_id, address, doc, OPTIONS));
  // The person may have changed the fee: what was signed counts.
  return txRaw(signed.bodyBytes, signed.authInfoBytes, unbase64(signature.signature));
}

async function signAmino(
  net: NetworkConfig,
  keplr: Keplr,
  signer: Omit<Signer, 'sign'>,
  msgs: TxMsg[],
  terms: Terms,
): Promise<Bytes> {
  const { pubkey, address } = signer;
  const { signed, signature } = await told(keplr.signAmino(net.chain_id, address, aminoDoc(net, msgs, terms), OPTIONS));
  const [fee] = signed.fee.amount;
  const gas = BigInt(signed.fee.gas);
  const granter = signed.fee.granter ? { granter: signed.fee.granter } : {};
  const auth = { pubkey, sequence: BigInt(signed.sequence), fee: fee ?? feeOf(net, 0), gas, ...granter };
  const body = txBody(bodyOf(msgs, { ...terms, memo: signed.memo }));
  return txRaw(body, authInfo({ ...auth, mode: 127 }), unbase64(signature.signature));
}

function aminoDoc(net: NetworkConfig, msgs: TxMsg[], terms: Terms): StdSignDoc {
  const granter = terms.feeGranter ? { granter: terms.feeGranter } : {};
  const doc: StdSignDoc = {
    account_number: terms.account.toString(),
    chain_id: net.chain_id,
    fee: { amount: [feeOf(net, terms.gas)], gas: String(terms.gas), ...granter },
    memo: terms.memo ?? '',
    msgs: msgs.map(aminoOf),
    sequence: terms.sequence.toString(),
  };
  return terms.timeoutHeight ? { ...doc, timeout_height: String(terms.timeoutHeight) } : doc;
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
const isUnknownChain = (thrown: unknown): boolean =>
  /no chain info|chain info not found|unknown chain/i.test(messageOf(thrown));

/** The wallet's words as our codes. */
async function told<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (thrown) {
    if (thrown instanceof AntiphonError) throw thrown;
    throw ofWallet(messageOf(thrown));
  }
}

export function ofWallet(message: string): AntiphonError {
  if (/reject|denied|cancel/i.test(message)) return new AntiphonError('wallet_refused', {}, message);
  if (/not unlocked|locked|unlock/i.test(message)) return new AntiphonError('wallet_locked', {}, message);
  if (/no chain info|chain id|not allowed|is not supported/i.test(message)) {
    return new AntiphonError('wrong_chain', {}, message);
  }
  if (/mismatch/i.test(message)) return new AntiphonError('account_switched', {}, message);
  return new AntiphonError('wallet_refused', {}, message);
}
