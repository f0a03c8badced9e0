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
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
  return opened;
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

/** Resolves once the conversation would survive a reload. */
export async function putChat(chat: Chat): Promise<void> {
  memory.set(chat.id, structuredClone(chat));
  await run('readwrite', (store) => store.put(structuredClone(chat)));
}

export async function getChat(id: string): Promise<Chat | null> {
  return (await run<Chat | undefined>('readonly', (store) => store.get(id))) ?? memory.get(id) ?? null;
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
