/** The time as a signal, once a second while the page is looked at. */
import { computed, signal } from '@preact/signals';

export const now = signal(Date.now());
/** What the chain's clock is ahead of this machine's, in milliseconds. */
export const chainAhead = signal(0);
/** The time as the chain has it: what sessions run out by. */
export const chainNow = computed(() => now.value + chainAhead.value);

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, 1000);
}
