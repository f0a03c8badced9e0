/** The page's one live region: a question sent, its end and nothing in between; what a button did. */
import { signal } from '@preact/signals';
import { testIds } from './test-ids';

const said = signal('');

/** The same words twice are said twice: the second time they differ by a space that is not heard. */
export function announce(text: string): void {
  said.value = text === said.value ? `${text}\u00a0` : text;
}

export function LiveRegion() {
  return (
    <div class="hidden-text" role="status" aria-live="polite" aria-atomic="true" data-test={testIds.liveRegion}>
      {said}
    </div>
  );
}
