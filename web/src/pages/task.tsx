/** One question from all sides: its picture, ballots, answer, money, and what dissenters said. */
import '../i18n/more';
import type { TaskView } from '../core/types';
import type { CallbackInfo, TaskResponse } from '../core/contract-types';
import { t } from '../i18n';
import { money } from '../state/network';
import { routeHash } from '../router';
import { useChain } from '../state/load';
import { isSettled, readWhole } from '../state/ballots';
import { isUnknownTask } from '../state/task';
import { memberVoices, snapshotOf } from '../state/voices';
import type { Ask } from '../state/chat-types';
import { Cid, Empty, Fact, Time } from '../ui/parts';
import { AppealBox } from '../ui/appeal';
import { Contested } from '../ui/contested';
import { RateBox } from '../ui/rate';
import { Rounds, Verdict, useVerdictVoice } from '../ui/rounds';
import { StuckBox } from '../ui/stuck';
import { ReceiptButtons } from '../ui/receipt-buttons';
import { Ready } from '../ui/states';
import { Strands, strandWords } from '../ui/strands';
import { Identifiers, MoneyFacts } from '../ui/task-facts';
import { testIds } from '../ui/test-ids';
import { Stages } from './chat/stages';
import { Minority, Question, AgreedText, TransactionList } from './task-texts';
import { Status } from './tasks';

export default function TaskPage({ id }: { id: number }) {
  const loaded = useChain(
    (ctx, stop) => readWhole(ctx, id, stop),
    [id],
    (view) => (isSettled(view) ? 0 : 1200),
  );
  useVerdictVoice(loaded.value);
  const none = loaded.value === null && isUnknownTask(loaded.failure?.detail);
  return (
    <div class="page" data-test={testIds.taskPage} data-task={id} data-status={loaded.value?.status}>
      <header>
        <h1>{t('task.title', { id })}</h1>
      </header>
      {none ? (
        <Empty words={t('task.none', { id })}>
          <a class="button" href="#/tasks">
            {t('task.none.next')}
          </a>
        </Empty>
      ) : (
        <Ready from={loaded}>{(view) => <Body view={view} again={loaded.again} />}</Ready>
      )}
    </div>
  );
}

function Body({ view, again }: { view: TaskView; again: () => void }) {
  const { members, size, outcome, task } = view;
  const voices = memberVoices(members, size, outcome);
  const over = task.status === 'final' || task.status === 'failed';
  return (
    <>
      <section class="section wide-picture">
        <div class="actions">
          <Status task={task} />
          <span class="soft">{strandWords(voices)}</span>
        </div>
        <Strands voices={voices} decided={outcome !== null} size="full" decorative />
        {!over && view.rounds.length === 1 && <Stages ask={asAsk(view)} />}
        <Verdict view={view} />
        {view.contested && <Contested />}
        <Conflict task={task} />
      </section>
      <div class="two">
        <section class="section">
          <h2>{t('task.question')}</h2>
          <Question task={task} />
        </section>
        <section class="section">
          <h2>{t('task.answer')}</h2>
          <AgreedText view={view} />
        </section>
      </div>
      <AppealBox view={view} again={again} />
      <StuckBox task={task} again={again} />
      <RateBox task={task} again={again} />
      <section class="section">
        <h2 id="rounds-title" tabIndex={-1}>
          {t(view.rounds.length > 1 ? 'rounds.title' : 'task.ballots')}
        </h2>
        <Rounds view={view} />
      </section>
      <Minority view={view} />
      <div class="two">
        <section class="section">
          <h2>{t('task.facts')}</h2>
          <Facts view={view} />
          <Identifiers view={view} />
        </section>
        <section class="section">
          <h2>{t('proof.money')}</h2>
          <MoneyFacts task={task} />
          {task.settlement?.slash_withheld && <p class="faint">{t('task.withheld')}</p>}
        </section>
      </div>
      <section class="section">
        <h2>{t('proof.tx')}</h2>
        <TransactionList task={task.task} settled={over} />
      </section>
      <section class="section">
        <h2>{t('verify.title')}</h2>
        <ReceiptButtons task={task.task} settled={over} />
        <p>
          <a href={routeHash({ page: 'verify', task: task.task })}>{t('task.verify')}</a>
        </p>
      </section>
    </>
  );
}

function Facts({ view }: { view: TaskView }) {
  const { task, quorum, size } = view;
  return (
    <dl class="facts">
      <Fact name={t('task.posted')}>
        <Time at={task.posted_time * 1000} /> <span class="faint">{t('task.height', { n: task.posted })}</span>
      </Fact>
      <Fact name={t('task.requester')}>
        <Cid value={task.requester} what={t('wallet.address')} head={10} tail={6} />
      </Fact>
      <Fact name={t('task.needed')}>{t('task.needed.value', { quorum, size })}</Fact>
      <Fact name={t('task.limit')}>{t('proof.tokens', { n: task.max_output_tokens })}</Fact>
      {task.carried && (
        <Fact name={t('task.carried')}>
          <span data-test={testIds.taskCarried}>{t('task.carried.value')}</span>
        </Fact>
      )}
      {task.callback && <CallbackFact callback={task.callback} />}
    </dl>
  );
}

/** A contract that wants to be told, and what telling it earns. */
function CallbackFact({ callback }: { callback: CallbackInfo }) {
  const { gas_limit, with_text, fee, deadline } = callback;
  return (
    <Fact name={t('task.callback')}>
      <span data-test={testIds.taskCallback}>
        {t('task.callback.gas', { gas: gas_limit })}
        {with_text && ` ${t('task.callback.text')}`}.{' '}
        {BigInt(fee) > 0n && t('task.callback.fee', { amount: money(BigInt(fee)) })}{' '}
        {deadline == null ? t('task.callback.after') : t('task.callback.until', { n: deadline })}
      </span>
    </Fact>
  );
}

/** Whether the same question has ended differently elsewhere: then its answer is never served for free. */
function Conflict({ task }: { task: TaskResponse }) {
  const { outcome, status } = task;
  const answered = status === 'final' && outcome && 'answer' in outcome;
  const read = useChain(
    async (ctx, stop) => (answered ? (await ctx.contract.answer(task.model, task.prompt, stop)).answer : null),
    [task.task, status],
  );
  if (!read.value?.conflict) return null;
  return (
    <p class="notice apart" data-test={testIds.conflict}>
      {t('task.conflict')}
    </p>
  );
}

/** The stepper is drawn for asks; a task seen from outside is one that was asked when it was posted. */
function asAsk(view: TaskView): Ask {
  const marks: Ask['marks'] = {};
  for (const [stage, mark] of Object.entries(view.stages)) marks[stage as keyof typeof marks] = mark.at;
  return {
    id: '',
    prompt: '',
    model: view.task.model,
    modelName: '',
    committee: view.size,
    settings: { max_output_tokens: 0, temperature_milli: 0, top_k: 0, top_p_milli: 0, seed: '0', stop: [] },
    fresh: false,
    promptCid: view.task.prompt,
    created: view.task.posted_time * 1000,
    stage: view.stage,
    marks,
    pending: null,
    task: view.id,
    snapshot: snapshotOf(view),
    answer: null,
    known: false,
    seconds: null,
    failure: null,
  };
}
