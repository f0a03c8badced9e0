/** Identifiers, money and transactions of a task: the parts that the proof and the task page share. */
import '../i18n/more';
import type { TaskView } from '../core/types';
import type { TaskResponse } from '../core/contract-types';
import type { Receipt } from '../state/receipts';
import { t } from '../i18n';
import { modelNames, reader } from '../state/network';
import { shorten } from '../lib/format';
import { Cid, Fact, Money, Time } from './parts';
import { testIds } from './test-ids';

export function Identifiers({ view }: { view: TaskView }) {
  const { task, outcome } = view;
  const answer = outcome && 'answer' in outcome ? outcome.answer : null;
  return (
    <dl class="facts">
      {answer && (
        <Fact name={t('proof.answer')}>
          <Cid value={answer.cid} what={t('proof.answer')} />
        </Fact>
      )}
      <Fact name={t('proof.prompt')}>
        <Cid value={task.prompt} what={t('proof.prompt')} />
      </Fact>
      <Fact name={t('proof.manifest')}>
        {modelNames.value[task.manifest] && <span>{modelNames.value[task.manifest]} </span>}
        <Cid value={task.manifest} what={t('proof.manifest')} />
      </Fact>
      {answer && (
        <Fact name={t('proof.usage')}>
          {t('proof.tokens', { n: answer.output_tokens })} <span class="faint">/ {task.max_output_tokens}</span>
        </Fact>
      )}
      {answer && (
        <Fact name={t('proof.trace')}>
          <Cid value={answer.trace} what={t('proof.trace')} />
        </Fact>
      )}
    </dl>
  );
}

export function MoneyFacts({ task }: { task: TaskResponse }) {
  const { settlement } = task;
  return (
    <dl class="facts" data-test={testIds.proofMoney}>
      <Fact name={t('proof.escrow')}>
        <Money amount={task.escrow} />
      </Fact>
      {settlement ? (
        <>
          {BigInt(settlement.appeal_bonds) > 0n && (
            <>
              <Fact name={t('proof.appeal_bonds')}>
                <Money amount={settlement.appeal_bonds} />
              </Fact>
              <Fact name={t('proof.to_appellants')}>
                <Money amount={settlement.to_appellants} />
              </Fact>
            </>
          )}
          <Fact name={t('proof.paid.all')}>
            <Money amount={settlement.paid} />
          </Fact>
          <Fact name={t('proof.refunded')}>
            <Money amount={settlement.refunded} />
          </Fact>
          {BigInt(settlement.forfeited) > 0n && (
            <Fact name={t('proof.forfeited.all')}>
              <Money amount={settlement.forfeited} />
            </Fact>
          )}
          {BigInt(settlement.burned) > 0n && (
            <Fact name={t('proof.burned')}>
              <Money amount={settlement.burned} />
            </Fact>
          )}
        </>
      ) : (
        <Fact name={t('proof.paid.all')}>
          <span class="soft">{t('proof.not_settled')}</span>
        </Fact>
      )}
    </dl>
  );
}

/** What was written on chain, in order; each hash leads to the node's own record of it. */
export function Transactions({ txs }: { txs: Receipt['txs'] }) {
  const rest = reader.value?.net.rest ?? '';
  return (
    <ul class="checks" data-test={testIds.taskTransactions}>
      {txs.map(({ hash, height, time, what }) => (
        <li key={hash} class="tx">
          <span>
            {t(`tx.${what}`)} <span class="faint">{t('task.height', { n: Number(height) })}</span>
          </span>
          <a
            class="mono"
            href={`${rest}/cosmos/tx/v1beta1/txs/${hash}`}
            target="_blank"
            rel="noopener noreferrer"
            title={hash}
            data-test={testIds.txLink}
            data-hash={hash}
          >
            {shorten(hash, 8, 6)}
          </a>
          <span class="faint">
            <Time at={Number(time) * 1000} />
          </span>
        </li>
      ))}
    </ul>
  );
}
