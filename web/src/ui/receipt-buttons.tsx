/** "Download receipt" and "Check it again": the second collects the receipt anew and checks every part of it here. */
import { useState } from 'preact/hooks';
import { asAntiphonError } from '../core/errors';
import type { ReceiptCheck } from '../core/types';
import { t } from '../i18n';
import { reader } from '../state/network';
import { checkText, makeReceipt } from '../state/receipts';
import { CheckList, Verdict } from './checks';
import { ErrorCard, failureWords, type Failure } from './error-card';
import { Icon } from './icons';
import { announce } from './live';
import { testIds } from './test-ids';

export function ReceiptButtons({ task, settled }: { task: number; settled: boolean }) {
  const [busy, setBusy] = useState<'download' | 'check' | null>(null);
  const [checks, setChecks] = useState<ReceiptCheck[] | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const run = async (what: 'download' | 'check'): Promise<void> => {
    const ctx = reader.value;
    if (!ctx || busy) return;
    setBusy(what);
    setFailure(null);
    try {
      const text = await makeReceipt(ctx, task, what === 'check');
      if (what === 'check') {
        const { checks: found } = await checkText(text);
        setChecks(found);
        announce(checkWords(found));
      } else (await import('../state/transfer')).download(`antiphon-${ctx.net.chain_id}-${task}.json`, text);
    } catch (thrown) {
      const { code, params, detail } = asAntiphonError(thrown);
      setFailure({ code, params, detail });
      announce(failureWords({ code, params }).message);
    } finally {
      setBusy(null);
    }
  };
  return (
    <div class="section">
      <div class="actions">
        <button
          type="button"
          class="button small"
          disabled={busy !== null || !settled}
          data-test={testIds.downloadReceipt}
          onClick={() => void run('download')}
        >
          <Icon name="download" size={14} />
          {t(busy === 'download' ? 'proof.downloading' : 'proof.download')}
        </button>
        <button
          type="button"
          class="button small"
          disabled={busy !== null || !settled}
          data-test={testIds.checkAgain}
          onClick={() => void run('check')}
        >
          <Icon name="check" size={14} />
          {t(busy === 'check' ? 'proof.checking' : 'proof.check')}
        </button>
      </div>
      {!settled && <p class="faint">{t('proof.later')}</p>}
      {failure && <ErrorCard failure={failure} />}
      {checks && <Checked checks={checks} />}
    </div>
  );
}

function checkWords(checks: ReceiptCheck[]): string {
  const bad = checks.filter((check) => !check.ok).length;
  return bad === 0 ? t('proof.checks.ok', { n: checks.length }) : t('proof.checks.bad', { n: bad });
}

function Checked({ checks }: { checks: ReceiptCheck[] }) {
  return (
    <>
      <Verdict ok={checks.every(({ ok }) => ok)} words={checkWords(checks)} />
      <CheckList checks={checks} />
    </>
  );
}
