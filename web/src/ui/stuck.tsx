/** A task that nobody moves on: a guest key does it by itself, a wallet is asked here. */
import { useEffect, useState } from 'preact/hooks';
import '../i18n/more';
import { advance } from '../core/act';
import type { TaskResponse } from '../core/contract-types';
import { t } from '../i18n';
import { actAlone } from '../state/act';
import { account } from '../state/wallet';
import { ErrorCard, type Failure } from './error-card';
import { announce } from './live';
import { testIds } from './test-ids';

/** Workers make a due step for their own sake; so long they are left to it, in milliseconds. */
const PATIENCE = 15_000;

export function StuckBox({ task, again }: { task: TaskResponse; again: () => void }) {
  const [late, setLate] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const { due, entered, status } = task;
  useEffect(() => {
    setLate(false);
    if (!due) return;
    const timer = setTimeout(() => setLate(true), PATIENCE);
    return () => clearTimeout(timer);
  }, [due, entered, status]);
  if (!late || !account.value) return null;
  const send = async (): Promise<void> => {
    setBusy(true);
    const failed = await actAlone((ctx, signer) => advance(ctx, signer, task.task));
    setBusy(false);
    setFailure(failed);
    if (failed) return;
    announce(t('stuck.done'));
    again();
  };
  return (
    <section class="notice" data-test={testIds.stuckBox}>
      <p>{t('stuck.words')}</p>
      <div class="actions">
        <button
          type="button"
          class="button small"
          disabled={busy}
          data-test={testIds.stuckDo}
          onClick={() => void send()}
        >
          {t('stuck.do')}
        </button>
        <span class="faint">{t('stuck.cost')}</span>
      </div>
      {failure && <ErrorCard failure={failure} alert />}
    </section>
  );
}
