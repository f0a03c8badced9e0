/** The calm mark of an answer that a later, larger committee did not confirm, wherever it is shown. */
import { t } from '../i18n';
import { testIds } from './test-ids';

export function Contested() {
  return (
    <p class="notice apart contested" data-test={testIds.contested}>
      {t('contested.words')}
    </p>
  );
}
