/** The grant in plain words, before the wallet's popup: no wallet has a decoder for it (research, ux.md section 2). */
import { useState } from 'preact/hooks';
import { language, t } from '../i18n';
import { decimal, exact, parseDecimal } from '../lib/format';
import { money, net, reader } from '../state/network';
import { price } from '../state/composer';
import { feeLimit, MAX_CALLS } from '../core/session';
import type { SessionRequest } from '../core/types';
import {
  MINUTES,
  account,
  afterGrant,
  beginSession,
  busy,
  defaultDeposit,
  grantOpen,
  takeCoins,
  walletFailure,
} from '../state/wallet';
import { Dialog } from './dialog';
import { ErrorCard } from './error-card';
import { announce } from './live';
import { copyText } from './parts';
import { testIds } from './test-ids';

export default function GrantDialog() {
  const close = (): void => {
    grantOpen.value = false;
    afterGrant.value = null;
  };
  return (
    <Dialog label={t('grant.title')} test={testIds.grantDialog} onClose={close}>
      <GrantForm close={close} />
    </Dialog>
  );
}

/** What is asked for, as typed. */
interface Terms {
  minutes: number;
  calls: number;
  typed: string;
}

/** A question that waited for the session announces itself. */
async function start(request: SessionRequest): Promise<void> {
  const waits = afterGrant.value !== null;
  await beginSession(request);
  if (!waits && !grantOpen.value) announce(t('session.started'));
}

function GrantForm({ close }: { close: () => void }) {
  const decimals = net.value?.decimals ?? 6;
  const [terms, setTerms] = useState<Terms>(() => ({
    minutes: 30,
    calls: 20,
    typed: decimal(defaultDeposit(20), decimals).replace(/\u202f/g, ''),
  }));
  const { minutes, calls, typed } = terms;
  const change = (by: Partial<Terms>): void => setTerms({ ...terms, ...by });
  const deposit = parseDecimal(typed, decimals);
  const valid = deposit !== null && calls >= 1 && calls <= MAX_CALLS;
  const waiting = busy.value === 'start';
  return (
    <form
      class="grant"
      onSubmit={(event) => {
        event.preventDefault();
        if (valid && !waiting) void start({ calls, minutes, deposit });
      }}
    >
      <h2>{t('grant.title')}</h2>
      <Words minutes={minutes} calls={calls} deposit={deposit} />
      <Fields terms={terms} valid={deposit !== null} change={change} />
      {deposit !== null && price.value !== null && price.value > 0n && (
        <p class="faint">{t('grant.deposit.words', { n: Number(deposit / price.value) })}</p>
      )}
      {walletFailure.value && (
        <ErrorCard failure={walletFailure.value} alert>
          {walletFailure.value.code === 'no_funds' && <Funds />}
        </ErrorCard>
      )}
      <div class="actions">
        <button type="submit" class="button primary" disabled={!valid || waiting} data-test={testIds.grantConfirm}>
          {t(waiting ? 'grant.signing' : 'grant.confirm')}
        </button>
        <button type="button" class="button" data-test={testIds.grantCancel} onClick={close}>
          {t('cancel')}
        </button>
      </div>
    </form>
  );
}

/** Where coins come from: the network's faucet, or anybody who is given the address. */
function Funds() {
  const address = account.value?.address ?? '';
  return net.value?.faucet ? (
    <button type="button" class="button small" disabled={busy.value !== null} onClick={() => void takeCoins()}>
      {t('wallet.faucet')}
    </button>
  ) : (
    <button type="button" class="button small" onClick={() => void copyText(address, t('wallet.address.copied'))}>
      {t('action.address')}
    </button>
  );
}

function Fields(props: { terms: Terms; valid: boolean; change: (by: Partial<Terms>) => void }) {
  const { terms, valid, change } = props;
  const { minutes, calls, typed } = terms;
  return (
    <div class="row">
      <label class="field">
        <span>{t('grant.minutes')}</span>
        <select
          class="input"
          value={minutes}
          data-test={testIds.grantMinutes}
          onChange={(event) => change({ minutes: Number(event.currentTarget.value) })}
        >
          {MINUTES.map((m) => (
            <option key={m} value={m}>
              {duration(m)}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{t('grant.calls')}</span>
        <input
          class="input"
          type="number"
          min="1"
          max={MAX_CALLS}
          value={calls}
          data-test={testIds.grantCalls}
          onInput={(event) => change({ calls: Math.floor(event.currentTarget.valueAsNumber || 0) })}
        />
      </label>
      <label class="field">
        <span>
          {t('grant.deposit')} ({net.value?.display_denom})
        </span>
        <input
          class="input"
          inputMode="decimal"
          value={typed}
          aria-invalid={!valid}
          data-test={testIds.grantDeposit}
          onInput={(event) => change({ typed: event.currentTarget.value })}
        />
      </label>
    </div>
  );
}

function Words({ minutes, calls, deposit }: { minutes: number; calls: number; deposit: bigint | null }) {
  const until = exact(Date.now() + minutes * 60_000, language.value);
  return (
    <div class="section" data-test={testIds.grantWords}>
      <p>{t('grant.words')}</p>
      <ul>
        <li>{t('grant.may.ask')}</li>
        <li>{t('grant.may.calls', { n: calls })}</li>
        <li>{t('grant.may.time', { time: until, minutes: duration(minutes) })}</li>
        {deposit !== null && deposit > 0n && <li>{t('grant.may.deposit', { amount: money(deposit) })}</li>}
        <li>{t('grant.may.fees', { amount: reader.value ? money(feeLimit(reader.value, calls)) : '…' })}</li>
      </ul>
      <p>{t('grant.not')}</p>
    </div>
  );
}

function duration(minutes: number): string {
  return minutes < 60 ? t('grant.minutes.m', { n: minutes }) : t('grant.minutes.h', { n: minutes / 60 });
}
