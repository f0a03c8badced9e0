/** All questions: open and done, newest first, each with its voices. */
import '../i18n/more';
import { signal } from '@preact/signals';
import type { TaskResponse } from '../core/contract-types';
import { t, type Key } from '../i18n';
import { go, routeHash } from '../router';
import { useChain } from '../state/load';
import { modelNames, money } from '../state/network';
import { newestTask, tasksBefore } from '../state/task';
import { taskVoices } from '../state/voices';
import { Empty, Time } from '../ui/parts';
import { Ready } from '../ui/states';
import { Strands } from '../ui/strands';
import { testIds } from '../ui/test-ids';

type Filter = 'open' | 'done';
const filter = signal<Filter>('done');
const wanted = signal(1);
/** The newest id seen, so that the next look for it is short. */
let newest = 0;

export default function TasksPage() {
  const which = filter.value;
  const windows = wanted.value;
  const loaded = useChain(
    async (ctx, stop) => {
      newest = await newestTask(ctx, newest, stop);
      const tasks: TaskResponse[] = [];
      let before = newest + 1;
      for (let page = 0; page < windows && before > 1; page++) {
        const next = await tasksBefore(ctx, which, before, stop);
        tasks.push(...next.tasks);
        ({ before } = next);
      }
      return { which, tasks, more: before > 1 };
    },
    [which, windows],
    3000,
  );
  return (
    <div class="page">
      <header>
        <h1>{t('tasks.title')}</h1>
        <p class="soft">{t('tasks.words')}</p>
      </header>
      <section class="section">
        <div class="tabs" role="tablist" aria-label={t('tasks.title')}>
          <Tab name="open" test={testIds.tasksOpen} />
          <Tab name="done" test={testIds.tasksDone} />
        </div>
        <div role="tabpanel" id="tasks-panel" aria-label={t(`tasks.${which}` as Key)}>
          <Ready from={loaded.value && loaded.value.which !== which ? { ...loaded, value: null } : loaded}>
            {({ tasks, more }) => <List tasks={tasks} more={more} />}
          </Ready>
        </div>
      </section>
    </div>
  );
}

function Tab({ name, test }: { name: Filter; test: string }) {
  const chosen = filter.value === name;
  const choose = (): void => {
    filter.value = name;
    wanted.value = 1;
  };
  return (
    <button
      type="button"
      role="tab"
      aria-selected={chosen}
      aria-controls="tasks-panel"
      tabIndex={chosen ? 0 : -1}
      data-test={test}
      onClick={choose}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
        filter.value = filter.value === 'open' ? 'done' : 'open';
        const other = event.currentTarget.parentElement?.querySelector<HTMLElement>('[aria-selected=false]');
        other?.focus();
      }}
    >
      {t(`tasks.${name}` as Key)}
    </button>
  );
}

function List({ tasks, more }: { tasks: TaskResponse[]; more: boolean }) {
  if (tasks.length === 0) {
    return (
      <Empty words={t(filter.value === 'open' ? 'tasks.open.empty' : 'tasks.done.empty')}>
        <a class="button" href="#/">
          {t('tasks.empty.next')}
        </a>
      </Empty>
    );
  }
  return (
    <>
      <div class="scroll-x" tabIndex={0} role="region" aria-label={t('tasks.title')}>
        <TaskTable tasks={tasks} />
      </div>
      {more && (
        <p>
          <button type="button" class="button small" data-test={testIds.tasksMore} onClick={() => (wanted.value += 1)}>
            {t('more')}
          </button>
        </p>
      )}
    </>
  );
}

export function TaskTable({ tasks }: { tasks: TaskResponse[] }) {
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">{t('tasks.id')}</th>
          <th scope="col">{t('tasks.voices')}</th>
          <th scope="col">{t('tasks.status')}</th>
          <th scope="col" class="wide-only">
            {t('tasks.model')}
          </th>
          <th scope="col">{t('tasks.asked')}</th>
          <th scope="col" class="number wide-only">
            {t('tasks.paid')}
          </th>
        </tr>
      </thead>
      <tbody>
        {tasks.map((task) => (
          <Row key={task.task} task={task} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ task }: { task: TaskResponse }) {
  const href = routeHash({ page: 'task', id: task.task });
  return (
    <tr
      class="linked"
      data-test={testIds.taskRow}
      data-task={task.task}
      data-status={task.status}
      onClick={(event) => {
        // The whole row leads to the task for a pointer; the number is the link for a keyboard.
        if (event.target instanceof Element && !event.target.closest('a,button')) go({ page: 'task', id: task.task });
      }}
    >
      <th scope="row">
        <a href={href}>{task.task}</a>
      </th>
      <td>
        <Strands voices={taskVoices(task)} decided={Boolean(task.outcome)} size="row" />
      </td>
      <td>
        <Status task={task} />
      </td>
      <td class="wide-only soft">{modelNames.value[task.manifest] ?? t('composer.model.n', { id: task.model })}</td>
      <td class="nowrap soft">
        <Time at={task.posted_time * 1000} />
      </td>
      <td class="number wide-only">{money(BigInt(task.escrow))}</td>
    </tr>
  );
}

export function Status({ task }: { task: TaskResponse }) {
  const { outcome, status, contested } = task;
  const bad = status === 'failed' || contested || (outcome && !('answer' in outcome));
  const over = status === 'final' || status === 'answered';
  const key = contested
    ? 'status.contested'
    : outcome && 'invalid' in outcome
      ? 'status.invalid'
      : outcome && 'unavailable' in outcome
        ? 'status.unavailable'
        : `status.${status}`;
  return <span class={`pill${bad ? ' bad' : over ? ' good' : ''}`}>{t(key as Key)}</span>;
}
