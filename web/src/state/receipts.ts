/** Receipts, loaded with the first that is needed: made from the chain, checked here, compared with the chain. */
import type { Context, ReceiptCheck } from '../core/types';
import type { Receipt, ReceiptReport } from '../core/receipt';

export type { Receipt } from '../core/receipt';

interface Making {
  buildReceipt: (ctx: Context, task: number) => Promise<string>;
  checkOnChain: (ctx: Context, receipt: Receipt) => Promise<{ ok: boolean; checks: ReceiptCheck[] }>;
}

const load = () => import('../core/receipt');

export async function makeReceipt(ctx: Context, task: number): Promise<string> {
  return ((await load()) as unknown as Making).buildReceipt(ctx, task);
}

export async function checkText(text: string): Promise<ReceiptReport> {
  return (await load()).checkReceipt(text);
}

export async function compare(ctx: Context, receipt: Receipt): Promise<{ ok: boolean; checks: ReceiptCheck[] }> {
  return ((await load()) as unknown as Making).checkOnChain(ctx, receipt);
}
