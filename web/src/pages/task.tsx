/** One question from all sides: its picture, ballots, answer, money, and what dissenters said. */
import type { TaskView } from '../core/types';
import { t } from '../i18n';
import { routeHash } from '../router';
import { useChain } from '../state/load';
import { isSettled, readWhole } from '../state/ballots';
import { isUnknownTask } from '../state/task';
import { memberVoices, snapshotOf } from '../state/voices';
import type { Ask } from '../state/chat-types';
import { Cid, Empty, Fact, Time } from '../ui/parts';
import { Matrix } from '../ui/matrix';
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
        <Ready from={loaded}>{(view) => <Body view={view} />}</Ready>
      )}
    </div>
  );
}

function Body({ view }: { view: TaskView }) {
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
        {!over && <Stages ask={asAsk(view)} />}
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
      <Rounds view={view} />
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

function Rounds({ view }: { view: TaskView }) {
  return (
    <section class="section">
      <h2>{t('task.ballots')}</h2>
      {view.rounds.map((members, index) => {
        const round = members[0]?.round ?? index;
        const deciding = round === view.round;
        return (
          <div class="section" key={round}>
            {view.rounds.length > 1 && <h3>{t('task.round', { n: round + 1 })}</h3>}
            <Matrix
              members={members}
              outcome={deciding ? view.outcome : null}
              size={deciding ? view.size : members.length}
            />
          </div>
        );
      })}
    </section>
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
    </dl>
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
