/** The conversation: its list at the left, one column of text, and the proof beside it when it is opened. */
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Chat } from '../../state/chat-types';
import { findChat, loaded, networkId } from '../../state/chats';
import { drafts } from '../../state/composer';
import { t, type Key } from '../../i18n';
import { proofOf } from '../../state/proof';
import { Boundary } from '../../ui/boundary';
import { Icon } from '../../ui/icons';
import { lazy } from '../../ui/lazy';
import { Empty, Loading } from '../../ui/parts';
import { Mark } from '../../ui/strands';
import { testIds } from '../../ui/test-ids';
import { Composer } from './composer';
import { Sidebar } from './sidebar';
import { TurnView } from './turn';

const ProofPanel = lazy(() => import('./proof-panel'));

/** On narrow screens the list of conversations opens over the page. */
export const listOpen = signal(false);

export function ChatPage({ id }: { id: string | null }) {
  const chat = id === null ? null : (findChat(id) ?? null);
  const missing = id !== null && chat === null && loaded.value;
  const elsewhere = chat !== null && chat.network !== networkId();
  const ask = chat?.turns.flatMap((turn) => turn.asks).find((a) => a.id === proofOf.value);
  return (
    <div class={`chat${ask ? ' with-proof' : ''}${listOpen.value ? ' list-open' : ''}`}>
      <Sidebar current={id} onPick={() => (listOpen.value = false)} />
      <div class="column">
        <h1 class="hidden-text">{chat?.title || t('chat.title')}</h1>
        {missing && <Empty words={`${t('chat.gone')} ${t('chat.gone.next')}`} />}
        {id !== null && !loaded.value && <Loading />}
        {id === null && <Welcome />}
        {chat && <Turns chat={chat} />}
        {elsewhere && <Elsewhere />}
        {!missing && !elsewhere && <Composer chat={chat} />}
      </div>
      {ask && <ProofPanel key={ask.id} ask={ask} fallback={<aside class="proof-panel" />} />}
    </div>
  );
}

/** A conversation held on another network is to be read; it cannot go on here. */
function Elsewhere() {
  return (
    <p class="notice elsewhere">
      {t('chat.elsewhere')} <a href="#/">{t('chat.new')}</a>
    </p>
  );
}

/** Answers that are not settled yet are looked after while they are on the screen. */
function useLater(chat: Chat): void {
  const waits = chat.turns.some((turn) => turn.asks.some((ask) => ask.answer !== null && ask.later?.settled !== true));
  useEffect(() => {
    if (!waits || chat.network !== networkId()) return;
    let stop: (() => void) | null = null;
    let gone = false;
    void import('../../state/later').then(({ lookAfter }) => (gone ? undefined : (stop = lookAfter(chat.id))));
    return () => {
      gone = true;
      stop?.();
    };
  }, [chat.id, waits]);
}

function Turns({ chat }: { chat: Chat }) {
  useLater(chat);
  const end = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  useEffect(() => {
    if (!end.current) return;
    const watch = new IntersectionObserver(([entry]) => setAway(!entry?.isIntersecting));
    watch.observe(end.current);
    return () => watch.disconnect();
  }, []);
  // A new question is brought into sight; after that the page never moves by itself.
  useEffect(() => end.current?.scrollIntoView({ block: 'end' }), [chat.id, chat.turns.length]);
  return (
    <>
      <div class="turns">
        {chat.turns.map((turn, index) => (
          <Boundary key={turn.id} of={turn}>
            <TurnView chat={chat} turn={turn} last={index === chat.turns.length - 1} />
          </Boundary>
        ))}
        <div class="end" ref={end} />
      </div>
      {away && (
        <button
          type="button"
          class="button small latest"
          data-test={testIds.jumpLatest}
          onClick={() => end.current?.scrollIntoView({ block: 'end' })}
        >
          <Icon name="chevronDown" size={14} />
          {t('chat.latest')}
        </button>
      )}
    </>
  );
}

function Welcome() {
  return (
    <div class="welcome">
      <Mark />
      <h2>{t('chat.empty.title')}</h2>
      <p class="soft">{t('chat.empty.words')}</p>
      <ul aria-label={t('chat.empty.try')}>
        {['chat.example.1', 'chat.example.2', 'chat.example.3'].map((key) => (
          <li key={key}>
            <button
              type="button"
              class="example"
              onClick={() => {
                drafts.value = { ...drafts.value, '': t(key as Key) };
                document.querySelector<HTMLTextAreaElement>(`[data-test=${testIds.composerInput}]`)?.focus();
              }}
            >
              {t(key as Key)}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
