// Secrets of this page in IndexedDB, each wrapped by an AES-GCM key that cannot leave the browser: a copy of the
// database, or a script that reads it, has no use for what it finds.
import type { Bytes } from './bytes';

const DATABASE = 'antiphon';
const STORE = 'keys';

interface Entry {
  wrap: CryptoKey;
  iv: Bytes;
  wrapped: ArrayBuffer;
  address: string;
}

/** What is kept beside a secret, readable without unwrapping. */
export interface StoredKey {
  address: string;
  secret: Bytes;
}

/** Names: a guest per chain, a session per chain, contract and account. */
export const guestId = (chain: string): string => `guest/${chain}`;
export const sessionId = (chain: string, contract: string, granter: string): string =>
  `session/${chain}/${contract}/${granter}`;

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function withStore<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      // Only a transaction that is complete is on the disk.
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** Keeps a secret under this name, in place of an earlier one. */
export async function saveKey(id: string, key: StoredKey): Promise<void> {
  const wrap = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const wrapped = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, wrap, key.secret);
  const entry: Entry = { wrap, iv, wrapped, address: key.address };
  await withStore('readwrite', (store) => store.put(entry, id));
}

/** The secret of this name; null if there is none, or none that this browser can unwrap. */
export async function loadKey(id: string): Promise<StoredKey | null> {
  const entry = await withStore<Entry | undefined>('readonly', (store) => store.get(id));
  if (!entry) return null;
  try {
    const { wrap, iv, wrapped, address } = entry;
    const secret = new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, wrap, wrapped));
    return { address, secret };
  } catch {
    return null;
  }
}

export async function deleteKey(id: string): Promise<void> {
  await withStore('readwrite', (store) => store.delete(id));
}
