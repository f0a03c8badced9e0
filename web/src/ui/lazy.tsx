/** A component in a chunk of its own. Until it is there its `fallback` stands in; if it cannot be had, that stays. */
import type { ComponentChildren, ComponentType, VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../i18n';

type Loaded<P> = { default: ComponentType<P> };

export function lazy<P extends object>(load: () => Promise<Loaded<P>>) {
  let ready: ComponentType<P> | null = null;
  let loading: Promise<void> | null = null;
  return function Lazy(props: P & { fallback: ComponentChildren }): VNode {
    const [failed, setFailed] = useState(false);
    const [, redraw] = useState(0);
    useEffect(() => {
      if (ready) return;
      loading ??= load().then((m) => void (ready = m.default));
      loading.then(
        () => redraw((n) => n + 1),
        () => {
          loading = null;
          setFailed(true);
        },
      );
    }, []);
    const { fallback, ...rest } = props;
    if (ready) {
      const Ready = ready;
      return <Ready {...(rest as unknown as P)} />;
    }
    return (
      <>
        {fallback}
        {failed && <p class="faint">{t('app.reload')}</p>}
      </>
    );
  };
}
