/** The five steps of a question, under the picture, each with the seconds since it was sent. */
import type { Stage } from '../../core/types';
import type { Ask } from '../../state/chat-types';
import { t, type Key } from '../../i18n';
import { seconds } from '../../lib/format';
import { testIds } from '../../ui/test-ids';

type StepState = 'waiting' | 'current' | 'done' | 'failed';

/** When a step is done: the stage that begins after it. */
const STEPS: { name: Stage; done: Stage }[] = [
  { name: 'posted', done: 'posted' },
  { name: 'drawn', done: 'drawn' },
  { name: 'committing', done: 'revealing' },
  { name: 'revealing', done: 'answered' },
  { name: 'verified', done: 'verified' },
];

const ORDER: Stage[] = [
  'preparing',
  'uploading',
  'signing',
  'broadcast',
  'posted',
  'drawn',
  'committing',
  'revealing',
  'answered',
  'verified',
  'final',
];
const rank = (stage: Stage): number => ORDER.indexOf(stage);

/** A task seen from outside is not verified by the asker's tab: its last step is the settlement. */
function stepsOf(ask: Ask): typeof STEPS {
  return ask.id === '' ? [...STEPS.slice(0, -1), { name: 'final', done: 'final' }] : STEPS;
}

/** Where each step stands; pure, so that it can be tested. */
export function steps(ask: Ask): { name: Stage; state: StepState; at: number | null }[] {
  // A settled task whose text this tab has not hashed yet is agreed on, not verified.
  const stage = ask.stage === 'final' && !ask.answer && ask.id !== '' ? 'answered' : ask.stage;
  const reached = stage === 'failed' ? lastReached(ask) : rank(stage);
  let currentSeen = false;
  return stepsOf(ask).map(({ name, done }) => {
    if (reached >= rank(done)) return { name, state: 'done', at: ask.marks[done] ?? null };
    const state: StepState = currentSeen ? 'waiting' : ask.failure ? 'failed' : 'current';
    currentSeen = true;
    return { name, state, at: null };
  });
}

function lastReached(ask: Ask): number {
  return Math.max(-1, ...(Object.keys(ask.marks) as Stage[]).filter((stage) => stage !== 'failed').map(rank));
}

export function Stages({ ask }: { ask: Ask }) {
  return (
    <ol class="stages" aria-label={t('stages.label')} data-test={testIds.stages}>
      {steps(ask).map(({ name, state, at }) => (
        <li key={name} class={state} data-test={testIds.stage} data-stage={name} data-state={state}>
          <span>{t(labelOf(name, state, ask))}</span>
          <small>{under(name, state, at, ask)}</small>
        </li>
      ))}
    </ol>
  );
}

/** Before the task is on chain, the first step says what is being done. */
function labelOf(name: Stage, state: StepState, ask: Ask): Key {
  if (state !== 'current') return `stage.${name}` as Key;
  return (name === 'posted' && rank(ask.stage) >= 0 ? `stage.${ask.stage}` : `stage.now.${name}`) as Key;
}

function under(name: Stage, state: StepState, at: number | null, ask: Ask): string {
  if (state === 'done' && at !== null) return t('stages.seconds', { s: seconds(at - ask.created) });
  const { snapshot } = ask;
  if (state === 'current' && snapshot && name === 'committing') return count(snapshot.committed, snapshot.size);
  if (state === 'current' && snapshot && name === 'revealing') return count(snapshot.revealed, snapshot.size);
  return '\u00a0';
}

function count(n: number, size: number): string {
  return t('stages.count', { n, size });
}
