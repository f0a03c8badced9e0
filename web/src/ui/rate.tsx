/** What the asker of a settled task says of its answer, once; shown to everybody afterwards. */
import { useState } from 'preact/hooks';
import '../i18n/more';
import { rate } from '../core/act';
import type { TaskResponse } from '../core/contract-types';
import { t } from '../i18n';
import { actAlone } from '../state/act';
import { account } from '../state/wallet';
import { ErrorCard, type Failure } from './error-card';
import { Icon } from './icons';
import { announce } from './live';
import { testIds } from './test-ids';

/** Whether this account may still rate this task. */
export function mayRate(task: TaskResponse, address: string | undefined): boolean {
  const answered = task.status === 'final' && task.outcome != null && 'answer' in task.outcome;
  return answered && typeof task.rated !== 'boolean' && address === task.requester;
}

export function RateBox({ task, again }: { task: TaskResponse; again: () => void }) {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<boolean | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const rated = task.rated ?? said;
  if (typeof rated === 'boolean') return <Said good={rated} />;
  if (!mayRate(task, account.value?.address)) return null;
  const send = async (good: boolean): Promise<void> => {
    setBusy(true);
    const failed = await actAlone((ctx, signer) => rate(ctx, signer, task.task, good));
    setBusy(false);
    setFailure(failed);
    if (failed) return;
    setSaid(good);
    announce(t(good ? 'rate.said.good' : 'rate.said.bad'));
    again();
  };
  return (
    <section class="rate" data-test={testIds.rateBox}>
      <h3>{t('rate.title')}</h3>
      <p class="faint">
        {t('rate.words')} {account.value?.kind === 'keplr' && t('appeal.wallet')}
      </p>
      <div class="actions">
        {([true, false] as const).map((good) => (
          <button
            type="button"
            key={String(good)}
            class="button small"
            disabled={busy}
            data-test={good ? testIds.rateGood : testIds.rateBad}
            onClick={() => void send(good)}
          >
            <Icon name={good ? 'thumbUp' : 'thumbDown'} size={14} />
            {t(good ? 'rate.good' : 'rate.bad')}
          </button>
        ))}
        {busy && <span class="faint">{t('rate.sending')}</span>}
      </div>
      {failure && <ErrorCard failure={failure} alert />}
    </section>
  );
}

function Said({ good }: { good: boolean }) {
  return (
    <p class="rated soft" data-test={testIds.rated} data-good={good}>
      <Icon name={good ? 'thumbUp' : 'thumbDown'} size={14} />
      {t(good ? 'rate.said.good' : 'rate.said.bad')}
    </p>
  );
}
