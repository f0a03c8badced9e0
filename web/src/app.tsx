/** The frame around every page. */
import { useEffect, useRef } from 'preact/hooks';
import { t, type Key } from './i18n';
import { route, routeHash, type Route } from './router';
import { ChatPage, listOpen } from './pages/chat/chat-page';
import { bootNetwork, net, netError } from './state/network';
import { THEMES, theme } from './state/prefs';
import { grantOpen } from './state/wallet';
import { Boundary } from './ui/boundary';
import { ErrorCard } from './ui/error-card';
import { Icon, type IconName } from './ui/icons';
import { lazy } from './ui/lazy';
import { LiveRegion } from './ui/live';
import { Loading, Toast } from './ui/parts';
import { SessionBar } from './ui/session-bar';
import { Mark } from './ui/strands';
import { testIds } from './ui/test-ids';
import { WalletButton } from './ui/wallet-panel';

const GrantDialog = lazy(() => import('./ui/grant-dialog'));
const TasksPage = lazy(() => import('./pages/tasks'));
const TaskPage = lazy(() => import('./pages/task'));
const WorkersPage = lazy(() => import('./pages/workers'));
const WorkerPage = lazy(() => import('./pages/worker'));
const NetworkPage = lazy(() => import('./pages/network'));
const VerifyPage = lazy(() => import('./pages/verify'));
const SettingsPage = lazy(() => import('./pages/settings'));

const NAV: { to: Route; key: Key; test: string; pages: Route['page'][] }[] = [
  { to: { page: 'chat', id: null }, key: 'nav.chat', test: testIds.navChat, pages: ['chat'] },
  { to: { page: 'tasks' }, key: 'nav.tasks', test: testIds.navTasks, pages: ['tasks', 'task'] },
  { to: { page: 'workers' }, key: 'nav.workers', test: testIds.navWorkers, pages: ['workers', 'worker'] },
  { to: { page: 'network' }, key: 'nav.network', test: testIds.navNetwork, pages: ['network'] },
  { to: { page: 'verify', task: null }, key: 'nav.verify', test: testIds.navVerify, pages: ['verify'] },
  { to: { page: 'settings' }, key: 'nav.settings', test: testIds.navSettings, pages: ['settings'] },
];

export function App() {
  const main = useRef<HTMLElement>(null);
  const { page } = route.value;
  useEffect(() => {
    const item = NAV.find((entry) => entry.pages.includes(page));
    document.title = item && page !== 'chat' ? `${t(item.key)} · ${t('app.name')}` : t('app.name');
  }, [page]);
  return (
    <div data-test={testIds.app} data-page={page}>
      <a
        class="skip"
        href="#main"
        data-test={testIds.skipLink}
        onClick={(event) => {
          // The fragment is the page's address: the link moves the focus and leaves it alone.
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {t('app.skip')}
      </a>
      <Header />
      <main id="main" ref={main} tabIndex={-1}>
        <Boundary of={route.value}>
          <Page />
        </Boundary>
      </main>
      {grantOpen.value && <GrantDialog fallback={null} />}
      <Toast />
      <LiveRegion />
    </div>
  );
}

function Header() {
  const { page } = route.value;
  return (
    <header class="header">
      {page === 'chat' && (
        <button
          type="button"
          class="quiet icon-only menu-toggle"
          aria-label={t('app.menu')}
          aria-expanded={listOpen.value}
          data-test={testIds.menuToggle}
          onClick={() => (listOpen.value = !listOpen.value)}
        >
          <Icon name="menu" />
        </button>
      )}
      <a class="brand" href="#/">
        <Mark />
        <span>{t('app.name')}</span>
      </a>
      <nav class="nav" aria-label={t('nav.main')}>
        {NAV.map(({ to, key, test, pages }) => (
          <a key={key} href={routeHash(to)} aria-current={pages.includes(page) ? 'page' : undefined} data-test={test}>
            {t(key)}
          </a>
        ))}
      </nav>
      <SessionBar />
      <div class="tools">
        <ThemeToggle />
        <WalletButton />
      </div>
    </header>
  );
}

const THEME_ICONS: Record<string, IconName> = { system: 'system', light: 'sun', dark: 'moon' };

function ThemeToggle() {
  const label = t(`theme.${theme.value}` as Key);
  const next = (): void => {
    theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system';
  };
  return (
    <button
      type="button"
      class="quiet icon-only"
      aria-label={label}
      title={label}
      data-test={testIds.themeToggle}
      data-theme={theme.value}
      onClick={next}
    >
      <Icon name={THEME_ICONS[theme.value] ?? 'system'} />
    </button>
  );
}

function Page() {
  const at = route.value;
  if (at.page === 'settings') return <SettingsPage fallback={<Waiting />} />;
  if (at.page === 'verify') return <VerifyPage key={at.task ?? ''} task={at.task} fallback={<Waiting />} />;
  if (netError.value) return <NoNetwork />;
  if (!net.value) return <Waiting />;
  switch (at.page) {
    case 'chat':
      return <ChatPage id={at.id} />;
    case 'tasks':
      return <TasksPage fallback={<Waiting />} />;
    case 'task':
      return <TaskPage key={at.id} id={at.id} fallback={<Waiting />} />;
    case 'workers':
      return <WorkersPage fallback={<Waiting />} />;
    case 'worker':
      return <WorkerPage key={at.address} address={at.address} fallback={<Waiting />} />;
    case 'network':
      return <NetworkPage fallback={<Waiting />} />;
    default:
      return <Missing />;
  }
}

function Waiting() {
  return (
    <div class="page">
      <Loading />
    </div>
  );
}

function NoNetwork() {
  const { params, detail } = netError.value ?? { params: {} };
  return (
    <div class="page">
      <h1>{t('app.no_network')}</h1>
      <ErrorCard failure={{ code: 'no_network', params, detail }}>
        <button type="button" class="button small" onClick={() => void bootNetwork()}>
          {t('app.retry')}
        </button>
        <a class="button small" href="#/settings">
          {t('action.settings')}
        </a>
      </ErrorCard>
    </div>
  );
}

function Missing() {
  return (
    <div class="page">
      <h1>{t('app.missing')}</h1>
      <p>
        <a href="#/">{t('app.missing.next')}</a>
      </p>
    </div>
  );
}
