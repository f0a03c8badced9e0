import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { deleteKey, guestId, loadKey, saveKey, sessionId } from '../src/core/keystore';

const secret = Uint8Array.from({ length: 32 }, (_, at) => at + 1);

describe('the key store', () => {
  it('gives a secret back, replaces it, and forgets it', async () => {
    const id = guestId('test-1');
    expect(await loadKey(id)).toBeNull();
    await saveKey(id, { address: 'wasm1a', secret });
    expect(await loadKey(id)).toEqual({ address: 'wasm1a', secret });
    await saveKey(id, { address: 'wasm1b', secret: secret.slice().reverse() });
    expect((await loadKey(id))?.address).toBe('wasm1b');
    await deleteKey(id);
    expect(await loadKey(id)).toBeNull();
  });

  it('keeps sessions of accounts, contracts and chains apart', () => {
    const ids = [
      sessionId('a', 'c', 'g'),
      sessionId('b', 'c', 'g'),
      sessionId('a', 'd', 'g'),
      sessionId('a', 'c', 'h'),
    ];
    expect(new Set(ids).size).toBe(4);
  });

  it('never holds a secret as it is, and its wrapping key cannot leave the browser', async () => {
    await saveKey('guest/x', { address: 'wasm1a', secret });
    const database = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open('antiphon');
      request.onsuccess = () => resolve(request.result);
    });
    const entry = await new Promise<{ wrap: CryptoKey; wrapped: ArrayBuffer }>((resolve) => {
      const request = database.transaction('keys').objectStore('keys').get('guest/x');
      request.onsuccess = () => resolve(request.result);
    });
    expect(entry.wrap.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('raw', entry.wrap)).rejects.toThrow();
    expect(Buffer.from(entry.wrapped).includes(Buffer.from(secret))).toBe(false);
  });
});
