// What an attacker with a script in the page could do: use the session key where the page keeps it.
// Against that the wrapping does not help; the chain must make the key worthless, and the tests try.
import type { Page } from 'playwright-core';
import { newKey, type PersonKey } from './secp.ts';

/** Every secret the page has kept, unwrapped inside the page, as a script there could. */
async function keptSecrets(): Promise<number[][]> {
  interface Entry {
    wrap: CryptoKey;
    iv: BufferSource;
    wrapped: ArrayBuffer;
  }
  const database = await new Promise<IDBDatabase>((done, fail) => {
    const request = indexedDB.open('antiphon');
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
  const entries = await new Promise<Entry[]>((done, fail) => {
    const request = database.transaction('keys').objectStore('keys').getAll();
    request.onsuccess = () => done(request.result as Entry[]);
    request.onerror = () => fail(request.error);
  });
  database.close();
  const open = ({ wrap, iv, wrapped }: Entry) => crypto.subtle.decrypt({ name: 'AES-GCM', iv }, wrap, wrapped);
  const secrets = await Promise.all(entries.map(open));
  return secrets.map((secret) => [...new Uint8Array(secret)]);
}

export async function stolenSessionKey(page: Page, prefix: string, grantee: string): Promise<PersonKey> {
  const secrets = await page.evaluate(keptSecrets);
  const keys = secrets.map((secret) => newKey(prefix, Buffer.from(secret)));
  const found = keys.find((key) => key.address === grantee);
  if (!found) throw new Error(`no kept key has the address ${grantee}`);
  return found;
}
