/** Where a question is written: Enter sends, Shift+Enter breaks the line, Up takes the last one back. */
import { useEffect, useRef } from 'preact/hooks';
import type { Chat } from '../../state/chat-types';
import { isOver, shownAsk, unresolved } from '../../state/chat-types';
import { history } from '../../state/chats';
import { stopAsk } from '../../state/asks';
import { t } from '../../i18n';
import { chosenModel, drafts, editing, estimate, longest, options } from '../../state/composer';
import { isBusy, submit } from '../../state/send';
import { account, needsSession } from '../../state/wallet';
import { Icon } from '../../ui/icons';
import { testIds } from '../../ui/test-ids';
import { edit } from './actions';
import { ComposerOptions } from './options';

export function Composer({ chat }: { chat: Chat | null }) {
  const key = chat?.id ?? '';
  const text = drafts.value[key] ?? '';
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => grow(field.current), [text]);
  useEffect(() => {
    if (matchMedia('(pointer: fine)').matches) field.current?.focus({ preventScroll: true });
  }, [key]);
  useEstimate(chat, text);
  return (
    <form
      class="composer"
      data-test={testIds.composer}
      onSubmit={(event) => {
        event.preventDefault();
        void submit(text);
      }}
    >
      {editing.value?.chat === key && <Editing chatKey={key} />}
      <div class="box">
        <textarea
          ref={field}
          rows={1}
          value={text}
          aria-label={t('composer.label')}
          placeholder={t('composer.placeholder')}
          aria-describedby="composer-hint"
          data-test={testIds.composerInput}
          onInput={(event) => (drafts.value = { ...drafts.value, [key]: event.currentTarget.value })}
          onKeyDown={(event) => onKey(event, chat, text)}
        />
        <SendButton chat={chat} text={text} />
      </div>
      <ComposerOptions note={<Note />} />
      <p class="hidden-text" id="composer-hint">
        {t('composer.hint')}
      </p>
    </form>
  );
}

function SendButton({ chat, text }: { chat: Chat | null; text: string }) {
  if (isBusy(chat)) {
    return (
      <button
        type="button"
        class="send"
        aria-label={t('composer.stop')}
        title={t('composer.stop')}
        data-test={testIds.composerStop}
        onClick={() => stopAll(chat)}
      >
        <Icon name="stop" />
      </button>
    );
  }
  return (
    <button
      type="submit"
      class="send"
      aria-label={t('composer.send')}
      title={t('composer.send')}
      disabled={text.trim() === '' || !chosenModel.value}
      data-test={testIds.composerSend}
    >
      <Icon name="arrowUp" />
    </button>
  );
}

function Editing({ chatKey }: { chatKey: string }) {
  const cancel = (): void => {
    editing.value = null;
    drafts.value = { ...drafts.value, [chatKey]: '' };
  };
  return (
    <p class="editing faint">
      {t('composer.editing')}{' '}
      <button type="button" class="quiet" onClick={cancel}>
        {t('cancel')}
      </button>
    </p>
  );
}

/** What stands between the asker and an answer, before the button is pressed. */
function Note() {
  const seats = chosenModel.value?.seats ?? 0;
  const { committee } = options.value;
  const words = !account.value
    ? t('composer.connect')
    : needsSession()
      ? t('composer.session')
      : chosenModel.value && seats < committee
        ? t('composer.few', { n: committee, seats })
        : null;
  return words ? <span data-test={testIds.composerNote}>{words}</span> : null;
}

function onKey(event: KeyboardEvent, chat: Chat | null, text: string): void {
  // While an input method composes a word, its keys are its own (229: older Safari).
  if (event.isComposing || event.keyCode === 229) return;
  if (event.key === 'Enter' && !event.shiftKey) {
    event.preventDefault();
    void submit(text);
  } else if (event.key === 'Escape' && isBusy(chat)) {
    event.preventDefault();
    stopAll(chat);
  } else if (event.key === 'ArrowUp' && text === '' && chat && !isBusy(chat)) {
    const turn = chat.turns.at(-1);
    const ask = turn && shownAsk(turn);
    if (turn && ask && !unresolved(ask)) {
      event.preventDefault();
      edit(chat, turn, ask);
    }
  }
}

function stopAll(chat: Chat | null): void {
  for (const ask of chat?.turns.flatMap((turn) => turn.asks) ?? []) if (!isOver(ask)) stopAsk(ask.id);
}

function grow(field: HTMLTextAreaElement | null): void {
  if (!field) return;
  field.style.height = 'auto';
  field.style.height = `${Math.min(field.scrollHeight, 240)}px`;
}

/** Asks for the price a moment after the last key. */
function useEstimate(chat: Chat | null, text: string): void {
  const model = chosenModel.value?.model;
  const { committee } = options.value;
  const tokens = longest.value;
  useEffect(() => {
    if (model === undefined) return;
    const messages = [...(chat ? history(chat, null) : []), { role: 'user' as const, content: text }];
    const timer = setTimeout(() => void estimate(messages), 350);
    return () => clearTimeout(timer);
  }, [text, model, committee, tokens, chat?.turns.length]);
}
