/** Something read from the chain for a page: waiting, there, or failed with a sentence; read again when asked. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import { asAntiphonError } from '../core/errors';
import type { Context } from '../core/types';
import type { Failure } from '../ui/error-card';
import { reader } from './network';

export interface Loaded<T> {
  value: T | null;
  failure: Failure | null;
  again: () => void;
}

/** `every`: milliseconds between looks while the page is seen; 0 looks once. An old value stays while a new one comes. */
export function useChain<T>(
  read: (ctx: Context, stop: AbortSignal) => Promise<T>,
  deps: unknown[],
  every = 0,
): Loaded<T> {
  const [value, setValue] = useState<T | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [count, setCount] = useState(0);
  const ctx = reader.value;
  useEffect(() => {
    if (!ctx) return;
    const stop = new AbortController();
    const look = async (): Promise<void> => {
      try {
        const found = await read(ctx, stop.signal);
        if (stop.signal.aborted) return;
        setValue(found);
        setFailure(null);
      } catch (thrown) {
        if (stop.signal.aborted) return;
        const { code, params, detail } = asAntiphonError(thrown);
        setFailure({ code, params, detail });
      }
    };
    void look();
    const timer = every > 0 ? setInterval(() => !document.hidden && void look(), every) : undefined;
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [ctx, count, ...deps]);
  const again = useCallback(() => {
    setFailure(null);
    setCount((n) => n + 1);
  }, []);
  return { value, failure, again };
}
