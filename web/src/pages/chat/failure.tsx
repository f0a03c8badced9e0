/** A question without an answer: what happened, and the one button that helps. */
import { useState } from 'preact/hooks';
import { asAntiphonError } from '../../core/errors';
import { unresolved, type Ask, type Chat, type Turn } from '../../state/chat-types';
import { t, type Key } from '../../i18n';
import { go } from '../../router';
import { followAsk } from '../../state/asks';
import { updateAsk } from '../../state/chats';
import { net, reader } from '../../state/network';
import { askAgain } from '../../state/send';
import { account, addNetwork, grantOpen, panelOpen, takeCoins } from '../../state/wallet';
import { ErrorCard } from '../../ui/error-card';
import { copyText } from '../../ui/parts';
import { testIds } from '../../ui/test-ids';
import { actionOf, type Action } from './next-step';

export function AskFailure({ chat, turn, ask }: { chat: Chat; turn: Turn; ask: Ask }) {
  const [busy, setBusy] = useState(false);
  const { failure } = ask;
  if (!failure) return null;
  const action = actionOf(failure.code, ask.task !== null || ask.pending !== null, unresolved(ask));
  const isRetry = action === 'retry';
  // Without a faucet coins come from people: they need the address.
  const shown = action === 'faucet' && !net.value?.faucet ? 'address' : action;
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
        {t(`action.${shown}` as Key)}
      </button>
      {!isRetry && ask.task === null && !unresolved(ask) && (
        <button
          type="button"
          class="button small"
          data-test={testIds.retrySame}
          onClick={() => void askAgain(chat.id, turn.id, ask)}
        >
          {t('action.retry')}
        </button>
      )}
      {failure.code === 'upload_failed' && ask.task === null && !unresolved(ask) && !ask.carry && (
        <button
          type="button"
          class="button small"
          data-test={testIds.errorCarry}
          onClick={() => void askAgain(chat.id, turn.id, { ...ask, carry: true })}
        >
          {t('action.carry')}
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
      return net.value?.faucet ? takeCoins() : giveAddress();
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

/** The panel shows the address whole, also where the clipboard is not to be had. */
function giveAddress(): Promise<void> {
  panelOpen.value = true;
  return copyText(account.value?.address ?? '', t('wallet.address.copied')).catch(() => undefined);
}
