/** What can be done with an answer: copy, ask again, change the question, share. */
import { useState } from 'preact/hooks';
import type { Ask, Chat, Turn } from '../../state/chat-types';
import { t } from '../../i18n';
import { anotherSeed, editing, drafts } from '../../state/composer';
import { modelNames, models } from '../../state/network';
import { askAgain } from '../../state/send';
import { routeHash } from '../../router';
import { Icon, type IconName } from '../../ui/icons';
import { copyText } from '../../ui/parts';
import { testIds } from '../../ui/test-ids';

export function AnswerActions({ chat, turn, ask, last }: { chat: Chat; turn: Turn; ask: Ask; last: boolean }) {
  const [choosing, setChoosing] = useState(false);
  const { answer } = ask;
  return (
    <>
      {answer && (
        <Tool
          icon="copy"
          label={t('answer.copy')}
          test={testIds.copyAnswer}
          onClick={() => void copyText(answer.text)}
        />
      )}
      {answer && (
        <Tool
          icon="retry"
          label={t('answer.retry')}
          test={testIds.retry}
          expanded={choosing}
          onClick={() => setChoosing(!choosing)}
        />
      )}
      {last && (
        <Tool icon="edit" label={t('answer.edit')} test={testIds.editLast} onClick={() => edit(chat, turn, ask)} />
      )}
      {ask.task !== null && (
        <Tool icon="link" label={t('answer.share')} test={testIds.share} onClick={() => share(ask.task ?? 0)} />
      )}
      {choosing && <Choices chat={chat} turn={turn} ask={ask} done={() => setChoosing(false)} />}
    </>
  );
}

interface ToolProps {
  icon: IconName;
  label: string;
  test: string;
  expanded?: boolean;
  onClick: () => void;
}

function Tool({ icon, label, test, expanded, onClick }: ToolProps) {
  return (
    <button
      type="button"
      class="quiet icon-only"
      aria-label={label}
      title={label}
      aria-expanded={expanded}
      data-test={test}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

function Choices({ chat, turn, ask, done }: { chat: Chat; turn: Turn; ask: Ask; done: () => void }) {
  const others = (models.value ?? []).filter((m) => !m.retired && m.model !== ask.model);
  const again = (change: Partial<Ask>): void => {
    done();
    void askAgain(chat.id, turn.id, { ...ask, ...change });
  };
  const temperature_milli = ask.settings.temperature_milli === 0 ? 700 : ask.settings.temperature_milli;
  return (
    <div class="choices">
      <button
        type="button"
        class="button small"
        data-test={testIds.retrySeed}
        onClick={() => again({ settings: { ...ask.settings, temperature_milli, seed: anotherSeed() } })}
      >
        {t('answer.retry.seed')}
      </button>
      {others.map((m) => (
        <button
          type="button"
          key={m.model}
          class="button small"
          data-test={testIds.retryModel}
          onClick={() => again({ model: m.model, modelName: modelNames.value[m.manifest] ?? '' })}
        >
          {t('answer.retry.model', { model: modelNames.value[m.manifest] ?? t('composer.model.n', { id: m.model }) })}
        </button>
      ))}
    </div>
  );
}

/** Puts the question back into the composer; what is sent then stands in the same place of the conversation. */
export function edit(chat: Chat, turn: Turn, ask: Ask): void {
  editing.value = { chat: chat.id, turn: turn.id };
  drafts.value = { ...drafts.value, [chat.id]: ask.prompt };
  document.querySelector<HTMLTextAreaElement>(`[data-test=${testIds.composerInput}]`)?.focus();
}

function share(task: number): void {
  const url = new URL(routeHash({ page: 'task', id: task }), location.href);
  void copyText(url.href, t('answer.shared'));
}
