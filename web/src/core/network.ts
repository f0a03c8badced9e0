import { AntiphonError } from './errors';
import type { Fetch } from './types';

/** Where the network is: `network.json` beside the page, overridden by the settings. */
export interface NetworkConfig {
  chain_id: string;
  chain_name: string;
  rpc: string;
  rest: string;
  contract: string;
  /** Of addresses. */
  prefix: string;
  denom: string;
  display_denom: string;
  decimals: number;
  /** Amount and denom per unit of gas, such as `0.025uanti`. */
  gas_price: string;
  model: number | null;
  faucet: string | null;
  gateway: string | null;
}

const OVERRIDES = 'antiphon.network';
/** The file is a few hundred bytes. */
const MAX_FILE = 16_384;
const TEXT_FIELDS = ['chain_id', 'rpc', 'rest', 'contract', 'prefix', 'denom', 'gas_price'] as const;
const URL_FIELDS = ['rpc', 'rest', 'faucet', 'gateway'] as const;
const NUMBER = /^(\d+(?:\.\d+)?)([a-zA-Z][a-zA-Z0-9/]*)$/;

/** `network.json` with the overrides of the settings. */
export async function loadNetwork(fetcher: Fetch = globalThis.fetch): Promise<NetworkConfig> {
  const base = await fileConfig(fetcher);
  return parseNetwork({ ...base, ...loadOverrides() });
}

async function fileConfig(fetcher: Fetch): Promise<Record<string, unknown>> {
  try {
    const response = await fetcher('./network.json', { cache: 'no-store' });
    const text = response.ok ? await response.text() : '';
    return text.length > 0 && text.length <= MAX_FILE ? asRecord(JSON.parse(text)) : {};
  } catch {
    // Published as plain files, the page has no network.json of its own: the settings then name the network.
    return {};
  }
}

/** Fields the settings have changed. */
export function loadOverrides(): Partial<NetworkConfig> {
  try {
    return asRecord(JSON.parse(globalThis.localStorage?.getItem(OVERRIDES) ?? '{}')) as Partial<NetworkConfig>;
  } catch {
    return {};
  }
}

/** Keeps what differs; an empty object goes back to network.json. Checked before it is kept. */
export function saveOverrides(overrides: Partial<NetworkConfig>): void {
  for (const field of URL_FIELDS) {
    const value = overrides[field];
    if (typeof value === 'string') checkUrl(field, value);
  }
  if (overrides.gas_price !== undefined) gasPrice(overrides.gas_price);
  globalThis.localStorage.setItem(OVERRIDES, JSON.stringify(overrides));
}

/** Checks a configuration, and fills what has a default. */
export function parseNetwork(raw: Record<string, unknown>): NetworkConfig {
  for (const field of TEXT_FIELDS) {
    if (typeof raw[field] !== 'string' || raw[field] === '') {
      throw new AntiphonError('node_down', { field }, `network.json has no ${field}: name it in the settings`);
    }
  }
  for (const field of URL_FIELDS) {
    if (typeof raw[field] === 'string') checkUrl(field, raw[field]);
  }
  gasPrice(raw.gas_price as string);
  const denom = raw.denom as string;
  return {
    chain_id: raw.chain_id as string,
    chain_name: textOr(raw.chain_name, raw.chain_id as string),
    rpc: bare(raw.rpc as string),
    rest: bare(raw.rest as string),
    contract: raw.contract as string,
    prefix: raw.prefix as string,
    denom,
    display_denom: textOr(raw.display_denom, denom.replace(/^u/, '').toUpperCase()),
    decimals: typeof raw.decimals === 'number' ? raw.decimals : 6,
    gas_price: raw.gas_price as string,
    model: typeof raw.model === 'number' ? raw.model : null,
    faucet: typeof raw.faucet === 'string' ? bare(raw.faucet) : null,
    gateway: typeof raw.gateway === 'string' ? bare(raw.gateway) : null,
  };
}

/** The fee of a gas limit at the network's price, rounded up. */
export function feeOf(net: Pick<NetworkConfig, 'gas_price'>, gas: number): { denom: string; amount: string } {
  const { scaled, scale, denom } = gasPrice(net.gas_price);
  const amount = (BigInt(gas) * scaled + scale - 1n) / scale;
  return { denom, amount: amount.toString() };
}

/** `0.025uanti` as 25 / 1000 and its denom: money is never a float. */
function gasPrice(text: string): { scaled: bigint; scale: bigint; denom: string } {
  const match = NUMBER.exec(text);
  if (!match) throw new AntiphonError('node_down', { field: 'gas_price' }, `gas_price ${text}: want e.g. 0.025uanti`);
  const [whole = '0', fraction = ''] = (match[1] ?? '').split('.');
  return { scaled: BigInt(whole + fraction), scale: 10n ** BigInt(fraction.length), denom: match[2] ?? '' };
}

function checkUrl(field: string, text: string): void {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
    throw new AntiphonError('node_down', { field }, `${field} ${text}: want an http or https address`);
  }
}

const bare = (url: string): string => url.replace(/\/+$/, '');
const textOr = (value: unknown, other: string): string => (typeof value === 'string' && value !== '' ? value : other);

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
