/** Model, voices, price, and the finer settings behind a button. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '../../i18n';
import {
  COMMITTEE_SIZES,
  MOST_TEMPERATURE,
  anotherSeed,
  chosenModel,
  isSeed,
  longest,
  options,
  price,
  setOption,
} from '../../state/composer';
import { modelNames, models, roughMoney } from '../../state/network';
import { prepaid } from '../../state/wallet';
import { Icon } from '../../ui/icons';
import { Cid } from '../../ui/parts';
import { testIds } from '../../ui/test-ids';

export function ComposerOptions({ note }: { note: ComponentChildren }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <div class="options">
        <ModelPicker />
        <Voices />
        <button
          type="button"
          class="quiet"
          aria-expanded={open}
          aria-label={t('composer.settings')}
          title={t('composer.settings')}
          data-test={testIds.settingsToggle}
          onClick={() => setOpen(!open)}
        >
          <Icon name="sliders" />
        </button>
        <span class="spacer" />
        <Price />
      </div>
      {note && <p class="note faint">{note}</p>}
      {open && <Fine />}
    </>
  );
}

function ModelPicker() {
  const offered = (models.value ?? []).filter((m) => !m.retired);
  const chosen = chosenModel.value;
  if (!chosen) return <span class="faint">{models.value ? t('composer.no_model') : '\u00a0'}</span>;
  return (
    <label class="pick">
      <span class="hidden-text">{t('composer.model')}</span>
      <select
        value={chosen.model}
        data-test={testIds.modelPicker}
        onChange={(event) => setOption('model', Number(event.currentTarget.value))}
      >
        {offered.map((m) => (
          <option key={m.model} value={m.model}>
            {modelNames.value[m.manifest] ?? t('network.model', { id: m.model })}
          </option>
        ))}
      </select>
    </label>
  );
}

function Voices() {
  return (
    <label class="pick" title={t('composer.committee.words')}>
      <span>{t('composer.committee')}</span>
      <select
        value={options.value.committee}
        data-test={testIds.committeeSize}
        onChange={(event) => setOption('committee', Number(event.currentTarget.value))}
      >
        {COMMITTEE_SIZES.map((size) => (
          <option key={size} value={size} disabled={size > (chosenModel.value?.seats ?? size)}>
            {size}
          </option>
        ))}
      </select>
    </label>
  );
}

function Price() {
  const amount = price.value;
  return (
    <span
      class="price faint"
      title={t('composer.price.words')}
      data-test={testIds.composerPrice}
      data-amount={amount?.toString()}
    >
      {amount !== null && t('composer.price', { amount: roughMoney(amount) })}
      {prepaid.value !== null && (
        <>
          {amount !== null && ' · '}
          {t('composer.balance', { amount: roughMoney(prepaid.value) })}
        </>
      )}
    </span>
  );
}

function Fine() {
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
