// A wallet with Keplr's interface that really signs, with the switches a person has: refuse, lock,
// change the account, plug in a Ledger. It lives outside the page and counts every popup.
import { readFile } from 'node:fs/promises';
import type { BrowserContext } from 'playwright-core';
import { checkChainInfo, type ChainInfo } from './keplr-schema.ts';
import { bytes, join, uint } from './proto.ts';
import { newKey, signBytes, type PersonKey } from './secp.ts';

type Popup = 'suggest' | 'enable' | 'sign' | 'unlock';
interface DirectDoc {
  bodyBytes: string;
  authInfoBytes: string;
  chainId: string;
  accountNumber: string;
}
interface AminoDoc {
  chain_id: string;
  memo: string;
  [field: string]: unknown;
}

export class FakeKeplr {
  readonly accounts: PersonKey[];
  /** Popups shown so far, by kind; one refused was shown too. */
  readonly popups: Record<Popup, number> = { suggest: 0, enable: 0, sign: 0, unlock: 0 };
  /** Every document signed, as the chain will see it. */
  readonly signed: { mode: 'direct' | 'amino'; doc: DirectDoc | AminoDoc }[] = [];
  readonly chains = new Map<string, ChainInfo>();
  /** The person closes every popup. */
  refuse = false;
  /** The wallet is locked and the person does not unlock it. */
  locked = false;
  /** The account is on a Ledger, which signs amino documents only. */
  ledger = false;
  /** The wallet does not take networks from pages, as some mobile ones do not. */
  unsupported = false;
  private current = 0;
  private readonly allowed = new Set<string>();
  private readonly contexts: BrowserContext[] = [];

  constructor(accounts: number | PersonKey[] = 1, prefix = 'wasm') {
    this.accounts = typeof accounts === 'number' ? Array.from({ length: accounts }, () => newKey(prefix)) : accounts;
  }

  get key(): PersonKey {
    return this.accounts[this.current] as PersonKey;
  }

  get popupsInAll(): number {
    return Object.values(this.popups).reduce((sum, n) => sum + n, 0);
  }

  /** Puts the wallet into every page of this browser profile. */
  async install(context: BrowserContext): Promise<void> {
    this.contexts.push(context);
    await context.exposeBinding('__wallet', (_source, method: string, args: unknown[]) => this.answer(method, args));
    await context.addInitScript({ content: await readFile(new URL('./keplr-page.js', import.meta.url), 'utf8') });
  }

  /** The person picks another account: pages hear of it as from Keplr. */
  async switchAccount(index: number): Promise<void> {
    this.current = index;
    const event = () => void window.dispatchEvent(new Event('keplr_keystorechange'));
    for (const page of this.contexts.flatMap((context) => context.pages())) await page.evaluate(event);
  }

  private async answer(method: string, args: unknown[]): Promise<{ value?: unknown; error?: string }> {
    try {
      return { value: await this.call(method, args) };
    } catch (error) {
      return { error: (error as Error).message };
    }
  }

  private async call(method: string, [first, second, third]: unknown[]): Promise<unknown> {
    switch (method) {
      case 'experimentalSuggestChain':
        return this.suggest(first as ChainInfo);
      case 'enable':
        return [first].flat().forEach((chain) => this.enable(chain as string));
      case 'getKey':
        return this.getKey(first as string);
      case 'signDirect':
        return this.signDirect(first as string, second as string, third as DirectDoc);
      case 'signAmino':
        return this.signAmino(first as string, second as string, third as AminoDoc);
      default:
        throw new Error(`${method} is not implemented`);
    }
  }

  private popup(kind: Popup): void {
    this.popups[kind] += 1;
    if (this.refuse) throw new Error('Request rejected');
  }

  private unlocked(): void {
    if (!this.locked) return;
    this.popups.unlock += 1;
    throw new Error('Key ring is not unlocked');
  }

  private suggest(info: ChainInfo): void {
    checkChainInfo(info);
    if (this.unsupported) throw new Error(`There is no chain info for ${info.chainId}`);
    if (this.chains.has(info.chainId)) return;
    this.popup('suggest');
    this.chains.set(info.chainId, info);
    this.allowed.add(info.chainId);
  }

  private known(chain: string): ChainInfo {
    const info = this.chains.get(chain);
    if (!info) throw new Error(`There is no chain info for ${chain}`);
    return info;
  }

  private enable(chain: string): void {
    this.known(chain);
    this.unlocked();
    if (this.allowed.has(chain)) return;
    this.popup('enable');
    this.allowed.add(chain);
  }

  private getKey(chain: string) {
    this.enable(chain);
    const { publicKey, raw, address } = this.key;
    return {
      name: `account ${this.current}`,
      algo: 'secp256k1',
      pubKey: publicKey.toString('hex'),
      address: raw.toString('hex'),
      bech32Address: address,
      ethereumHexAddress: '',
      isNanoLedger: this.ledger,
      isKeystone: false,
    };
  }

  private allow(chain: string, signer: string, inDocument: string): void {
    this.enable(chain);
    if (signer !== this.key.address) throw new Error('Signer mismatched');
    if (inDocument !== chain) throw new Error('Chain id unmatched in sign doc');
    this.popup('sign');
  }

  private signDirect(chain: string, signer: string, doc: DirectDoc) {
    if (this.ledger) throw new Error('Direct signing is not supported on Ledger');
    this.allow(chain, signer, doc.chainId);
    const part = (field: number, text: string) => bytes(field, Buffer.from(text, 'hex'));
    const head = [part(1, doc.bodyBytes), part(2, doc.authInfoBytes), bytes(3, Buffer.from(doc.chainId))];
    this.signed.push({ mode: 'direct', doc });
    return { signed: doc, signature: this.signature(join(...head, uint(4, BigInt(doc.accountNumber)))) };
  }

  private signAmino(chain: string, signer: string, doc: AminoDoc) {
    this.allow(chain, signer, doc.chain_id);
    const escapes: Record<string, string> = { '&': '\\u0026', '<': '\\u003c', '>': '\\u003e' };
    const text = JSON.stringify(sorted(doc)).replace(/[&<>]/g, (c) => escapes[c] as string);
    this.signed.push({ mode: 'amino', doc });
    return { signed: doc, signature: this.signature(Buffer.from(text)) };
  }

  private signature(document: Uint8Array) {
    const value = this.key.publicKey.toString('base64');
    const signature = signBytes(this.key, document).toString('base64');
    return { pub_key: { type: 'tendermint/PubKeySecp256k1', value }, signature };
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
