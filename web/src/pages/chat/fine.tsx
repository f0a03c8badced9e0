/** The finer settings of the next answer: how many voices, how varied, how long. */
import { t } from '../../i18n';
import { MOST_TEMPERATURE, anotherSeed, chosenModel, isSeed, longest, options, setOption } from '../../state/composer';
import { CommitteeChoice } from '../../ui/committee';
import { Icon } from '../../ui/icons';
import { Cid } from '../../ui/parts';
import { testIds } from '../../ui/test-ids';

export default function Fine() {
  const { temperature, fresh } = options.value;
  const chosen = chosenModel.value;
  return (
    <fieldset class="fine" data-test={testIds.settingsPanel}>
      <legend class="hidden-text">{t('composer.settings')}</legend>
      <label class="field">
        <span>{t('composer.temperature')}</span>
        <input
          class="input"
          type="number"
          min="0"
          max={MOST_TEMPERATURE}
          step="0.1"
          value={temperature}
          title={t('composer.temperature.words')}
          data-test={testIds.setTemperature}
          onInput={(event) => setOption('temperature', event.currentTarget.valueAsNumber || 0)}
        />
      </label>
      <label class="field">
        <span>{t('composer.max_tokens')}</span>
        <input
          class="input"
          type="number"
          min="1"
          max={chosen?.limits.max_output_tokens}
          value={longest.value}
          data-test={testIds.setMaxTokens}
          onChange={(event) => setOption('maxTokens', Math.max(1, Math.floor(event.currentTarget.valueAsNumber || 1)))}
        />
      </label>
      <SeedField />
      <CommitteeChoice />
      <label class="check wide">
        <input
          type="checkbox"
          checked={fresh}
          data-test={testIds.setFresh}
          onChange={(event) => setOption('fresh', event.currentTarget.checked)}
        />
        {t('composer.fresh')}
      </label>
      {chosen && (
        <p class="faint wide" data-test={testIds.modelFacts}>
          {t('composer.seats', { n: chosen.seats })} · <Cid value={chosen.manifest} what={t('proof.manifest')} />
        </p>
      )}
    </fieldset>
  );
}

function SeedField() {
  const { seed } = options.value;
  return (
    <label class="field">
      <span>{t('composer.seed')}</span>
      <span class="joined">
        <input
          class="input"
          inputMode="numeric"
          pattern="0|[1-9][0-9]{0,19}"
          value={seed}
          aria-invalid={!isSeed(seed)}
          data-test={testIds.setSeed}
          onInput={(event) => setOption('seed', event.currentTarget.value.trim())}
        />
        <button
          type="button"
          class="button"
          aria-label={t('answer.retry.seed')}
          title={t('answer.retry.seed')}
          onClick={() => setOption('seed', anotherSeed())}
        >
          <Icon name="retry" size={14} />
        </button>
      </span>
    </label>
  );
}
