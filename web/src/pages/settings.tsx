/** Where the page talks to, how it looks, and what it keeps. */
import { useState } from 'preact/hooks';
import { asAntiphonError } from '../core/errors';
import { loadOverrides, saveOverrides, type NetworkConfig } from '../core/network';
import { LANGUAGES, language, t, type Key } from '../i18n';
import { chats, removeAll } from '../state/chats';
import { bootNetwork, hosts, models, net } from '../state/network';
import { THEMES, chooseLanguage, theme, type Theme } from '../state/prefs';
import { takeFile } from './chat/sidebar';
import { ErrorCard, type Failure } from '../ui/error-card';
import { toast } from '../ui/parts';
import { testIds } from '../ui/test-ids';

type UrlField = 'rest' | 'rpc' | 'faucet' | 'gateway';
type Field = UrlField | 'chain_id' | 'contract';

const FIELDS: { name: Field; key: Key; test?: string; url: boolean }[] = [
  { name: 'rest', key: 'settings.rest', test: testIds.settingsRest, url: true },
  { name: 'rpc', key: 'settings.rpc', test: testIds.settingsRpc, url: true },
  { name: 'faucet', key: 'settings.faucet', test: testIds.settingsFaucet, url: true },
  { name: 'gateway', key: 'settings.gateway', test: testIds.settingsGateway, url: true },
  { name: 'chain_id', key: 'settings.chain', url: false },
  { name: 'contract', key: 'settings.contract', url: false },
];

/** What a page without a network.json cannot know: those of every Antiphon network so far. */
const USUAL = { prefix: 'wasm', denom: 'uanti', gas_price: '0.025uanti' };

export default function SettingsPage() {
  return (
    <div class="page">
      <header>
        <h1>{t('settings.title')}</h1>
      </header>
      <div class="two">
        <NetworkForm key={net.value ? 'known' : 'unknown'} />
        <Hosts />
        <Look />
        <Data />
      </div>
    </div>
  );
}

function NetworkForm() {
  const config = net.value;
  const start = Object.fromEntries(FIELDS.map(({ name }) => [name, config?.[name] ?? ''])) as Record<Field, string>;
  const [typed, setTyped] = useState(start);
  const [failure, setFailure] = useState<Failure | null>(null);
  const store = async (overrides: Partial<NetworkConfig>): Promise<void> => {
    try {
      saveOverrides(overrides);
      setFailure(null);
      await bootNetwork();
      toast(t('settings.saved'));
    } catch (thrown) {
      const { code, params, detail } = asAntiphonError(thrown);
      setFailure({ code, params, detail });
    }
  };
  return (
    <section class="section">
      <h2>{t('settings.network')}</h2>
      <p class="faint">{t('settings.network.words')}</p>
      <form
        class="section"
        onSubmit={(event) => {
          event.preventDefault();
          void store(changed(typed, config));
        }}
      >
        {FIELDS.map(({ name, key, test, url }) => (
          <label class="field" key={name}>
            <span>{t(key)}</span>
            <input
              class="input"
              type="text"
              inputMode={url ? 'url' : 'text'}
              value={typed[name]}
              spellcheck={false}
              data-test={test}
              onInput={(event) => setTyped({ ...typed, [name]: event.currentTarget.value.trim() })}
            />
          </label>
        ))}
        {failure && <ErrorCard failure={failure} alert />}
        <div class="actions">
          <button type="submit" class="button primary" data-test={testIds.settingsSave}>
            {t('settings.save')}
          </button>
          <button
            type="button"
            class="button"
            data-test={testIds.settingsReset}
            onClick={() => void store({}).then(() => location.reload())}
          >
            {t('settings.reset')}
          </button>
        </div>
      </form>
    </section>
  );
}

/** The overrides that make the network what was typed; what was not touched keeps coming from network.json. */
function changed(typed: Record<Field, string>, config: NetworkConfig | null): Partial<NetworkConfig> {
  const out: Partial<NetworkConfig> = { ...(config ? {} : USUAL), ...loadOverrides() };
  for (const { name } of FIELDS) {
    const value = typed[name];
    if (value === (config?.[name] ?? '')) continue;
    if (name === 'faucet' || name === 'gateway') out[name] = value === '' ? null : value;
    else if (value !== '') out[name] = value;
  }
  return out;
}

