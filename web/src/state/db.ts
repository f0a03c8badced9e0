/** Conversations in IndexedDB. Where that is denied, in memory: the page still works until it is closed. */
import type { Chat } from './chat-types';

const NAME = 'antiphon-chats';
const STORE = 'chats';
const memory = new Map<string, Chat>();
let opened: Promise<IDBDatabase | null> | undefined;

function open(): Promise<IDBDatabase | null> {
  opened ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' });
      request.onsuccess = () => resolve(watched(request.result));
      request.onerror = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
  return opened;
}

/** Another tab may delete the database or open a newer one: this connection must not keep it waiting. */
function watched(db: IDBDatabase): IDBDatabase {
  db.onversionchange = () => {
    db.close();
    opened = undefined;
  };
  db.onclose = () => (opened = undefined);
  return db;
}

/** Runs one request in a transaction of its own and waits until it is durable. */
async function run<T>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T | undefined> {
  const db = await open();
  if (!db) return undefined;
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(STORE, mode, { durability: 'strict' });
    const request = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error ?? new Error('IndexedDB'));
    transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB'));
  });
}

/** A conversation from what it is now, null where there is none; null leaves everything as it is. */
export type ChangeChat = (now: Chat | null) => Chat | null;

/**
 * Reads, changes and writes a conversation in one transaction, so that two tabs never overwrite each other's part.
 * Resolves once the change would survive a reload.
 */
export async function changeChat(id: string, change: ChangeChat): Promise<Chat | null> {
  const db = await open();
  if (!db) {
    const next = change(memory.get(id) ?? null);
    if (next) memory.set(id, structuredClone(next));
    return next;
  }
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(STORE, 'readwrite', { durability: 'strict' });
    const store = transaction.objectStore(STORE);
    const got = store.get(id) as IDBRequest<Chat | undefined>;
    let next: Chat | null = null;
    got.onsuccess = () => {
      next = change(got.result ?? null);
      if (next) store.put(next);
    };
    transaction.oncomplete = () => resolve(next);
    transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB'));
  });
}

export async function getChat(id: string): Promise<Chat | null> {
  if (!(await open())) return memory.get(id) ?? null;
  return (await run<Chat | undefined>('readonly', (store) => store.get(id))) ?? null;
}

export async function allChats(): Promise<Chat[]> {
  const found = await run<Chat[]>('readonly', (store) => store.getAll());
  return found ?? [...memory.values()];
}

export async function deleteChat(id: string): Promise<void> {
  memory.delete(id);
  await run('readwrite', (store) => store.delete(id));
}

export async function clearChats(): Promise<void> {
  memory.clear();
  await run('readwrite', (store) => store.clear());
}
