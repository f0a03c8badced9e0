/** "Ask a larger committee": what it costs, what it may bring, how long it is possible, and doing it. */
import { useRef, useState } from 'preact/hooks';
import '../i18n/more';
import { appeal, appealTerms, timeLeft, type AppealTerms } from '../core/act';
import type { TaskView } from '../core/types';
import { t } from '../i18n';
import { countdown } from '../lib/format';
import { useChain } from '../state/load';
import { money } from '../state/network';
import { actAlone } from '../state/act';
import { account, isLive, panelOpen, prepaid, session } from '../state/wallet';
import { Dialog } from './dialog';
import { ErrorCard, type Failure } from './error-card';
import { announce } from './live';
import { Fact } from './parts';
import { testIds } from './test-ids';

export function AppealBox({ view, again }: { view: TaskView; again: () => void }) {
  const [open, setOpen] = useState(false);
  const then = useRef<string | null>(null);
  const terms = appealTerms(view.task);
  if (!terms && !open) return null;
  const done = (size: number): void => {
    // The button that had the focus goes with the offer.
    then.current = 'rounds-title';
    setOpen(false);
    announce(t('appeal.sent', { size }));
    again();
  };
  return (
    <section class="notice" data-test={testIds.appealBox}>
      <h3>{t('appeal.title')}</h3>
      {terms && <p>{t('appeal.words', { size: terms.size, amount: money(terms.bond) })}</p>}
      {terms && <Left view={view} />}
      <div class="actions">
        <button
          type="button"
          class="button small"
          disabled={!terms}
          data-test={testIds.appealOpen}
          onClick={() => (account.value ? setOpen(true) : (panelOpen.value = true))}
        >
          {t('appeal.title')}
        </button>
        {!account.value && <span class="faint">{t('appeal.connect')}</span>}
      </div>
      {open && <AppealDialog view={view} terms={terms} close={() => setOpen(false)} done={done} then={then} />}
    </section>
  );
}

/** What is left of the window, by the chain's own clock. */
function Left({ view }: { view: TaskView }) {
  const now = useChain((ctx, stop) => ctx.rest.latest(stop), [view.id], 2000);
  if (!now.value) return null;
  const { blocks, seconds } = timeLeft(view.task, now.value);
  return (
    <p class="faint" data-test={testIds.appealLeft} data-blocks={blocks}>
      {blocks > 0 ? t('appeal.left', { n: blocks, time: countdown(seconds * 1000) }) : t('appeal.late')}
    </p>
  );
}

interface DialogProps {
  view: TaskView;
  terms: AppealTerms | null;
  close: () => void;
  done: (size: number) => void;
  then: { current: string | null };
}

function AppealDialog({ view, terms, close, done, then }: DialogProps) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  // The terms as they were read stay on the screen while the appeal is under way.
  const shown = useRef(terms);
  if (terms && !busy) shown.current = terms;
  const now = shown.current;
  if (!now) return null;
  const send = async (): Promise<void> => {
    setBusy(true);
    const failed = await actAlone((ctx, signer) => appeal(ctx, signer, view.id, now));
    setBusy(false);
    setFailure(failed);
    if (!failed) done(now.size);
  };
  return (
    <Dialog label={t('appeal.title')} test={testIds.appealDialog} onClose={close} then={then}>
      <form
        class="grant"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy && terms) void send();
        }}
      >
        <h2>{t('appeal.title')}</h2>
        <p>{t('appeal.what', { size: now.size, id: view.id, quorum: now.quorum })}</p>
        <Stakes terms={now} />
        {terms ? <Left view={view} /> : !busy && <p>{t('appeal.late')}</p>}
        <p class="faint" data-test={testIds.appealSigner}>
          {t(signerWords())}
        </p>
        {failure && <ErrorCard failure={failure} alert />}
        <div class="actions">
          <button
            type="submit"
            class="button primary"
            disabled={busy || !terms}
            data-test={testIds.appealConfirm}
            data-bond={now.bond.toString()}
          >
            {busy ? t('appeal.sending') : t('appeal.confirm', { amount: money(now.bond) })}
          </button>
          <button type="button" class="button" data-test={testIds.appealCancel} onClick={close}>
            {t('cancel')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** The bond, where it comes from, and the three ends it may come to. */
function Stakes({ terms }: { terms: AppealTerms }) {
  return (
    <dl class="facts" data-test={testIds.appealStakes}>
      <Fact name={t('appeal.bond')}>{money(terms.bond)}</Fact>
      <Fact name={t('appeal.from')}>{fromWords(terms.bond, prepaid.value ?? 0n)}</Fact>
      {(['win', 'lose', 'tie'] as const).map((end) => (
        <Fact key={end} name={t(`appeal.${end}`)}>
          {t(`appeal.${end}.words`)}
        </Fact>
      ))}
    </dl>
  );
}

function fromWords(bond: bigint, balance: bigint): string {
  if (balance >= bond) return t('appeal.from.prepaid');
  if (balance <= 0n) return t('appeal.from.coins');
  return t('appeal.from.both', { prepaid: money(balance), coins: money(bond - balance) });
}

/** Who will sign, and what the person will have to do for it. */
function signerWords(): 'appeal.guest' | 'appeal.session' | 'appeal.wallet' {
  if (account.value?.kind !== 'keplr') return 'appeal.guest';
  return isLive(session.value) ? 'appeal.session' : 'appeal.wallet';
}
