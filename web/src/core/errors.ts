/** Every failure a person can meet; the page has one sentence and one next step for each (`error.<code>`). */
export const CODES = [
  'wallet_missing',
  'wallet_locked',
  'wallet_refused',
  'wrong_chain',
  'wrong_node',
  'no_funds',
  'no_balance',
  'account_switched',
  'session_over',
  'session_missing',
  'tx_failed',
  'out_of_gas',
  'no_quorum',
  'invalid_prompt',
  'voted_invalid',
  'prompt_unavailable',
  'prompt_too_long',
  'model_unknown',
  'no_workers',
  'upload_failed',
  'content_unavailable',
  'hash_mismatch',
  'node_down',
  'faucet_refused',
  'timeout',
  'appeal_over',
  'no_bond',
  'rate_refused',
  'receipt_invalid',
  'receipt_unavailable',
  'stopped',
] as const;

export type Code = (typeof CODES)[number];

export type Params = Record<string, string | number>;

/** A failure with its code, the figures of its sentence, and technical text for a disclosure. */
export class AntiphonError extends Error {
  readonly code: Code;
  readonly params: Params;
  readonly detail?: string;

  constructor(code: Code, params: Params = {}, detail?: string) {
    super(detail ? `${code}: ${detail}` : code);
    this.name = 'AntiphonError';
    this.code = code;
    this.params = params;
    if (detail !== undefined) this.detail = detail;
  }
}

/** Any thrown thing as one of ours; an unforeseen one keeps its text as the detail. */
export function asAntiphonError(thrown: unknown, fallback: Code = 'node_down'): AntiphonError {
  if (thrown instanceof AntiphonError) return thrown;
  if (thrown instanceof DOMException && thrown.name === 'AbortError') return new AntiphonError('stopped');
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new AntiphonError(fallback, {}, detail);
}

/** Throws `stopped` when the person has stopped what is under way. */
export function throwIfStopped(signal?: AbortSignal): void {
  if (signal?.aborted) throw new AntiphonError('stopped');
}
