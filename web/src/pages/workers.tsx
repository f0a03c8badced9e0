/** Everybody who answers: bond, what of it is at risk, seats, trouble. */
import '../i18n/more';
import type { WorkerResponse } from '../core/contract-types';
import { language, t } from '../i18n';
import { exact, shorten } from '../lib/format';
import { go, routeHash } from '../router';
import { now } from '../state/clock';
import { useChain } from '../state/load';
import { money, workers } from '../state/network';
import { Empty } from '../ui/parts';
import { Ready } from '../ui/states';
import { testIds } from '../ui/test-ids';

export default function WorkersPage() {
  const loaded = useChain(async (ctx) => (workers.value = await ctx.contract.allWorkers()), [], 6000);
  return (
    <div class="page">
      <header>
        <h1>{t('workers.title')}</h1>
        <p class="soft">{t('workers.words')}</p>
      </header>
      <Ready from={loaded}>
        {(list) => (list.length === 0 ? <Empty words={t('workers.empty')} /> : <Table list={list} />)}
      </Ready>
    </div>
  );
}

function Table({ list }: { list: WorkerResponse[] }) {
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label={t('workers.title')}>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">{t('workers.name')}</th>
            <th scope="col">{t('workers.state')}</th>
            <th scope="col" class="number">
              {t('workers.bond')}
            </th>
            <th scope="col" class="number">
              {t('workers.locked')}
            </th>
            <th scope="col" class="number wide-only">
              {t('workers.serves')}
            </th>
          </tr>
        </thead>
        <tbody>
          {list.map((worker) => (
            <tr
              key={worker.worker}
              class="linked"
              data-test={testIds.workerRow}
              data-worker={worker.worker}
              onClick={(event) => {
                if (event.target instanceof Element && !event.target.closest('a,button')) {
                  go({ page: 'worker', address: worker.worker });
                }
              }}
            >
              <th scope="row">
                <a href={routeHash({ page: 'worker', address: worker.worker })} title={worker.worker}>
                  {worker.moniker || shorten(worker.worker, 10, 6)}
                </a>
              </th>
              <td>
                <WorkerState worker={worker} />
              </td>
              <td class="number">{money(BigInt(worker.bond))}</td>
              <td class="number">{money(BigInt(worker.locked))}</td>
              <td class="number wide-only">{t('workers.serving', { n: worker.seats.length })}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function WorkerState({ worker }: { worker: WorkerResponse }) {
  const jailed = worker.jailed_until ?? null;
  if (jailed !== null && jailed * 1000 > now.value) {
    return <span class="pill bad">{t('workers.jailed', { time: exact(jailed * 1000, language.value) })}</span>;
  }
  const idle = worker.seats.length === 0;
  return (
    <>
      <span class={`pill${idle ? '' : ' good'}`}>{t(idle ? 'workers.idle' : 'workers.ready')}</span>{' '}
      {worker.misses > 0 && <span class="pill bad">{t('workers.misses', { n: worker.misses })}</span>}
    </>
  );
}
