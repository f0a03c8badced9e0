/** Where the focus goes when what had it is gone: to the question, or on a touch screen, where that opens a keyboard,
 * to the account's button. */
import { testIds } from './test-ids';

export function focusHome(): void {
  const fine = matchMedia('(pointer: fine)').matches;
  const find = (test: string): HTMLElement | null => document.querySelector(`[data-test=${test}]`);
  const home = (fine && find(testIds.composerInput)) || find(testIds.walletButton);
  home?.focus({ preventScroll: true });
}
