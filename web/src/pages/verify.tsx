/** Checks a receipt in this tab, and against any node of its chain. Needs no network of its own. */
import '../i18n/more';
import { useEffect, useState } from 'preact/hooks';
import { createContext } from '../core/context';
import { asAntiphonError, AntiphonError } from '../core/errors';
import type { Context, ReceiptCheck } from '../core/types';
import { t } from '../i18n';
import { isTaskId, routeHash } from '../router';
import type { NetworkConfig } from '../core/network';
import { net } from '../state/network';
import { checkText, compare, makeReceipt, type Receipt } from '../state/receipts';
import { CheckList, Verdict, checkName } from '../ui/checks';
import { Contested } from '../ui/contested';
import { ErrorCard, failureWords, type Failure } from '../ui/error-card';
import { announce } from '../ui/live';
import { Cid } from '../ui/parts';
import { testIds } from '../ui/test-ids';

/** No receipt is longer: texts, 65 members with 62 replaced, and their transactions. */
const MOST_BYTES = 1_000_000;

interface Outcome {
  ok: boolean;
  checks: ReceiptCheck[];
  text: string;
  task: number | null;
  contested: boolean;
  chain: string;
  contract: string;
}

/** What is being checked, and what came of it. */
function useVerifier(rest: string) {
  const [busy, setBusy] = useState<'here' | 'chain' | null>(null);
  const [here, setHere] = useState<Outcome | null>(null);
  const [chain, setChain] = useState<Outcome | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const work = async (what: 'here' | 'chain', by: () => Promise<void>): Promise<void> => {
    setBusy(what);
    setFailure(null);
    try {
      await by();
    } catch (thrown) {
      const { code, params, detail } = asAntiphonError(thrown);
      setFailure({ code, params, detail });
      announce(failureWords({ code, params }).message);
    } finally {
      setBusy(null);
    }
  };
  const verify = (text: string): Promise<void> =>
    work('here', async () => {
      setHere(null);
      setChain(null);
      setHere(await checkHere(text, rest));
    });
  const compareWith = (outcome: Outcome): Promise<void> =>
    work('chain', async () => setChain(await checkThere(outcome, rest)));
  return { busy, here, chain, failure, setFailure, verify, compareWith };
}

export default function VerifyPage({ task }: { task: number | null }) {
  const [input, setInput] = useState(task === null ? '' : String(task));
  const [rest, setRest] = useState('');
  const { busy, here, chain, failure, setFailure, verify, compareWith } = useVerifier(rest);
  useEffect(() => {
    if (task !== null && net.value) void verify(String(task));
  }, [task, net.value]);
  return (
    <div class="page">
      <header>
        <h1>{t('verify.title')}</h1>
        <p class="soft">{t('verify.words')}</p>
      </header>
      <form
        class="section form"
        onSubmit={(event) => {
          event.preventDefault();
          void verify(input);
        }}
      >
        <Drop input={input} onInput={setInput} onTooLarge={() => setFailure(tooLarge())} />
        <RestField value={rest} onInput={setRest} />
        <div class="actions">
          <button
            type="submit"
            class="button primary"
            disabled={busy !== null || input.trim() === ''}
            data-test={testIds.verifyRun}
          >
            {t(busy === 'here' ? 'verify.running' : 'verify.run')}
          </button>
        </div>
      </form>
      {failure && <ErrorCard failure={failure} />}
      <section class="section">
        <div role="status">{here && <Verdict ok={here.ok} words={hereWords(here)} />}</div>
        {here && <Here outcome={here} />}
      </section>
      {here?.ok && <OnChain busy={busy} chain={chain} run={() => void compareWith(here)} />}
    </div>
  );
}

function RestField({ value, onInput }: { value: string; onInput: (text: string) => void }) {
  return (
    <label class="field">
      <span>{t('verify.rest')}</span>
      <input
        class="input"
        type="url"
        value={value}
        placeholder={net.value?.rest}
        data-test={testIds.verifyRest}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </label>
  );
}

function OnChain({ busy, chain, run }: { busy: string | null; chain: Outcome | null; run: () => void }) {
  return (
    <section class="section">
      <div class="actions">
        <button type="button" class="button" disabled={busy !== null} data-test={testIds.verifyChain} onClick={run}>
          {t(busy === 'chain' ? 'verify.chain.running' : 'verify.chain')}
        </button>
      </div>
      <div role="status">{chain && <There outcome={chain} />}</div>
      {chain && <CheckList checks={chain.checks} />}
    </section>
  );
}

function tooLarge(): Failure {
  return { code: 'receipt_invalid', params: {}, detail: t('verify.large') };
}

