import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pace, sleep } from '../src/core/pace';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  Reflect.deleteProperty(globalThis, 'document');
});

/** Looks in so many seconds. */
async function looksIn(seconds: number): Promise<number> {
  const pace = new Pace();
  let looks = 0;
  const end = Date.now() + seconds * 1000;
  const run = (async () => {
    while (Date.now() < end) {
      await pace.next();
      looks += 1;
    }
  })();
  await vi.advanceTimersByTimeAsync(seconds * 1000 + 10_000);
  await run;
  return looks;
}

describe('the pace of looks', () => {
  it('is at most one a second, a few saved up apart', async () => {
    expect(await looksIn(60)).toBeLessThanOrEqual(65);
    expect(await looksIn(60)).toBeGreaterThan(50);
  });

  it('begins quickly, for what was just sent is soon in a block', async () => {
    expect(await looksIn(1)).toBeGreaterThanOrEqual(3);
  });

  it('slows down when a question stays open for long', async () => {
    expect(await looksIn(600)).toBeLessThan(400);
  });

  it('rests in a tab that nobody sees, until it is seen again', async () => {
    const page = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
    Object.assign(globalThis, { document: page });
    expect(await looksIn(60)).toBeLessThanOrEqual(13);
    const waiting = new Pace().next();
    page.dispatchEvent(new Event('visibilitychange'));
    await waiting;
  });

  it('can be stopped', async () => {
    const stop = new AbortController();
    const resting = sleep(1_000, stop.signal);
    stop.abort();
    await expect(resting).rejects.toMatchObject({ code: 'stopped' });
    await expect(sleep(1, stop.signal)).rejects.toMatchObject({ code: 'stopped' });
  });
});
