/** The proof of one answer, beside the conversation. */
import { useEffect, useRef } from 'preact/hooks';
import '../../i18n/more';
import type { TaskView } from '../../core/types';
import { t } from '../../i18n';
import { routeHash } from '../../router';
import type { Ask } from '../../state/chat-types';
import { chats } from '../../state/chats';
import { note } from '../../state/later';
import { useChain } from '../../state/load';
import { reader } from '../../state/network';
import { proofOf } from '../../state/proof';
import { isSettled, readWhole } from '../../state/ballots';
import { memberVoices } from '../../state/voices';
import { ErrorCard } from '../../ui/error-card';
import { Icon } from '../../ui/icons';
import { AppealBox } from '../../ui/appeal';
import { Contested } from '../../ui/contested';
import { RateBox } from '../../ui/rate';
import { Rounds, Verdict, useVerdictVoice } from '../../ui/rounds';
import { StuckBox } from '../../ui/stuck';
import { ReceiptButtons } from '../../ui/receipt-buttons';
import { Ready } from '../../ui/states';
import { Strands } from '../../ui/strands';
import { Identifiers, MoneyFacts } from '../../ui/task-facts';
import { testIds } from '../../ui/test-ids';

export default function ProofPanel({ ask }: { ask: Ask }) {
  const panel = useRef<HTMLElement>(null);
  const task = ask.task ?? 0;
  const loaded = useChain(
    (ctx, stop) => readWhole(ctx, task, stop),
    [task],
    (view) => (isSettled(view) ? 0 : 1500),
  );
  useEffect(() => {
    panel.current?.focus({ preventScroll: true });
  }, [ask.id]);
  // Below the conversation, on phones, it would open out of sight: when it opens, and again at its full height.
  const there = loaded.value !== null;
  useEffect(() => {
    if (!matchMedia('(width > 860px)').matches) panel.current?.scrollIntoView({ block: 'start' });
  }, [ask.id, there]);
  // An answer that is replaced is announced by the conversation.
  useVerdictVoice(loaded.value, (kind) => kind === 'overturned');
  useEffect(() => {
    const view = loaded.value;
    const chat = chats.value.find((one) => one.turns.some((turn) => turn.asks.some(({ id }) => id === ask.id)));
    if (view && chat && reader.value) void note(reader.value, chat.id, ask, view);
  }, [loaded.value]);
  const close = (): void => {
    proofOf.value = null;
    document.querySelector<HTMLElement>(`[data-task="${task}"] [data-test=${testIds.receiptLine}]`)?.focus();
  };
  return (
    <aside
      class="proof-panel"
      ref={panel}
      tabIndex={-1}
      aria-label={t('proof.title', { id: task })}
      data-test={testIds.proof}
      onKeyDown={(event) => event.key === 'Escape' && close()}
    >
      <div class="proof">
        <header>
          <h2>{t('proof.title', { id: task })}</h2>
          <button
            type="button"
            class="quiet icon-only"
            aria-label={t('close')}
            data-test={testIds.proofClose}
            onClick={close}
          >
            <Icon name="cross" />
          </button>
        </header>
        <Ready from={loaded}>
          {(view) =>
            ask.promptCid && view.task.prompt !== ask.promptCid ? (
              <ErrorCard failure={{ code: 'other_network', params: {} }} />
            ) : (
              <Body view={view} ask={ask} again={loaded.again} />
            )
          }
        </Ready>
      </div>
    </aside>
  );
}

function Body({ view, ask, again }: { view: TaskView; ask: Ask; again: () => void }) {
  const { members, size, outcome, quorum } = view;
  const agree = view.task.outcome_votes ?? ask.answer?.votes ?? 0;
  return (
    <>
      <section class="section" data-test={testIds.proofBallots}>
        <Strands voices={memberVoices(members, size, outcome)} decided={outcome !== null} size="full" decorative />
        <p>{t('proof.words', { agree, size, quorum })}</p>
        {ask.answer && ask.answer.sources.length > 0 && (
          <p class="faint">{t('proof.hashed', { hosts: ask.answer.sources.map(hostOf).join(', ') })}</p>
        )}
        <Verdict view={view} />
        {view.contested && <Contested />}
      </section>
      <AppealBox view={view} again={again} />
      <StuckBox task={view.task} again={again} />
      <RateBox task={view.task} again={again} />
      <section class="section">
        <h3 id="rounds-title" tabIndex={-1}>
          {t(view.rounds.length > 1 ? 'rounds.title' : 'proof.ballots')}
        </h3>
        <Rounds view={view} />
      </section>
      <section class="section">
        <h3>{t('proof.ids')}</h3>
        <Identifiers view={view} />
      </section>
      <section class="section">
        <h3>{t('proof.money')}</h3>
        <MoneyFacts task={view.task} />
      </section>
      <ReceiptButtons task={view.id} settled={isSettled(view)} />
      <p>
        <a href={routeHash({ page: 'task', id: view.id })}>{t('proof.task', { id: view.id })}</a>
      </p>
    </>
  );
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
