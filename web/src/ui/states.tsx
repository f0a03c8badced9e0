/** What a page shows while it waits, and when the chain could not be read. */
import type { ComponentChildren } from 'preact';
import type { Loaded } from '../state/load';
import { t } from '../i18n';
import { ErrorCard } from './error-card';
import { Loading } from './parts';
import { testIds } from './test-ids';

export function Ready<T>({ from, children }: { from: Loaded<T>; children: (value: T) => ComponentChildren }) {
  const { value, failure, again } = from;
  return (
    <>
      {failure && (
        <ErrorCard failure={failure}>
          <button type="button" class="button small" data-test={testIds.errorAction} onClick={again}>
            {t('app.retry')}
          </button>
        </ErrorCard>
      )}
      {value === null && !failure && <Loading />}
      {value !== null && children(value)}
    </>
  );
}
