/** The conversations of this browser: search, rename, export, delete. */
import { useRef, useState } from 'preact/hooks';
import type { Chat } from '../../state/chat-types';
import { remove, rename, search } from '../../state/chats';
import { t } from '../../i18n';
import { go, routeHash } from '../../router';
import { Icon } from '../../ui/icons';
import { Time, toast } from '../../ui/parts';
import { testIds } from '../../ui/test-ids';

export function Sidebar({ current, onPick }: { current: string | null; onPick: () => void }) {
  const [query, setQuery] = useState('');
  const found = search(query);
  return (
    <nav class="sidebar" aria-label={t('app.menu')}>
      <a
        class="button"
        href={routeHash({ page: 'chat', id: null })}
        data-test={testIds.conversationNew}
        onClick={onPick}
      >
        <Icon name="plus" />
        {t('chat.new')}
      </a>
      <input
        class="input"
        type="search"
        value={query}
        aria-label={t('chat.search')}
        placeholder={t('chat.search')}
        data-test={testIds.conversationSearch}
        onInput={(event) => setQuery(event.currentTarget.value)}
      />
      <ul data-test={testIds.conversationList}>
        {found.map((chat) => (
          <Item key={chat.id} chat={chat} current={chat.id === current} onPick={onPick} />
        ))}
      </ul>
      {found.length === 0 && <p class="faint">{t(query === '' ? 'chat.none' : 'chat.none.found')}</p>}
      <Import />
    </nav>
  );
}

function Item({ chat, current, onPick }: { chat: Chat; current: boolean; onPick: () => void }) {
  const [open, setOpen] = useState(false);
  const [renaming, setRenaming] = useState(false);
  const title = chat.title || t('chat.untitled');
  return (
    <li class={current ? 'current' : ''} data-test={testIds.conversationItem} data-id={chat.id}>
      {renaming ? (
        <Rename chat={chat} done={() => setRenaming(false)} />
      ) : (
        <a href={routeHash({ page: 'chat', id: chat.id })} aria-current={current ? 'page' : undefined} onClick={onPick}>
          <span>{title}</span>
          <small>
            <Time at={chat.updated} />
          </small>
        </a>
      )}
      <button
        type="button"
        class="quiet icon-only"
        aria-label={t('chat.actions', { title })}
        aria-expanded={open}
        data-test={testIds.conversationMenu}
        onClick={() => setOpen(!open)}
      >
        <Icon name="more" />
      </button>
      {open && <Menu chat={chat} current={current} rename={() => setRenaming(true)} close={() => setOpen(false)} />}
    </li>
  );
}

function Rename({ chat, done }: { chat: Chat; done: () => void }) {
  const [title, setTitle] = useState(chat.title);
  const save = async (): Promise<void> => {
    await rename(chat.id, title);
    done();
  };
  return (
    <input
      class="input"
      ref={(field) => field?.focus()}
      value={title}
      aria-label={t('chat.rename.label')}
      data-test={testIds.conversationRenameInput}
      onInput={(event) => setTitle(event.currentTarget.value)}
      onBlur={() => void save()}
      onKeyDown={(event) => {
        if (event.key === 'Enter') void save();
        if (event.key === 'Escape') done();
      }}
    />
  );
}

function Menu({
  chat,
  current,
  rename,
  close,
}: {
  chat: Chat;
  current: boolean;
  rename: () => void;
  close: () => void;
}) {
  const [sure, setSure] = useState(false);
  const erase = async (): Promise<void> => {
    await remove(chat.id);
    if (current) go({ page: 'chat', id: null });
  };
  return (
    <div class="menu" onKeyDown={(event) => event.key === 'Escape' && close()}>
      <button
        type="button"
        class="quiet"
        data-test={testIds.conversationRename}
        onClick={() => {
          close();
          rename();
        }}
      >
        {t('chat.rename')}
      </button>
      <button
        type="button"
        class="quiet"
        data-test={testIds.conversationExport}
        onClick={() => void exportOne(chat, close)}
      >
        {t('chat.export')}
      </button>
      {sure ? (
        <button
          type="button"
          class="quiet danger"
          data-test={testIds.conversationDeleteConfirm}
          onClick={() => void erase()}
        >
          {t('chat.delete.confirm')}
        </button>
      ) : (
        <button type="button" class="quiet" data-test={testIds.conversationDelete} onClick={() => setSure(true)}>
          {t('chat.delete')}
        </button>
      )}
    </div>
  );
}

async function exportOne(chat: Chat, done: () => void): Promise<void> {
  const { download, exportChats } = await import('../../state/transfer');
  download(`antiphon-${chat.id}.json`, await exportChats([chat]));
  done();
}

function Import() {
  const field = useRef<HTMLInputElement>(null);
  return (
    <label class="button small import">
      {t('chat.import')}
      <input
        ref={field}
        class="hidden-text"
        type="file"
        accept="application/json,.json"
        data-test={testIds.conversationImport}
        onChange={(event) => void takeFile(event.currentTarget)}
      />
    </label>
  );
}

/** Reads the chosen file and says what came of it. */
export async function takeFile(field: HTMLInputElement): Promise<void> {
  const file = field.files?.[0];
  if (!file) return;
  const { importChats } = await import('../../state/transfer');
  const count = await importChats(file);
  field.value = '';
  toast(count === null ? t('settings.import.bad') : t('settings.imported', { n: count }));
}
