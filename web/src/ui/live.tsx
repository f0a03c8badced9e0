/** The page's one live region: one sentence when a question is sent, one when it ends, nothing in between. */
import { signal } from '@preact/signals';
import { testIds } from './test-ids';

const said = signal('');

export function announce(text: string): void {
  said.value = text;
}

export function LiveRegion() {
  return (
    <div class="hidden-text" role="status" aria-live="polite" aria-atomic="true" data-test={testIds.liveRegion}>
      {said}
    </div>
  );
}
