/** The outcome of checking a receipt: each check by name, passed or failed. */
import type { ReceiptCheck } from '../core/types';
import { t } from '../i18n';
import { Icon } from './icons';
import { testIds } from './test-ids';

export function Verdict({ ok, words }: { ok: boolean; words: string }) {
  return (
    <p class={`verdict ${ok ? 'pass' : 'fail'}`} data-test={testIds.verdict} data-ok={ok}>
      <Icon name={ok ? 'check' : 'cross'} />
      {words}
    </p>
  );
}

/** Failed checks stand first: they are what the reader came for. */
export function CheckList({ checks }: { checks: ReceiptCheck[] }) {
  const sorted = [...checks.filter(({ ok }) => !ok), ...checks.filter(({ ok }) => ok)];
  return (
    <ul class="checks" data-test={testIds.checkList}>
      {sorted.map(({ name, ok, detail }) => (
        <li key={name} class={ok ? 'pass' : 'fail'} data-test={testIds.check} data-name={name} data-ok={ok}>
          <Icon name={ok ? 'check' : 'cross'} />
          <div>
            <strong>{name}</strong> <span class="hidden-text">{t(ok ? 'verify.passed' : 'verify.failed')}</span>
            {detail && <small>{detail}</small>}
          </div>
        </li>
      ))}
    </ul>
  );
}
