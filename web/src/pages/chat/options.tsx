/** Model, voices, price, and the finer settings behind a button. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '../../i18n';
import { chosenModel, committeeSizes, options, price, setOption } from '../../state/composer';
import { modelNames, models, roughMoney } from '../../state/network';
import { prepaid } from '../../state/wallet';
import { Icon } from '../../ui/icons';
import { lazy } from '../../ui/lazy';
import { testIds } from '../../ui/test-ids';

/** Most questions are asked without it. */
const Fine = lazy(() => import('./fine'));

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
      {open && <Fine fallback={null} />}
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
            {modelNames.value[m.manifest] ?? t('composer.model.n', { id: m.model })}
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
        {committeeSizes.value.map((size) => (
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
