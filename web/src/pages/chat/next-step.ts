/** The one button that helps after a failure. */
export type Action = 'retry' | 'follow' | 'look' | 'suggest' | 'faucet' | 'connect' | 'session' | 'new' | 'settings';

const ACTIONS: Record<string, Action> = {
  wallet_missing: 'connect',
  wallet_locked: 'connect',
  account_switched: 'connect',
  wrong_chain: 'suggest',
  wrong_node: 'settings',
  no_funds: 'faucet',
  no_balance: 'session',
  session_over: 'session',
  session_missing: 'session',
  prompt_too_long: 'new',
  invalid_prompt: 'new',
  voted_invalid: 'new',
  content_unavailable: 'look',
  hash_mismatch: 'look',
  stopped: 'follow',
  timeout: 'follow',
};

/**
 * With a task on chain, or a transaction under way, asking anew could pay twice: then only looking is offered.
 * `open`: the transaction was written down and nobody knows yet what became of it.
 */
export function actionOf(code: string, sent: boolean, open = false): Action {
  if (open) return 'follow';
  if (sent && (code === 'node_down' || code === 'stopped' || code === 'timeout')) return 'follow';
  const action = ACTIONS[code] ?? 'retry';
  return action === 'follow' && !sent ? 'retry' : action;
}
