/** A question without an answer: what happened, and the one button that helps. */
import { useState } from 'preact/hooks';
import { asAntiphonError } from '../../core/errors';
import type { Ask, Chat, Turn } from '../../state/chat-types';
import { t, type Key } from '../../i18n';
import { go } from '../../router';
import { followAsk } from '../../state/asks';
import { updateAsk } from '../../state/chats';
import { reader } from '../../state/network';
import { askAgain } from '../../state/send';
import { addNetwork, grantOpen, panelOpen, takeCoins } from '../../state/wallet';
import { ErrorCard } from '../../ui/error-card';
import { testIds } from '../../ui/test-ids';

type Action = 'retry' | 'follow' | 'look' | 'suggest' | 'faucet' | 'connect' | 'session' | 'new' | 'settings';

const ACTIONS: Record<string, Action> = {
  wallet_missing: 'connect',
  wallet_locked: 'connect',
  account_switched: 'connect',
  wrong_chain: 'suggest',
  no_funds: 'faucet',
  no_balance: 'session',
  session_over: 'session',
  session_missing: 'session',
  prompt_too_long: 'new',
  invalid_prompt: 'new',
  content_unavailable: 'look',
  hash_mismatch: 'look',
  stopped: 'follow',
  timeout: 'follow',
};

/** With a task on chain, or a transaction under way, asking anew could pay twice: then only looking is offered. */
export function actionOf(code: string, sent: boolean): Action {
  if (sent && (code === 'node_down' || code === 'stopped' || code === 'timeout')) return 'follow';
  const action = ACTIONS[code] ?? 'retry';
  return action === 'follow' && !sent ? 'retry' : action;
}

export function AskFailure({ chat, turn, ask }: { chat: Chat; turn: Turn; ask: Ask }) {
  const [busy, setBusy] = useState(false);
  const { failure } = ask;
  if (!failure) return null;
  const action = actionOf(failure.code, ask.task !== null || ask.pending !== null);
  const isRetry = action === 'retry';
  const act = async (): Promise<void> => {
    setBusy(true);
    try {
      await perform(action, chat, turn, ask);
    } catch (thrown) {
      const { code, params, detail } = asAntiphonError(thrown);
      await updateAsk(chat.id, ask.id, (a) => ({ ...a, failure: { code, params, detail } }));
    } finally {
      setBusy(false);
    }
  };
  return (
    <ErrorCard failure={failure}>
      <button
        type="button"
        class="button small"
        disabled={busy}
        data-test={isRetry ? testIds.retrySame : testIds.errorAction}
        onClick={() => void act()}
      >
        {t(`action.${action}` as Key)}
      </button>
      {!isRetry && ask.task === null && ask.pending === null && (
        <button
          type="button"
          class="button small"
          data-test={testIds.retrySame}
          onClick={() => void askAgain(chat.id, turn.id, ask)}
        >
          {t('action.retry')}
        </button>
      )}
    </ErrorCard>
  );
}

async function perform(action: Action, chat: Chat, turn: Turn, ask: Ask): Promise<void> {
  switch (action) {
    case 'retry':
      return askAgain(chat.id, turn.id, ask);
    case 'follow':
    case 'look':
      return reader.value ? followAsk(reader.value, chat.id, ask) : undefined;
    case 'suggest':
      return addNetwork();
    case 'faucet':
      return takeCoins();
    case 'connect':
      panelOpen.value = true;
      return;
    case 'session':
      grantOpen.value = true;
      return;
    case 'new':
      go({ page: 'chat', id: null });
      return;
    case 'settings':
      go({ page: 'settings' });
  }
}