function Hosts() {
  const { settings, workers } = hosts();
  const publishers = publisherHosts().filter((host) => !workers.includes(host));
  return (
    <section class="section">
      <h2>{t('settings.hosts')}</h2>
      <p class="faint">{t('settings.hosts.words')}</p>
      <dl class="facts" data-test={testIds.settingsHosts}>
        <dt>{t('settings.hosts.set')}</dt>
        <dd>
          <HostList list={settings} />
        </dd>
        <dt>{t('settings.hosts.workers')}</dt>
        <dd>
          <HostList list={workers} />
        </dd>
        {publishers.length > 0 && (
          <>
            <dt>{t('settings.hosts.publishers')}</dt>
            <dd>
              <HostList list={publishers} />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

/** Receipts read a model's manifest from its publisher too, where workers do not have it. */
function publisherHosts(): string[] {
  const urls = (models.value ?? []).flatMap(({ endpoint }) => (endpoint && URL.canParse(endpoint) ? [endpoint] : []));
  return [...new Set(urls.map((url) => new URL(url).origin))].sort();
}

function HostList({ list }: { list: string[] }) {
  if (list.length === 0) return <span class="faint">–</span>;
  return (
    <ul>
      {list.map((host) => (
        <li key={host} class="mono">
          {host}
        </li>
      ))}
    </ul>
  );
}

function Look() {
  return (
    <section class="section">
      <h2>{t('settings.look')}</h2>
      <label class="field">
        <span>{t('settings.theme')}</span>
        <select
          class="input"
          value={theme.value}
          data-test={testIds.settingsTheme}
          onChange={(event) => (theme.value = event.currentTarget.value as Theme)}
        >
          {THEMES.map((name) => (
            <option key={name} value={name}>
              {t(`theme.${name}.short` as Key)}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{t('settings.language')}</span>
        <select
          class="input"
          value={language.value}
          data-test={testIds.settingsLanguage}
          onChange={(event) => void chooseLanguage(event.currentTarget.value)}
        >
          {Object.entries(LANGUAGES).map(([code, { name }]) => (
            <option key={code} value={code} lang={code}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </section>
  );
}

function Data() {
  const [sure, setSure] = useState(false);
  const save = async (): Promise<void> => {
    const { download, exportChats } = await import('../state/transfer');
    download('antiphon-conversations.json', await exportChats(chats.value));
  };
  return (
    <section class="section">
      <h2>{t('settings.data')}</h2>
      <p class="faint">{t('settings.data.words')}</p>
      <div class="actions">
        <button type="button" class="button" data-test={testIds.settingsExport} onClick={() => void save()}>
          {t('settings.export')}
        </button>
        <label class="button file">
          {t('settings.import')}
          <input
            class="hidden-text"
            type="file"
            accept="application/json,.json"
            data-test={testIds.settingsImport}
            onChange={(event) => void takeFile(event.currentTarget)}
          />
        </label>
      </div>
      <p class="faint">{t('settings.clear.words')}</p>
      <div class="actions">
        {sure ? (
          <button
            type="button"
            class="button danger"
            data-test={testIds.settingsClearConfirm}
            onClick={() => void clearAll()}
          >
            {t('settings.clear.confirm')}
          </button>
        ) : (
          <button type="button" class="button" data-test={testIds.settingsClear} onClick={() => setSure(true)}>
            {t('settings.clear')}
          </button>
        )}
      </div>
    </section>
  );
}

/** Everything this page ever kept in this browser, keys included. */
async function clearAll(): Promise<void> {
  await removeAll();
  for (const name of ['antiphon', 'antiphon-chats']) indexedDB.deleteDatabase(name);
  for (const key of Object.keys(localStorage).filter((k) => k.startsWith('antiphon'))) localStorage.removeItem(key);
  location.hash = '#/';
  location.reload();
}
