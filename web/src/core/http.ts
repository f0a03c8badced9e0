// Bounded requests: time-outs, size limits, no redirects; every failure of the transport is `node_down`.
import { AntiphonError, throwIfStopped } from './errors';
import type { Fetch } from './types';

export interface Limits {
  /** Milliseconds. */
  timeout: number;
  /** Bytes of the body. */
  max: number;
  signal?: AbortSignal;
}

export interface Reply {
  status: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** One request. Throws `node_down` if nothing or too much comes, `stopped` if the person stopped it. */
export async function request(fetcher: Fetch, url: string, init: RequestInit, limits: Limits): Promise<Reply> {
  throwIfStopped(limits.signal);
  const timer = AbortSignal.timeout(limits.timeout);
  const signal = limits.signal ? AbortSignal.any([limits.signal, timer]) : timer;
  try {
    // Neither cookies nor referrers leave the page, and no server can send a request elsewhere.
    const fixed: RequestInit = { credentials: 'omit', referrerPolicy: 'no-referrer', redirect: 'error' };
    const response = await fetcher(url, { ...fixed, ...init, signal });
    return { status: response.status, bytes: await readBounded(response, limits.max) };
  } catch (thrown) {
    if (limits.signal?.aborted) throw new AntiphonError('stopped');
    if (thrown instanceof AntiphonError) throw thrown;
    throw new AntiphonError('node_down', { host: hostOf(url) }, `${url}: ${told(thrown, timer)}`);
  }
}

/** The body, given up as soon as it is longer than `max`. */
async function readBounded(response: Response, max: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > max) {
      await reader.cancel();
      throw new Error(`more than ${max} bytes came`);
    }
    parts.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Host and port of a URL, for people. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

function told(thrown: unknown, timer: AbortSignal): string {
  if (timer.aborted) return 'no answer in time';
  return thrown instanceof Error ? thrown.message : String(thrown);
}
