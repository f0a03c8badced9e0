// What the chain says when it refuses, as one of our failures.
import { fromContract, refusalIn } from './contract';
import { AntiphonError, type Params } from './errors';
import type { TxOutcome } from './rest';

const EXPECTED = /account sequence mismatch, expected (\d+)/;
const SHORT = /(?:spendable balance )(\d*)([a-zA-Z/0-9]*) is smaller than (\d+)/;
/** What authz and feegrant say when a session is used up, over, or was never there. */
const SESSION = [
  /authorization not found/,
  /authorization expired/,
  /fee limit exceeded/,
  /fee allowance expired/,
  /fee-grant not found/,
  /allowance.*not found/,
  /does not allow to pay fees/,
];
const LAPSED = /tx timeout height/;

/** The sequence the chain wants, if that is what it refused for. */
export function expectedSequence(log: string): bigint | null {
  const found = EXPECTED.exec(log);
  return found ? BigInt(found[1] ?? 0) : null;
}

/** A refusal by its text, and by its code where there is one. */
export function refusal(log: string, outcome?: Pick<TxOutcome, 'code' | 'codespace' | 'hash'>): AntiphonError {
  const params: Params = outcome?.hash ? { hash: outcome.hash } : {};
  const { code, sentence } = refusalIn(log);
  const own = fromContract(code, sentence);
  if (own) return new AntiphonError(own.code, { ...own.params, ...params }, sentence);
  if (code !== '') return new AntiphonError('tx_failed', { ...params, reason: sentence }, log);
  if (outcome?.codespace === 'sdk' && outcome.code === 11) return new AntiphonError('out_of_gas', params, log);
  if (/out of gas/.test(log)) return new AntiphonError('out_of_gas', params, log);
  const short = SHORT.exec(log);
  if (short) return new AntiphonError('no_funds', { have: short[1] || '0', need: short[3] ?? '' }, log);
  if (/insufficient funds/.test(log)) return new AntiphonError('no_funds', params, log);
  if (SESSION.some((pattern) => pattern.test(log))) return new AntiphonError('session_over', params, log);
  if (LAPSED.test(log)) return new AntiphonError('timeout', params, log);
  return new AntiphonError('tx_failed', { ...params, reason: brief(log) }, log);
}

/** One line of a log, for a sentence. */
const brief = (log: string): string => (log.split('\n')[0] ?? '').slice(0, 160);
