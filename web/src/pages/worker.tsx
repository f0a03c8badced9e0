/** One worker: what it put up, and its part in the latest tasks. */
import '../i18n/more';
import type { WorkerResponse } from '../core/contract-types';
import type { Context, MemberView } from '../core/types';
import { membersOf } from '../core/rounds';
import { t } from '../i18n';
import { routeHash } from '../router';
import { useChain } from '../state/load';
import { money } from '../state/network';
import { newestTask, readTask } from '../state/task';
import { conductWords } from '../ui/matrix';
import { Cid, Empty, Fact, Time } from '../ui/parts';
import { Ready } from '../ui/states';
import { testIds } from '../ui/test-ids';
import { WorkerState } from './workers';

/** Tasks looked through for its part. */
const RECENT = 24;

export default function WorkerPage({ address }: { address: string }) {
  const loaded = useChain((ctx, stop) => ctx.contract.worker(address, stop), [address], 6000);
  const none =
    loaded.value === null &&
    loaded.failure !== null &&
    /unknown|not found|no worker|E_/i.test(loaded.failure.detail ?? '');
  return (
    <div class="page" data-test={testIds.workerPage} data-worker={address}>
      <header>
        <h1>{loaded.value?.moniker || t('worker.title')}</h1>
      </header>
      {none ? (
        <Empty words={t('worker.none')}>
          <a class="button" href="#/workers">
            {t('worker.none.next')}
          </a>
        </Empty>
      ) : (
        <Ready from={loaded}>{(worker) => <Facts worker={worker} />}</Ready>
      )}
      {loaded.value && <Recent address={address} />}
    </div>
  );
}

function Facts({ worker }: { worker: WorkerResponse }) {
  return (
    <dl class="facts">
      <Fact name={t('worker.address')}>
        <Cid value={worker.worker} what={t('worker.address')} head={12} tail={8} />
      </Fact>
      <Fact name={t('workers.state')}>
        <WorkerState worker={worker} />
      </Fact>
      <Fact name={t('workers.bond')}>{money(BigInt(worker.bond))}</Fact>
      <Fact name={t('workers.locked')}>{money(BigInt(worker.locked))}</Fact>
      {BigInt(worker.unbonding) > 0n && <Fact name={t('worker.unbonding')}>{money(BigInt(worker.unbonding))}</Fact>}
      <Fact name={t('workers.serves')}>
        {worker.seats.length === 0
          ? t('workers.idle')
          : worker.seats.map((id) => t('composer.model.n', { id })).join(', ')}
      </Fact>
      <Fact name={t('worker.endpoint')}>
        {worker.endpoint ? <span class="mono">{worker.endpoint}</span> : t('worker.endpoint.none')}
      </Fact>
      {worker.voter && (
        <Fact name={t('worker.voter')}>
          <Cid value={worker.voter} what={t('worker.voter')} />
        </Fact>
      )}
      <Fact name={t('worker.since')}>{t('task.height', { n: worker.since })}</Fact>
    </dl>
  );
}

interface Part {
  task: number;
  at: number;
  member: MemberView;
}

async function recentParts(ctx: Context, address: string, stop: AbortSignal): Promise<Part[]> {
  const newest = await newestTask(ctx, 0, stop);
  const ids = Array.from({ length: Math.min(RECENT, newest) }, (_, i) => newest - i);
  const views = await Promise.all(ids.map((id) => readTask(ctx, id, stop).catch(() => null)));
  return views.flatMap((view) => {
    const member = view?.rounds.flatMap(membersOf).find((m) => m.worker === address);
    return view && member ? [{ task: view.id, at: view.task.posted_time * 1000, member }] : [];
  });
}

function Recent({ address }: { address: string }) {
  const loaded = useChain((ctx, stop) => recentParts(ctx, address, stop), [address]);
  return (
    <section class="section">
      <h2>{t('worker.recent')}</h2>
      <p class="faint">{t('worker.recent.words')}</p>
      <Ready from={loaded}>
        {(parts) =>
          parts.length === 0 ? (
            <Empty words={t('worker.recent.empty')} />
          ) : (
            <>
              <Track parts={parts} />
              <PartTable parts={parts} />
            </>
          )
        }
      </Ready>
    </section>
  );
}

/** One mark per task, oldest at the left: a disc in unison, a cross apart, a ring for the rest. The table says it again. */
function Track({ parts }: { parts: Part[] }) {
  const ordered = [...parts].reverse();
  return (
    <svg
      class="track"
      aria-hidden="true"
      viewBox={`0 0 ${ordered.length * 18} 18`}
      height="18"
      width={ordered.length * 18}
    >
      {ordered.map(({ task, member }, index) => {
        const x = index * 18 + 9;
        const bad = member.conduct === 'wrong' || member.conduct === 'withheld';
        if (bad) return <path key={task} class="apart" d={`M${x - 5} 4l10 10m0-10-10 10`} />;
        if (member.conduct === 'right') return <circle key={task} class="agree" cx={x} cy="9" r="5" />;
        return <circle key={task} class="open" cx={x} cy="9" r="4.5" />;
      })}
    </svg>
  );
}

function PartTable({ parts }: { parts: Part[] }) {
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label={t('worker.recent')}>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">{t('tasks.id')}</th>
            <th scope="col">{t('proof.conduct')}</th>
            <th scope="col" class="number">
              {t('proof.paid')}
            </th>
            <th scope="col" class="number">
              {t('proof.forfeited')}
            </th>
            <th scope="col">{t('tasks.asked')}</th>
          </tr>
        </thead>
        <tbody>
          {parts.map(({ task, at, member }) => (
            <tr key={task}>
              <th scope="row">
                <a href={routeHash({ page: 'task', id: task })}>{task}</a>
              </th>
              <td>{conductWords(member)}</td>
              <td class="number">{money(member.paid)}</td>
              <td class="number">{money(member.forfeited)}</td>
              <td class="nowrap soft">
                <Time at={at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
