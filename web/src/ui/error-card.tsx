/** What went wrong in one plain sentence, what to do next, and the technical text behind a disclosure. */
import type { ComponentChildren } from 'preact';
import { has, t, type Key } from '../i18n';
import { testIds } from './test-ids';

/** A failure as it can be stored: the codes of `core/errors.ts`, and `interrupted` for a page closed too early. */
export interface Failure {
  code: string;
  params: Record<string, string | number>;
  detail?: string | undefined;
}

export function failureWords(failure: Failure): { message: string; next: string } {
  const message = `error.${failure.code}`;
  const next = `next.${failure.code}`;
  const known = has(message) && has(next);
  return {
    message: t((known ? message : 'error.node_down') as Key, failure.params),
    next: t((known ? next : 'next.node_down') as Key, failure.params),
  };
}

/** `alert`: read aloud when it appears; elsewhere the live region has said it already, or the reader just pressed. */
export function ErrorCard(props: { failure: Failure; children?: ComponentChildren; alert?: boolean }) {
  const { failure, children, alert } = props;
  const { message, next } = failureWords(failure);
  const grave = failure.code === 'hash_mismatch';
  return (
    <div
      class={`notice ${grave ? 'danger' : 'apart'}`}
      role={alert ? 'alert' : undefined}
      data-test={testIds.errorCard}
      data-code={failure.code}
    >
      <p data-test={grave ? testIds.hashMismatch : testIds.errorMessage}>{message}</p>
      <p data-test={testIds.errorNext}>{next}</p>
      {children && <div class="actions">{children}</div>}
      {failure.detail && (
        <details data-test={testIds.errorDetail}>
          <summary>{t('detail')}</summary>
          <pre>{failure.detail}</pre>
        </details>
      )}
    </div>
  );
}
