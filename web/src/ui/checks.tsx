/** The outcome of checking a receipt: each check by name, passed or failed. */
import type { ReceiptCheck } from '../core/types';
import '../i18n/more';
import { has, t } from '../i18n';
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
            <strong>{checkName(name)}</strong>{' '}
            <span class="hidden-text">{t(ok ? 'verify.passed' : 'verify.failed')}</span>
            {detail && <small>{ok ? detail : <Told detail={detail} />}</small>}
          </div>
        </li>
      ))}
    </ul>
  );
}

/** A check by its name for people; one that is newer than the dictionary by its own. */
export function checkName(name: string): string {
  const key = `check.${name}`;
  return has(key) ? t(key) : name;
}

/** Identifiers and digests: too long to be compared by eye. */
const LONG = /([A-Za-z0-9]{32,})/;

/** Where a failed check names two of them, each gets its own line, and what differs is marked. */
function Told({ detail }: { detail: string }) {
  const parts = detail.split(LONG);
  const [one, two, ...more] = parts.filter((part) => LONG.test(part));
  if (one === undefined || two === undefined || more.length > 0) return <>{detail}</>;
  const head = common(one, two);
  const tail = common(reversed(one.slice(head)), reversed(two.slice(head)));
  return (
    <>
      {parts.map((part, index) =>
        LONG.test(part) ? (
          <span key={index} class="mono">
            {part.slice(0, head)}
            <mark>{part.slice(head, part.length - tail)}</mark>
            {part.slice(part.length - tail)}
          </span>
        ) : (
          part.replace(/^[,;] /, '')
        ),
      )}
    </>
  );
}

const reversed = (text: string): string => [...text].reverse().join('');

/** How many characters two texts begin with alike. */
function common(one: string, two: string): number {
  let length = 0;
  while (length < Math.min(one.length, two.length) && one[length] === two[length]) length++;
  return length;
}
