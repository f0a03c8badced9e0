// What a person does about an answer in doubt: asks it, opens its proof, asks a larger committee.
import type { Locator } from 'playwright-core';
import type { App } from './app.ts';
import { question } from './people.ts';

/** Time for a person to appeal, for sixteen workers on a small machine to commit, and no second draw of a round. */
export const PATIENT_RULES = { appeal_window_blocks: 250, commit_window_blocks: 400, max_draws: 1 };
/** A round of eleven computes, commits and reveals in it, or a window passes, on a busy machine. */
export const LONG = 480_000;

/** Asks for a few words only: eleven more workers are going to compute them. */
export async function shortAnswers(app: App): Promise<void> {
  await app.at('settingsToggle').click();
  await app.at('setMaxTokens').fill('12');
  await app.at('setMaxTokens').blur();
  await app.at('settingsToggle').click();
}

/** A verified answer with its proof open beside it. */
export async function answered(app: App): Promise<{ card: Locator; task: number }> {
  await shortAnswers(app);
  const card = await app.ask(question());
  await app.verified(card);
  await app.at('receiptLine', {}, card).click();
  await app.at('proof').waitFor();
  return { card, task: await app.taskOf(card) };
}

/** Opens the dialog; gives its words, who will sign, and the bond it names. */
export async function openAppeal(app: App): Promise<{ words: string; signer: string; bond: bigint }> {
  await app.at('appealOpen').click();
  await app.at('appealDialog').waitFor();
  const words = await app.at('appealDialog').innerText();
  const signer = await app.at('appealSigner').innerText();
  const bond = BigInt((await app.at('appealConfirm').getAttribute('data-bond'))!);
  return { words, signer, bond };
}

export async function confirmAppeal(app: App): Promise<void> {
  await app.at('appealConfirm').click();
  await app.at('appealDialog').waitFor({ state: 'detached' });
}
