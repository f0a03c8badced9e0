/** Small parts: identifiers, times, money, empty and loading states. */
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { exact, relative, shorten } from '../lib/format';
import { language, t } from '../i18n';
import { now } from '../state/clock';
import { money } from '../state/network';
import { Icon } from './icons';
import { announce } from './live';
import { testIds } from './test-ids';

const toastText = signal('');
let toastTimer: ReturnType<typeof setTimeout> | undefined;

/** A short word at the foot of the page, and the same to those who listen. */
export function toast(text: string): void {
  toastText.value = text;
  announce(text);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (toastText.value = ''), 2200);
}

export function Toast() {
  if (toastText.value === '') return null;
  return (
    <div class="toast" aria-hidden="true" data-test={testIds.toast}>
      {toastText}
    </div>
  );
}

export async function copyText(text: string, said = t('copy.done')): Promise<void> {
  await navigator.clipboard.writeText(text);
  toast(said);
}

/** An identifier, shortened in the middle; the whole one on hover and in the clipboard. */
export function Cid({ value, what, head, tail }: { value: string; what: string; head?: number; tail?: number }) {
  return (
    <button
      type="button"
      class="cid"
      title={value}
      data-test={testIds.cid}
      data-cid={value}
      aria-label={`${t('copy.cid', { what })}: ${shorten(value, head, tail)}`}
      onClick={() => void copyText(value)}
    >
      {shorten(value, head, tail)}
      <Icon name="copy" size={12} />
    </button>
  );
}

/** No date lies further from 1970, in milliseconds. */
const FURTHEST = 8.64e15;

/** A moment: relative for the eye, exact on hover. An import may hold any number: one that is no date is a dash. */
export function Time({ at }: { at: number }) {
  if (!(Math.abs(at) <= FURTHEST)) return <span>{'\u2013'}</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at, language.value)}>
      {relative(at, now.value, language.value)}
    </time>
  );
}

export function Money({ amount }: { amount: bigint | string | number }) {
  return <span class="nowrap">{money(BigInt(amount))}</span>;
}

export function Loading({ lines = 4 }: { lines?: number }) {
  return (
    <div class="loading" data-test={testIds.loading} aria-busy="true">
      {Array.from({ length: lines }, (_, index) => (
        <i key={index} />
      ))}
    </div>
  );
}

export function Empty({ words, children }: { words: string; children?: ComponentChildren }) {
  return (
    <div class="empty" data-test={testIds.empty}>
      <p>{words}</p>
      {children}
    </div>
  );
}

/** A term and what it is, one line of a `dl.facts`. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
