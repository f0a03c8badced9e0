// How often the chain is asked: never more than once a second on average, less when nobody looks.
import { AntiphonError } from './errors';

const INTERVAL = 1_000;
/** Looks saved up while nothing was asked, spent right after something was sent. */
const BURST = 4;
const QUICK = 250;
/** A tab in the background, and a question that has been open for long. */
const HIDDEN = 5_000;
const LONG = 2_000;
const LONG_AFTER = 120_000;

export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new AntiphonError('stopped'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });

/** A bucket of looks: refilled one a second, later one in two; a few of them may follow each other quickly. */
export class Pace {
  private tokens = BURST;
  private filled = Date.now();
  private readonly started = Date.now();

  constructor(private readonly signal?: AbortSignal) {}

  /** Waits for the next look. `idle`: nothing can happen soon, so looks are saved up for when it can. */
  async next(idle = false): Promise<void> {
    const now = Date.now();
    const interval = now - this.started > LONG_AFTER ? LONG : INTERVAL;
    this.tokens = Math.min(BURST, this.tokens + (now - this.filled) / interval);
    this.filled = now;
    if (hidden()) return this.hiddenRest();
    if (idle) return sleep(interval, this.signal);
    const wait = this.tokens >= 1 ? 0 : (1 - this.tokens) * interval;
    this.tokens -= 1;
    return sleep(Math.max(QUICK, wait), this.signal);
  }

  /** Five seconds, or until the tab is looked at again. */
  private async hiddenRest(): Promise<void> {
    const over = new AbortController();
    const seen = new Promise<void>((resolve) => {
      document.addEventListener('visibilitychange', () => resolve(), { once: true, signal: over.signal });
    });
    await Promise.race([sleep(HIDDEN, this.signal), seen]).finally(() => over.abort());
  }
}

const hidden = (): boolean => typeof document !== 'undefined' && document.visibilityState === 'hidden';
