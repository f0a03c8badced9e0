// Keplr's own rules for a suggested chain, as in @keplr-wallet/chain-validator 0.13.16 (schema.js, feature.js): unknown
// fields are refused there. The package itself brings 177 others, so its rules are written out here.
import { expect } from 'vitest';

type Shape = Record<string, unknown>;

const FEATURES = [
  'stargate',
  'cosmwasm',
  'wasmd_0.24+',
  'secretwasm',
  'ibc-transfer',
  'no-legacy-stdTx',
  'ibc-go',
  'eth-address-gen',
  'eth-key-sign',
];
const REQUIRED = ['rpc', 'rest', 'chainId', 'chainName', 'bip44', 'currencies', 'feeCurrencies'];
const OPTIONAL = [
  'stakeCurrency',
  'bech32Config',
  'nodeProvider',
  'walletUrl',
  'walletUrlForStaking',
  'alternativeBIP44s',
  'features',
  'beta',
  'chainSymbolImageUrl',
  'hideInUI',
  'evm',
];
const CURRENCY = ['coinDenom', 'coinMinimalDenom', 'coinDecimals'];
const PREFIXES = ['AccAddr', 'AccPub', 'ValAddr', 'ValPub', 'ConsAddr', 'ConsPub'].map((name) => `bech32Prefix${name}`);

function fields(value: unknown, required: string[], optional: string[] = []): Shape {
  const shape = value as Shape;
  for (const name of required) expect(shape, name).toHaveProperty([name]);
  for (const name of Object.keys(shape)) expect([...required, ...optional]).toContain(name);
  return shape;
}

const isWord = (value: unknown): void => {
  expect(typeof value).toBe('string');
  expect((value as string).length).toBeGreaterThan(0);
};

/** Fails the test at the first rule broken. */
export function expectChainInfo(value: unknown): void {
  const info = fields(value, REQUIRED, OPTIONAL);
  isWord(info.chainId);
  isWord(info.chainName);
  expect((info.chainId as string).length).toBeLessThanOrEqual(50);
  expect((info.chainName as string).length).toBeLessThanOrEqual(36);
  for (const url of [info.rpc, info.rest] as string[]) {
    expect(URL.canParse(url)).toBe(true);
    expect(url).not.toContain('?');
  }
  const { coinType } = info.bip44 as Shape;
  expect(Number.isInteger(coinType) && (coinType as number) >= 0).toBe(true);
  Object.values(fields(info.bech32Config, PREFIXES)).forEach(isWord);
  currency(info.stakeCurrency);
  currencies(info.currencies);
  currencies(info.feeCurrencies, ['gasPriceStep']);
  const features = info.features as string[];
  features.forEach((feature) => expect(FEATURES).toContain(feature));
  expect(new Set(features).size).toBe(features.length);
}

function currencies(value: unknown, more: string[] = []): void {
  const list = value as Shape[];
  expect(list.length).toBeGreaterThan(0);
  list.forEach((one) => currency(one, more));
}

function currency(value: unknown, more: string[] = []): void {
  const one = fields(value, CURRENCY, ['coinGeckoId', 'coinImageUrl', ...more]);
  isWord(one.coinDenom);
  isWord(one.coinMinimalDenom);
  const decimals = one.coinDecimals as number;
  expect(Number.isInteger(decimals) && decimals >= 0 && decimals <= 18).toBe(true);
  if (!one.gasPriceStep) return;
  const { low, average, high } = fields(one.gasPriceStep, ['low', 'average', 'high']) as Record<string, number>;
  expect(low <= average && average <= high).toBe(true);
  [low, average, high].forEach((price) => expect(typeof price).toBe('number'));
}
