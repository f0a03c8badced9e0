/** One question and its answer. */
import { lazy } from '../../ui/lazy';
import type { Ask, Chat, Turn } from '../../state/chat-types';
import { isOver, shownAsk, unresolved } from '../../state/chat-types';
import { updateTurn } from '../../state/chats';
import { t } from '../../i18n';
import { seconds } from '../../lib/format';
import { proofOf } from '../../state/proof';
import { Icon } from '../../ui/icons';
import { Strands } from '../../ui/strands';
import { testIds } from '../../ui/test-ids';
import type { Voice } from '../../lib/strands';
import { Contested } from '../../ui/contested';
import { AnswerActions } from './actions';
import { AskFailure } from './failure';
import { Stages } from './stages';

const Markdown = lazy(() => import('../../ui/markdown'));

export function TurnView({ chat, turn, last }: { chat: Chat; turn: Turn; last: boolean }) {
  const ask = shownAsk(turn);
  if (!ask) return null;
  return (
    <article class="turn">
      <h2 class="question" data-test={testIds.question}>
        <span class="hidden-text">{t('chat.you')}: </span>
        {ask.prompt}
      </h2>
      <section
        class="answer"
        aria-label={t('answer.label')}
        aria-busy={!isOver(ask)}
        data-test={testIds.answerCard}
        data-stage={ask.stage}
        data-task={ask.task ?? undefined}
        data-hash={ask.pending?.hash}
      >
        {!ask.answer && <Progress ask={ask} />}
        {ask.answer && <Text ask={ask} />}
        {ask.answer && <Standing ask={ask} />}
        {ask.failure && <AskFailure chat={chat} turn={turn} ask={ask} />}
        <footer class="foot">
          {ask.answer && <ReceiptLine ask={ask} />}
          <div class="tools-row">
            <Takes chat={chat} turn={turn} />
            {isOver(ask) && <AnswerActions chat={chat} turn={turn} ask={ask} last={last && !unresolved(ask)} />}
          </div>
        </footer>
      </section>
    </article>
  );
}

const asleep = (size: number): Voice[] => Array.from({ length: size }, () => ({ state: 'waiting', group: 0 }));

function Progress({ ask }: { ask: Ask }) {
  const { snapshot } = ask;
  const voices = snapshot?.voices ?? asleep(ask.committee ?? 5);
  if (ask.failure && ask.task === null) return null;
  return (
    <div class="progress">
      <Strands voices={voices} decided={snapshot?.decided ?? false} size="full" />
      <Stages ask={ask} />
    </div>
  );
}

function Text({ ask }: { ask: Ask }) {
  const text = ask.answer?.text ?? '';
  return (
    <div data-test={testIds.answerText}>
      {text.trim() === '' ? (
        <p class="soft">{t('answer.empty')}</p>
      ) : (
        <Markdown text={text} fallback={<div class="prose plain">{text}</div>} />
      )}
      {ask.answer?.cut && <p class="faint">{t('answer.cut')}</p>}
      {ask.answer && ask.answer.liars.length > 0 && (
        <p class="faint">{t('answer.liars', { n: ask.answer.liars.length })}</p>
      )}
    </div>
  );
}

/** What a larger committee has made of the answer, or is about to. */
function Standing({ ask }: { ask: Ask }) {
  const { later } = ask;
  if (!later) return null;
  return (
    <>
      {later.contested && <Contested />}
      {later.overturned && (
        <p class="notice" data-test={testIds.overturned}>
          {t('overturned.words')}
        </p>
      )}
      {later.open && (
        <p class="notice" data-test={testIds.underAppeal}>
          {t('appealed.words')}
        </p>
      )}
    </>
  );
}

function ReceiptLine({ ask }: { ask: Ask }) {
  const { snapshot, answer } = ask;
  if (!answer) return null;
  const size = snapshot?.size ?? answer.votes;
  const open = proofOf.value === ask.id;
  return (
    <button
      type="button"
      class="receipt"
      aria-expanded={open}
      data-test={testIds.receiptLine}
      onClick={() => (proofOf.value = open ? null : ask.id)}
    >
      {snapshot && <Strands voices={snapshot.voices} decided={snapshot.decided} size="line" decorative />}
      <span>
        {t('answer.receipt', { agree: answer.votes, n: size })}
        <small>
          {ask.known
            ? t('answer.known')
            : ask.seconds !== null && t('stages.seconds', { s: seconds(ask.seconds * 1000) })}
        </small>
      </span>
      <Icon name={open ? 'chevronLeft' : 'chevronRight'} size={14} />
    </button>
  );
}

function Takes({ chat, turn }: { chat: Chat; turn: Turn }) {
  const all = turn.asks.length;
  if (all < 2) return null;
  const step = (by: number): void => void updateTurn(chat.id, turn.id, (x) => ({ ...x, shown: x.shown + by }));
  return (
    <div class="takes">
      <button
        type="button"
        class="quiet icon-only"
        disabled={turn.shown === 0}
        aria-label={t('answer.previous')}
        data-test={testIds.takePrevious}
        onClick={() => step(-1)}
      >
        <Icon name="chevronLeft" />
      </button>
      <span class="faint">{t('answer.take', { n: turn.shown + 1, all })}</span>
      <button
        type="button"
        class="quiet icon-only"
        disabled={turn.shown >= all - 1}
        aria-label={t('answer.next')}
        data-test={testIds.takeNext}
        onClick={() => step(1)}
      >
        <Icon name="chevronRight" />
      </button>
    </div>
  );
}
