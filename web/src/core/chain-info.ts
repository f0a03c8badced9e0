// What a wallet needs to know of a network it has never heard of.
import type { NetworkConfig } from './network';

interface Currency {
  coinDenom: string;
  coinMinimalDenom: string;
  coinDecimals: number;
}

export interface KeplrChainInfo {
  chainId: string;
  chainName: string;
  rpc: string;
  rest: string;
  bip44: { coinType: number };
  bech32Config: Record<string, string>;
  currencies: Currency[];
  feeCurrencies: (Currency & { gasPriceStep: { low: number; average: number; high: number } })[];
  stakeCurrency: Currency;
  features: string[];
}

/** Cosmos' registered coin type: the same account as on other chains of this kind. */
const COIN_TYPE = 118;
/** Keplr's limit. */
const MAX_NAME = 30;

/** The suggestion for `experimentalSuggestChain`, by the rules of Keplr's chain validator. */
export function chainInfo(net: NetworkConfig): KeplrChainInfo {
  const currency = {
    coinDenom: net.display_denom,
    coinMinimalDenom: net.denom,
    coinDecimals: net.decimals,
  };
  const price = parseFloat(net.gas_price);
  return {
    chainId: net.chain_id,
    chainName: net.chain_name.slice(0, MAX_NAME),
    rpc: net.rpc,
    rest: net.rest,
    bip44: { coinType: COIN_TYPE },
    bech32Config: prefixes(net.prefix),
    currencies: [currency],
    feeCurrencies: [{ ...currency, gasPriceStep: { low: price, average: price, high: price * 2 } }],
    stakeCurrency: currency,
    features: ['cosmwasm'],
  };
}

function prefixes(prefix: string): Record<string, string> {
  return {
    bech32PrefixAccAddr: prefix,
    bech32PrefixAccPub: `${prefix}pub`,
    bech32PrefixValAddr: `${prefix}valoper`,
    bech32PrefixValPub: `${prefix}valoperpub`,
    bech32PrefixConsAddr: `${prefix}valcons`,
    bech32PrefixConsPub: `${prefix}valconspub`,
  };
}
