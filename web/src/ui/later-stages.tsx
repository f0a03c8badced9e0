/** How far a later round is: the steps of a question, from its draw on. */
import type { TaskView } from '../core/types';
import { t, type Key } from '../i18n';
import { testIds } from './test-ids';

const STEPS = ['drawn', 'committing', 'revealing'] as const;
const AT: Record<string, number> = { drawing: 0, committing: 1, revealing: 2 };

/** Where each step stands; pure, so that it can be tested. */
export function laterSteps({
  task,
}: TaskView): { name: (typeof STEPS)[number]; state: string; count: number | null }[] {
  const now = AT[task.status] ?? STEPS.length;
  const counts = [task.members, task.committed, task.revealed];
  return STEPS.map((name, at) => ({
    name,
    state: at < now ? 'done' : at === now ? 'current' : 'waiting',
    count: at === now ? (counts[at] ?? null) : null,
  }));
}

export function LaterStages({ view, size }: { view: TaskView; size: number }) {
  return (
    <ol class="stages" aria-label={t('stages.label')}>
      {laterSteps(view).map(({ name, state, count }) => (
        <li key={name} class={state} data-test={testIds.stage} data-stage={name} data-state={state}>
          <span>{t((state === 'current' ? `stage.now.${name}` : `stage.${name}`) as Key)}</span>
          <small>{count === null ? '\u00a0' : t('stages.count', { n: count, size })}</small>
        </li>
      ))}
    </ol>
  );
}
