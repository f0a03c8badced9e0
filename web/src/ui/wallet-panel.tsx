/** Who asks: connecting, what the account holds, getting coins, leaving. */
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n';
import { shorten } from '../lib/format';
import { money, net } from '../state/network';
import {
  account,
  addNetwork,
  busy,
  coins,
  connect,
  disconnect,
  grantOpen,
  panelOpen,
  prepaid,
  session,
  takeCoins,
  walletFailure,
  walletInstalled,
  withdraw,
  type Account as WalletAccount,
} from '../state/wallet';
import { ErrorCard } from './error-card';
import { focusHome } from './focus';
import { Icon } from './icons';
import { Cid, Fact } from './parts';
import { testIds } from './test-ids';

export function WalletButton() {
  const who = account.value;
  const open = panelOpen.value;
  const root = useRef<HTMLDivElement>(null);
  useClose(root);
  useFocusAfterConnecting();
  const label = who ? t('wallet.account', { address: shorten(who.address, 6, 4) }) : t('wallet.connect');
  return (
    <div class="wallet" ref={root}>
      <button
        type="button"
        class={`button small${who ? '' : ' primary'}`}
        aria-expanded={open}
        aria-haspopup="dialog"
        aria-label={label}
        data-test={testIds.walletButton}
        data-state={busy.value === 'connect' ? 'connecting' : who ? 'ready' : 'none'}
        data-kind={who?.kind}
        onClick={() => (panelOpen.value = !open)}
      >
        {busy.value === 'connect' ? t('wallet.connecting') : who ? shorten(who.address, 6, 4) : t('wallet.connect')}
      </button>
      {open && (
        <div class="panel" role="dialog" aria-label={t('wallet.title')} data-test={testIds.walletPanel}>
          {who ? <Account /> : <Choices />}
          {walletFailure.value && <Trouble />}
        </div>
      )}
    </div>
  );
}

/** Esc and a click elsewhere close the panel; focus goes back to its button. */
function useClose(root: { current: HTMLDivElement | null }): void {
  useEffect(() => {
    if (!panelOpen.value) return;
    root.current?.querySelector<HTMLElement>('.panel button:not(:disabled)')?.focus();
    const away = (event: MouseEvent): void => {
      if (event.target instanceof Node && root.current?.contains(event.target) === false) panelOpen.value = false;
    };
    const key = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      panelOpen.value = false;
      root.current?.querySelector('button')?.focus();
    };
    document.addEventListener('mousedown', away);
    document.addEventListener('keydown', key);
    return () => {
      document.removeEventListener('mousedown', away);
      document.removeEventListener('keydown', key);
    };
  }, [panelOpen.value]);
}

/** The button that was pressed to connect is gone with the panel: what comes next is the question. */
function useFocusAfterConnecting(): void {
  const wasNobody = useRef(false);
  const open = panelOpen.value;
  useEffect(() => {
    if (open) wasNobody.current = account.value === null;
    else if (wasNobody.current && account.value !== null && !grantOpen.value) {
      wasNobody.current = false;
      focusHome();
    }
  }, [open]);
}

function Choices() {
  const faucet = net.value?.faucet ?? null;
  const installed = walletInstalled();
  const waiting = busy.value !== null;
  return (
    <>
      <div>
        <h2>{t('wallet.title')}</h2>
        <p class="faint">{t('wallet.intro')}</p>
      </div>
      <button
        type="button"
        class="choice"
        disabled={faucet === null || waiting}
        data-test={testIds.walletGuest}
        onClick={() => void connect('guest')}
      >
        <strong>{t('wallet.guest')}</strong>
        <span class="faint">{t(faucet === null ? 'wallet.guest.none' : 'wallet.guest.words')}</span>
      </button>
      <button
        type="button"
        class="choice"
        disabled={!installed || waiting}
        data-test={testIds.walletKeplr}
        onClick={() => void connect('keplr')}
      >
        <strong>{t('wallet.keplr')}</strong>
        <span class="faint">{t('wallet.keplr.words')}</span>
      </button>
      {!installed && (
        <p class="faint" data-test={testIds.walletMissing}>
          {t('wallet.missing')} {t('wallet.missing.how')}
        </p>
      )}
    </>
  );
}

function Account() {
  const who = account.value;
  if (!who) return null;
  return (
    <>
      <h2>{who.kind === 'guest' ? t('wallet.guest.name') : who.name || t('wallet.title')}</h2>
      <dl class="facts">
        <Fact name={t('wallet.address')}>
          <span data-test={testIds.walletAddress}>
            <Cid value={who.address} what={t('wallet.address')} />
          </span>
        </Fact>
        <Fact name={t('wallet.balance')}>
          <span data-test={testIds.walletBalance} data-amount={coins.value?.toString()}>
            {coins.value === null ? '…' : money(coins.value)}
          </span>
        </Fact>
        <Fact name={t('wallet.prepaid')}>
          <span data-test={testIds.walletPrepaid} data-amount={prepaid.value?.toString()}>
            {prepaid.value === null ? '…' : money(prepaid.value)}
          </span>
        </Fact>
      </dl>
      <p class="faint">{t('wallet.prepaid.words')}</p>
      {who.ledger && <p class="faint">{t('wallet.ledger')}</p>}
      <AccountActions who={who} />
    </>
  );
}

function AccountActions({ who }: { who: WalletAccount }) {
  return (
    <div class="actions">
      {!session.value && (
        <button
          type="button"
          class={`button small${who.kind === 'keplr' ? ' primary' : ''}`}
          data-test={testIds.sessionStart}
          onClick={() => {
            panelOpen.value = false;
            grantOpen.value = true;
          }}
        >
          {t('session.start')}
        </button>
      )}
      {net.value?.faucet && (
        <button
          type="button"
          class="button small"
          disabled={busy.value !== null}
          data-test={testIds.walletFaucet}
          onClick={() => void takeCoins()}
        >
          {t(busy.value === 'faucet' ? 'wallet.faucet.asking' : 'wallet.faucet')}
        </button>
      )}
      {(prepaid.value ?? 0n) > 0n && (
        <button
          type="button"
          class="button small"
          disabled={busy.value !== null}
          data-test={testIds.walletWithdraw}
          onClick={() => void withdraw()}
        >
          {t(busy.value === 'withdraw' ? 'wallet.withdrawing' : 'wallet.withdraw')}
        </button>
      )}
      <button type="button" class="quiet" data-test={testIds.walletDisconnect} onClick={disconnect}>
        {t('wallet.disconnect')}
      </button>
    </div>
  );
}

/** What is wrong with the wallet now, and the button that helps. */
function Trouble() {
  const failure = walletFailure.value;
  if (!failure) return null;
  return (
    <div data-test={testIds.walletNotice} data-code={failure.code}>
      <ErrorCard failure={failure} alert>
        {failure.code === 'wrong_chain' ? (
          <button
            type="button"
            class="button small"
            data-test={testIds.walletSuggest}
            onClick={() => void addNetwork()}
          >
            {t('wallet.suggest')}
          </button>
        ) : null}
        <button
          type="button"
          class="quiet icon-only"
          aria-label={t('close')}
          onClick={() => (walletFailure.value = null)}
        >
          <Icon name="cross" size={14} />
        </button>
      </ErrorCard>
    </div>
  );
}
