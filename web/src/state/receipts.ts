/** Receipts, loaded with the first that is needed: made from the chain, checked here, compared with the chain. */
import type { Context, ReceiptCheck } from '../core/types';
import type { Receipt, ReceiptReport } from '../core/receipt';

export type { Receipt } from '../core/receipt';

const load = () => import('../core/receipt');

/** Receipts already made: a settled task never changes. */
const kept = new Map<string, string>();
const MOST_KEPT = 20;

/** `anew`: from the chain and the workers again, whatever was kept. */
export async function makeReceipt(ctx: Context, task: number, anew = false): Promise<string> {
  const key = `${ctx.net.rest} ${ctx.net.contract} ${task}`;
  const text = (anew ? undefined : kept.get(key)) ?? (await (await load()).buildReceipt(ctx, task));
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(key, text);
  return text;
}

export async function checkText(text: string): Promise<ReceiptReport> {
  return (await load()).checkReceipt(text);
}

export async function compare(ctx: Context, receipt: Receipt): Promise<ReceiptCheck[]> {
  return (await load()).checkOnChain(ctx, receipt);
}
