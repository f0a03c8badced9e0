// What Keplr accepts in experimentalSuggestChain, rule by rule as in its chain validator: unknown
// fields are refused there, and so they are here.

interface Currency {
  coinDenom: string;
  coinMinimalDenom: string;
  coinDecimals: number;
  gasPriceStep?: { low: number; average: number; high: number };
}
export interface ChainInfo {
  chainId: string;
  chainName: string;
  rpc: string;
  rest: string;
  currencies: Currency[];
  feeCurrencies: Currency[];
  [field: string]: unknown;
}

const REQUIRED = [
  'rpc',
  'rest',
  'chainId',
  'chainName',
  'stakeCurrency',
  'bip44',
  'bech32Config',
  'currencies',
  'feeCurrencies',
];
const OPTIONAL = [
  'nodeProvider',
  'walletUrl',
  'walletUrlForStaking',
  'alternativeBIP44s',
  'beta',
  'features',
  'chainSymbolImageUrl',
];
const PREFIXES = ['AccAddr', 'AccPub', 'ValAddr', 'ValPub', 'ConsAddr', 'ConsPub'].map((name) => `bech32Prefix${name}`);
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
  'query:/cosmos/bank/v1beta1/spendable_balances',
  'axelar-evm-bridge',
  'osmosis-txfees',
  'terra-classic-fee',
  'ibc-go-v7-hot-fix',
  'ibc-pfm',
  'authz-msg-revoke-fixed',
  'osmosis-base-fee-beta',
  'feemarket',
  'force-enable-evm-ledger',
];

/** Throws the first rule broken, in words. */
export function checkChainInfo(info: ChainInfo): void {
  fields('chain', info, REQUIRED, OPTIONAL);
  for (const name of ['chainId', 'chainName'] as const) {
    want(text(info[name]) && info[name].length <= 30, `"${name}" must be 1 to 30 characters`);
  }
  for (const name of ['rpc', 'rest'] as const) {
    want(text(info[name]) && URL.canParse(info[name]), `"${name}" must be a valid uri`);
    want(!info[name].includes('?'), `${name} should not have query string`);
  }
  currency('stakeCurrency', info.stakeCurrency as Currency, []);
  currencies('currencies', info.currencies, []);
  currencies('feeCurrencies', info.feeCurrencies, ['gasPriceStep']);
  const { coinType } = info.bip44 as { coinType: unknown };
  want(Number.isInteger(coinType) && (coinType as number) >= 0, '"bip44.coinType" must be an integer ≥ 0');
  fields('bech32Config', info.bech32Config as object, PREFIXES, []);
  want(Object.values(info.bech32Config as object).every(text), '"bech32Config" must hold words');
  features((info.features ?? []) as string[]);
}

function want(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new Error(rule);
}

const text = (value: unknown): value is string => typeof value === 'string' && value.length > 0;

function fields(where: string, value: object, required: string[], optional: string[]): void {
  want(typeof value === 'object' && value !== null, `"${where}" is required`);
  for (const name of required) want(name in value, `"${where}.${name}" is required`);
  for (const name of Object.keys(value))
    want([...required, ...optional].includes(name), `"${where}.${name}" is not allowed`);
}

function currencies(where: string, list: Currency[], more: string[]): void {
  want(Array.isArray(list) && list.length > 0, `"${where}" must contain at least 1 items`);
  for (const one of list) currency(where, one, more);
  want(new Set(list.map((one) => one.coinMinimalDenom)).size === list.length, `"${where}" is duplicated`);
}

function currency(where: string, one: Currency, more: string[]): void {
  fields(where, one, ['coinDenom', 'coinMinimalDenom', 'coinDecimals'], ['coinGeckoId', 'coinImageUrl', ...more]);
  want(text(one.coinDenom) && text(one.coinMinimalDenom), `"${where}" needs names`);
  const { coinDecimals, gasPriceStep: step } = one;
  want(
    Number.isInteger(coinDecimals) && coinDecimals >= 0 && coinDecimals <= 18,
    `"${where}.coinDecimals" must be 0 to 18`,
  );
  if (!step) return;
  fields(`${where}.gasPriceStep`, step, ['low', 'average', 'high'], []);
  want(
    Object.values(step).every((price) => typeof price === 'number'),
    'gas prices must be numbers',
  );
  want(step.low <= step.average && step.average <= step.high, 'Low gas price step can not be greater than average');
}

function features(list: string[]): void {
  want(
    list.every((name) => FEATURES.includes(name)),
    '"features" holds an unknown one',
  );
  want(new Set(list).size === list.length, '"features" contains a duplicate value');
}
