/** The network at a glance: models, times, where the coins are. */
import '../i18n/more';
import type { ModelResponse, Ratings, TotalsResponse } from '../core/contract-types';
import type { Context } from '../core/types';
import { t, type Key } from '../i18n';
import { bytes } from '../lib/format';
import type { StageName } from '../lib/timing';
import { useChain } from '../state/load';
import { manifestOf } from '../state/names';
import { modelNames, models, money, net } from '../state/network';
import { newestTask, tasksBefore } from '../state/task';
import { timingOf, type Timing } from '../state/timing';
import { Cid, Empty, Fact } from '../ui/parts';
import { Ready } from '../ui/states';
import { testIds } from '../ui/test-ids';

/** A usual answer, for prices that can be compared. */
const USUAL = { prompt: 200, tokens: 128 };

interface Recent {
  timing: Timing | null;
  agreed: number;
  done: number;
}

async function recent(ctx: Context, stop: AbortSignal): Promise<Recent> {
  const { tasks } = await tasksBefore(ctx, 'done', (await newestTask(ctx, 0, stop)) + 1, stop);
  const agreed = tasks.filter((task) => task.outcome && 'answer' in task.outcome);
  return { timing: await timingOf(ctx, agreed, stop), agreed: agreed.length, done: tasks.length };
}

export default function NetworkPage() {
  const list = useChain(async (ctx) => (models.value = await ctx.contract.allModels()), [], 6000);
  const latest = useChain(recent, [], 15_000);
  const totals = useChain((ctx, stop) => ctx.contract.totals(stop), [], 6000);
  const config = useChain((ctx, stop) => ctx.contract.config(stop), []);
  return (
    <div class="page" data-test={testIds.networkPage}>
      <header>
        <h1>{net.value?.chain_name ?? t('network.title')}</h1>
        <dl class="facts">
          <Fact name={t('network.chain')}>
            <span class="mono">{net.value?.chain_id}</span>
          </Fact>
          <Fact name={t('network.contract')}>
            <Cid value={net.value?.contract ?? ''} what={t('network.contract')} head={10} tail={8} />{' '}
            {config.value && <span class="faint">{t('network.version', { version: config.value.version })}</span>}
          </Fact>
        </dl>
      </header>
      <section class="section">
        <h2>{t('network.models')}</h2>
        <Ready from={list}>
          {(found) => (found.length === 0 ? <Empty words={t('network.models.empty')} /> : <Models list={found} />)}
        </Ready>
      </section>
      <div class="two">
        <section class="section">
          <h2>{t('network.times')}</h2>
          <Ready from={latest}>{(found) => <Times recent={found} />}</Ready>
        </section>
        <section class="section">
          <h2>{t('network.totals')}</h2>
          <p class="faint">{t('network.totals.words')}</p>
          <Ready from={totals}>{(found) => <Totals totals={found} />}</Ready>
        </section>
      </div>
    </div>
  );
}

function Models({ list }: { list: ModelResponse[] }) {
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label={t('network.models')}>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">{t('tasks.model')}</th>
            <th scope="col" class="number">
              {t('network.seats')}
            </th>
            <th scope="col" class="number">
              {t('network.open')}
            </th>
            <th scope="col" class="number">
              {t('network.price', { n: USUAL.tokens })}
            </th>
            <th scope="col">{t('network.ratings')}</th>
            <th scope="col">{t('network.manifest')}</th>
          </tr>
        </thead>
        <tbody>
          {list.map((model) => (
            <Model key={model.model} model={model} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Model({ model }: { model: ModelResponse }) {
  const { price, manifest } = model;
  const name = modelNames.value[manifest] ?? t('composer.model.n', { id: model.model });
  const known = manifestOf(manifest);
  const fee =
    BigInt(price.base) +
    BigInt(price.per_prompt_byte) * BigInt(USUAL.prompt) +
    BigInt(price.per_output_token) * BigInt(USUAL.tokens);
  return (
    <tr data-test={testIds.modelRow} data-model={model.model}>
      <th scope="row">
        {name} {model.retired && <span class="pill">{t('network.retired')}</span>}
        <small class="faint block">
          {known?.license ? t('network.license', { name: known.license }) : bytes(model.limits.max_prompt_bytes)}
        </small>
      </th>
      <td class="number">{model.seats}</td>
      <td class="number">{model.open_tasks}</td>
      <td class="number nowrap">{money(fee)}</td>
      <td>
        <RatingsOf ratings={model.ratings} />
      </td>
      <td>
        <Cid value={manifest} what={t('network.manifest')} />
      </td>
    </tr>
  );
}

/** What askers said, and the fees behind it: a rating costs at least an answer. */
function RatingsOf({ ratings }: { ratings: Ratings }) {
  const { good, bad, good_fees, bad_fees } = ratings;
  if (good + bad === 0) return <span class="faint">{t('network.ratings.none')}</span>;
  return (
    <span data-test={testIds.modelRatings} data-good={good} data-bad={bad}>
      {t('network.ratings.value', { good, bad })}
      <small class="faint block">
        {t('network.ratings.fees', { amount: money(BigInt(good_fees)), bad: money(BigInt(bad_fees)) })}
      </small>
    </span>
  );
}

/** A share of fewer tasks says nothing. */
const FEW = 5;

const NAMES: Record<StageName, Key> = { drawn: 'stage.drawn', answered: 'stage.answered', settled: 'stage.final' };

/** Bars from the post to each stage; their numbers stand beside them. */
function Times({ recent }: { recent: Recent }) {
  const { timing, agreed, done } = recent;
  if (!timing) return <p class="soft">{t('network.times.empty')}</p>;
  const rows = (Object.keys(NAMES) as StageName[]).map((stage) => ({ stage, seconds: timing.medians[stage] }));
  const longest = Math.max(...rows.map((row) => row.seconds ?? 0), 0.001);
  return (
    <>
      <table class="times">
        <caption class="faint">{t('network.times.words', { n: timing.tasks })}</caption>
        <tbody>
          {rows.map(({ stage, seconds }) => (
            <tr key={stage}>
              <th scope="row">{t(NAMES[stage])}</th>
              <td class="fill">
                <svg aria-hidden="true" width="100%" height="6">
                  <rect class="bar" width={`${(100 * (seconds ?? 0)) / longest}%`} height="6" rx="3" />
                </svg>
              </td>
              <td class="number nowrap">
                {seconds === null ? '\u2013' : t('stages.seconds', { s: seconds.toFixed(1) })}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {done >= FEW && (
        <dl class="facts">
          <Fact name={t('network.quorum')}>{t('network.quorum.value', { n: agreed, all: done })}</Fact>
        </dl>
      )}
    </>
  );
}

const POTS = [
  'balances',
  'bonds',
  'unbonding',
  'escrows',
  'deliver_fees',
  'appeal_bonds',
  'model_deposits',
  'to_burn',
] as const;
const FLOWS = ['coins_in', 'withdrawn', 'burned'] as const;

function Totals({ totals }: { totals: TotalsResponse }) {
  const pots = POTS.filter((pot) => BigInt(totals[pot]) > 0n);
  return (
    <table class="totals">
      <tbody>
        {pots.map((pot) => (
          <tr key={pot}>
            <th scope="row">{t(`totals.${pot}`)}</th>
            <td class="number">{money(BigInt(totals[pot]))}</td>
          </tr>
        ))}
        {FLOWS.map((flow) => (
          <tr key={flow} class="flow">
            <th scope="row">{t(`totals.${flow}`)}</th>
            <td class="number">{money(flow === 'coins_in' ? BigInt(totals[flow]) : -BigInt(totals[flow]))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
