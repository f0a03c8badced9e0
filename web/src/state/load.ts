/** Something read from the chain for a page: waiting, there, or failed with a sentence; read again when asked. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import { asAntiphonError } from '../core/errors';
import type { Context } from '../core/types';
import type { Failure } from '../ui/error-card';
import { reader } from './network';

/** A node that is away is asked again by itself, not too often. */
const AFTER_FAILURE = 5_000;

export interface Loaded<T> {
  value: T | null;
  failure: Failure | null;
  again: () => void;
}

/** When to look again, in milliseconds; 0 is never. */
export type Pace<T> = number | ((value: T) => number);

/** Looks while the page is seen, at the given pace. An old value stays while a new one comes. */
export function useChain<T>(
  read: (ctx: Context, stop: AbortSignal) => Promise<T>,
  deps: unknown[],
  pace: Pace<T> = 0,
): Loaded<T> {
  const [value, setValue] = useState<T | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [count, setCount] = useState(0);
  const ctx = reader.value;
  useEffect(() => {
    if (!ctx) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const next = (wait: number): void => {
      if (wait > 0) timer = setTimeout(() => void (document.hidden ? next(wait) : look()), wait);
    };
    const look = async (): Promise<void> => {
      try {
        const found = await read(ctx, stop.signal);
        if (stop.signal.aborted) return;
        setValue(found);
        setFailure(null);
        next(typeof pace === 'number' ? pace : pace(found));
      } catch (thrown) {
        if (stop.signal.aborted) return;
        const { code, params, detail } = asAntiphonError(thrown);
        setFailure({ code, params, detail });
        if (pace !== 0) next(AFTER_FAILURE);
      }
    };
    void look();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [ctx, count, ...deps]);
  const again = useCallback(() => {
    setFailure(null);
    setCount((n) => n + 1);
  }, []);
  return { value, failure, again };
}
