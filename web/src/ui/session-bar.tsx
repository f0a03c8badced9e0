/** What the session may still do, always in sight: time, questions, fees, and the way to end it. */
import { useEffect } from 'preact/hooks';
import type { Context } from '../core/types';
import { t } from '../i18n';
import { countdown } from '../lib/format';
import { chainNow } from '../state/clock';
import { useChain } from '../state/load';
import { money, roughMoney } from '../state/network';
import { account, busy, finishSession, grantOpen, session, sessionEnded } from '../state/wallet';
import { announce } from './live';
import { testIds } from './test-ids';

/** Under this a session is "nearly over". */
const SOON = 60_000;

export function SessionBar() {
  const current = session.value;
  const left = current ? current.expires.getTime() - chainNow.value : 0;
  if (!current || left <= 0) return sessionEnded.value ? <Ended /> : null;
  const ending = busy.value === 'end';
  const soon = left < SOON || current.callsLeft <= 1;
  return (
    <section
      class={`session${soon ? ' soon' : ''}`}
      aria-label={t('session.active')}
      data-test={testIds.sessionBar}
      data-state={ending ? 'ending' : 'active'}
    >
      <span
        class="part"
        role="timer"
        aria-live="off"
        title={soon ? t('session.soon') : t('session.active')}
        aria-label={t('session.time', { time: countdown(left) })}
        data-test={testIds.sessionTime}
      >
        {countdown(left)}
      </span>
      <span
        class="part"
        title={t('session.calls.label')}
        data-test={testIds.sessionCalls}
        data-calls={current.callsLeft}
      >
        {t('session.calls', { n: current.callsLeft })}
      </span>
      <span
        class="part fees"
        title={`${t('session.fees')}: ${money(current.feeLeft)}`}
        data-test={testIds.sessionFees}
        data-amount={current.feeLeft.toString()}
      >
        {t('session.fees.left', { amount: roughMoney(current.feeLeft) })}
      </span>
      <button
        type="button"
        class="button small"
        disabled={ending}
        title={t('session.end.words')}
        data-test={testIds.sessionEnd}
        onClick={() => void finishSession()}
      >
        {t(ending ? 'session.ending' : 'session.end')}
      </button>
    </section>
  );
}

/** The last question uses up the grant; the fee allowance stays until it is taken back or runs out. */
async function allowanceStays(ctx: Context, granter: string): Promise<boolean> {
  const { loadKey, sessionId } = await import('../core/keystore');
  const key = await loadKey(sessionId(ctx.net.chain_id, ctx.net.contract, granter));
  return key !== null && (await ctx.rest.allowance(granter, key.address)) !== null;
}

function Ended() {
  const granter = account.value?.address ?? '';
  const stays = useChain((ctx) => allowanceStays(ctx, granter), [granter, busy.value]);
  const ending = busy.value === 'end';
  useEffect(() => announce(t('session.ended')), []);
  return (
    <section class="session" aria-label={t('session.active')} data-test={testIds.sessionBar} data-state="ended">
      <span class="part">{t('session.ended')}</span>
      <button type="button" class="button small" onClick={() => (grantOpen.value = true)}>
        {t('session.renew')}
      </button>
      {(stays.value || ending) && (
        <button
          type="button"
          class="button small"
          disabled={ending}
          title={t('session.end.allowance')}
          data-test={testIds.sessionEnd}
          onClick={() => void finishSession()}
        >
          {t(ending ? 'session.ending' : 'session.end')}
        </button>
      )}
    </section>
  );
}
