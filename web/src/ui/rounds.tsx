/** The rounds of a task: the one that stands first, each with who opened it, its voices and its ballots. */
import { useEffect, useRef } from 'preact/hooks';
import '../i18n/more';
import { appealOutcome, resultsOf, type RoundResult } from '../core/rounds';
import type { RoundView, TaskView } from '../core/types';
import { t, type Key } from '../i18n';
import { shorten } from '../lib/format';
import { money, workerName } from '../state/network';
import { memberVoices } from '../state/voices';
import { announce } from './live';
import { Matrix } from './matrix';
import { Cid } from './parts';
import { LaterStages } from './later-stages';
import { Strands } from './strands';
import { testIds } from './test-ids';

/** A task of one round is its table alone. */
export function Rounds({ view }: { view: TaskView }) {
  const results = resultsOf(view);
  if (view.rounds.length < 2) {
    return (
      <>
        <Matrix members={view.members} outcome={view.outcome} size={view.size} />
        {view.rounds[0] && <Replaced round={view.rounds[0]} />}
      </>
    );
  }
  const kindOf = (round: number) => results.find((one) => one.round === round)?.kind;
  // One that is under way is what the reader waits for.
  const rank = ({ round }: RoundView): number => (kindOf(round) === 'open' ? 2 : round === view.round ? 1 : 0);
  const sorted = [...view.rounds].sort((a, b) => rank(b) - rank(a) || b.round - a.round);
  return (
    <div class="rounds" data-test={testIds.rounds}>
      {!results.some(({ kind }) => kind === 'open') && <p class="faint">{t('rounds.words')}</p>}
      {sorted.map((round) => (
        <Round key={round.round} view={view} round={round} result={results.find((one) => one.round === round.round)} />
      ))}
    </div>
  );
}

interface RoundProps {
  view: TaskView;
  round: RoundView;
  result: RoundResult | undefined;
}

function Round({ view, round, result }: RoundProps) {
  const kind = result?.kind ?? 'closed';
  const stands = view.outcome !== null && round.round === view.round;
  const ballot = result?.ballot ?? null;
  const isOpen = kind === 'open';
  return (
    <section
      class="round"
      aria-label={t('task.round', { n: round.round + 1 })}
      data-test={testIds.round}
      data-round={round.round}
      data-kind={kind}
      data-size={round.size}
    >
      <div class="actions">
        <h3>{t('task.round', { n: round.round + 1 })}</h3>
        {stands && <span class="pill good">{t('rounds.stands')}</span>}
        <span class={`pill${kind === 'overturned' || kind === 'undecided' ? ' bad' : ''}`}>
          {t(`rounds.${kind}` as Key)}
        </span>
        <span class="faint">{t('rounds.size', { size: round.size, quorum: round.quorum })}</span>
      </div>
      <Opener view={view} round={round} />
      <Strands
        voices={memberVoices(round.members, round.size, ballot)}
        decided={ballot !== null}
        size="full"
        decorative={!isOpen}
      />
      {isOpen && <LaterStages view={view} size={round.size} />}
      {ballot && result && <p>{t('rounds.votes', { votes: result.votes, size: round.size })}</p>}
      {round.members.length > 0 ? (
        <Matrix
          members={round.members}
          outcome={ballot}
          size={round.size}
          label={`${t('proof.ballots')}: ${t('task.round', { n: round.round + 1 })}`}
        />
      ) : (
        <p class="soft">{t('rounds.drawing')}</p>
      )}
      <Replaced round={round} />
    </section>
  );
}

/** Who wanted this round, at what risk, and what became of that. */
function Opener({ view, round }: { view: TaskView; round: RoundView }) {
  const { appeal } = round;
  if (round.round === 0) return null;
  if (!appeal) {
    const before = resultsOf(view).some((one) => one.round < round.round && one.ballot !== null);
    return <p class="faint">{t(before ? 'rounds.by.later' : 'rounds.by.undecided')}</p>;
  }
  const outcome = appealOutcome(view, round.round);
  return (
    <div data-test={testIds.appealed} data-outcome={outcome}>
      <p class="faint">
        {t('rounds.by.appeal', { amount: money(BigInt(appeal.bond)) })}{' '}
        <Cid value={appeal.by} what={t('wallet.address')} head={10} tail={6} />
      </p>
      {outcome !== 'open' && <p class="faint">{t(`appeal.${outcome}`)}</p>}
    </div>
  );
}

function Replaced({ round }: { round: RoundView }) {
  const { replaced } = round;
  if (replaced.length === 0) return null;
  const names = replaced.map(({ worker }) => {
    const name = workerName(worker);
    return name === worker ? shorten(worker, 8, 4) : name;
  });
  return (
    <p class="faint" data-test={testIds.replaced}>
      {t('rounds.replaced', { n: replaced.length })} {names.join(', ')}
    </p>
  );
}

/** What later rounds made of the outcome, in one sentence; null for a task of one round. */
export function verdictWords(view: TaskView): string | null {
  const last = resultsOf(view).at(-1);
  const round = view.rounds.at(-1);
  if (!last || !round || last.round === 0 || view.outcome === null) return null;
  if (last.kind === 'agreed' || last.kind === 'closed') return null;
  return t(`verdict.${last.kind}`, { votes: last.votes, size: round.size });
}

/** Said once, when a round that was under way while the page was looked at has ended. */
export function useVerdictVoice(view: TaskView | null, quiet: (kind: string) => boolean = () => false): void {
  const before = useRef<string | null>(null);
  const kind = view && view.rounds.length > 1 ? (resultsOf(view).at(-1)?.kind ?? null) : null;
  const open = kind === 'open' || (kind === 'undecided' && view?.task.undecided === true);
  useEffect(() => {
    if (!view || kind === null) return;
    const words = verdictWords(view);
    if (before.current === 'open' && !open && words && !quiet(kind)) announce(words);
    before.current = open ? 'open' : kind;
  }, [kind, open]);
}

/** What the reader should know before they believe the answer. */
export function Verdict({ view }: { view: TaskView }) {
  const words = verdictWords(view);
  const kind = resultsOf(view).at(-1)?.kind;
  // The mark of a contested answer says it.
  if (!words || (kind === 'undecided' && view.contested)) return null;
  return (
    <p
      class={`notice${kind === 'confirmed' ? ' calm' : kind === 'open' ? '' : ' apart'}`}
      data-test={testIds.verdictLater}
      data-kind={kind}
    >
      {words}
    </p>
  );
}