/** A text field that also takes a file, by choosing or by dropping. */
function Drop(props: { input: string; onInput: (text: string) => void; onTooLarge: () => void }) {
  const [over, setOver] = useState(false);
  const take = async (file: File | undefined): Promise<void> => {
    setOver(false);
    if (!file) return;
    if (file.size > MOST_BYTES) props.onTooLarge();
    else props.onInput(await file.text());
  };
  return (
    <div
      class={`drop${over ? ' over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        void take(event.dataTransfer?.files[0]);
      }}
    >
      <label class="field">
        <span>{t('verify.input')}</span>
        <textarea
          class="input"
          spellcheck={false}
          value={props.input}
          placeholder={t('verify.placeholder')}
          data-test={testIds.verifyInput}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      </label>
      <label class="pick-file">
        <span class="button small">{t('verify.file')}</span> <span class="faint">{t('verify.drop')}</span>
        <input
          class="hidden-text"
          type="file"
          accept="application/json,.json"
          data-test={testIds.verifyFile}
          onChange={(event) => void take(event.currentTarget.files?.[0])}
        />
      </label>
    </div>
  );
}

function Here({ outcome }: { outcome: Outcome }) {
  const { ok, task, chain } = outcome;
  return (
    <>
      {ok && outcome.contested && <Contested />}
      {ok && isOurs(outcome) && <p class="soft">{t('verify.ok.next')}</p>}
      {!ok && <CheckList checks={outcome.checks} />}
      {/* A number means a task of the settings' contract and of no other. */}
      {task !== null && isOurs(outcome) && (
        <p>
          <a href={routeHash({ page: 'task', id: task })}>{t('verify.of', { id: task, chain })}</a>
        </p>
      )}
      {task !== null && !isOurs(outcome) && <Unknown outcome={outcome} task={task} />}
      {ok && <CheckList checks={outcome.checks} />}
    </>
  );
}

function Unknown({ outcome, task }: { outcome: Outcome; task: number }) {
  return (
    <div class="notice apart">
      <p>{t('verify.of', { id: task, chain: outcome.chain })}</p>
      <p>
        {t('verify.unknown')} <Cid value={outcome.contract} what={t('network.contract')} head={10} tail={8} />
      </p>
    </div>
  );
}

const firstBad = ({ checks }: Outcome): string => checkName(checks.find(({ ok }) => !ok)?.name ?? '');

const hereWords = (outcome: Outcome): string =>
  outcome.ok ? t('verify.ok') : t('verify.bad', { name: firstBad(outcome) });

/** Anybody can put a contract on a chain and let it say anything: only the settings' own makes it "it happened". */
function There({ outcome }: { outcome: Outcome }) {
  if (isOurs(outcome)) {
    const words = outcome.ok ? t('verify.chain.ok') : t('verify.chain.bad', { name: firstBad(outcome) });
    return <Verdict ok={outcome.ok} words={words} />;
  }
  return <Verdict ok={false} words={t(outcome.ok ? 'verify.chain.unknown' : 'verify.unknown')} />;
}

/** Of the contract of the settings. */
function isOurs({ chain, contract }: Outcome): boolean {
  return net.value?.chain_id === chain && net.value.contract === contract;
}

/**
 * A reader of the node that was typed in, else of the settings' node. On the settings' chain the settings' contract is
 * the one that counts; on another chain the receipt names its own, and the verdict says that nobody here knows it.
 */
function contextFor(rest: string, receipt?: Receipt): Context {
  const typed = rest.trim().replace(/\/+$/, '');
  if (typed !== '' && !URL.canParse(typed)) throw new AntiphonError('node_down', {}, typed);
  const elsewhere = receipt && receipt.chain_id !== net.value?.chain_id;
  const own = elsewhere ? { chain_id: receipt.chain_id, contract: receipt.contract } : {};
  const config = net.value ?? (receipt && typed !== '' ? bareConfig(typed, receipt) : null);
  if (!config) throw new AntiphonError('node_down', {}, t('app.no_network'));
  return createContext({ ...config, ...own, ...(typed === '' ? {} : { rest: typed }) });
}

/** Enough of a network to compare a receipt with it: nothing is paid or signed. */
function bareConfig(rest: string, { chain_id, contract }: Receipt): NetworkConfig {
  return {
    chain_id,
    chain_name: chain_id,
    rpc: rest,
    rest,
    contract,
    prefix: contract.slice(0, contract.lastIndexOf('1')),
    denom: '',
    display_denom: '',
    decimals: 0,
    gas_price: '0',
    model: null,
    faucet: null,
    gateway: null,
  };
}

async function checkHere(input: string, rest: string): Promise<Outcome> {
  const typed = input.trim();
  const text = isTaskId(typed) ? await makeReceipt(contextFor(rest), Number(typed), true) : input;
  const { ok, checks, receipt } = await checkText(text);
  const { chain_id: chain = '', contract = '' } = receipt ?? {};
  const contested = receipt?.task.contested === true;
  return { ok, checks, text, task: receipt ? Number(receipt.task.id) : null, contested, chain, contract };
}

async function checkThere(here: Outcome, rest: string): Promise<Outcome> {
  const { receipt } = await checkText(here.text);
  if (!receipt) throw new AntiphonError('receipt_invalid');
  const checks = await compare(contextFor(rest, receipt), receipt);
  return { ...here, ok: checks.every(({ ok }) => ok), checks };
}
