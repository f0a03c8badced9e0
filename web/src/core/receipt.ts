// Receipts: made from chain and workers, checked in this tab with nothing else, compared with the chain.
import { checkParsed } from './receipt/checks';
import { ReceiptFault, parseReceipt, type ParsedReceipt, type Receipt } from './receipt/document';
import type { ReceiptCheck } from './types';

export { buildReceipt } from './receipt/build';
export { checkOnChain } from './receipt/onchain';
export type { Receipt } from './receipt/document';

export interface ReceiptReport {
  ok: boolean;
  checks: ReceiptCheck[];
  /** Absent where the text is no receipt at all. */
  receipt?: Receipt;
}

/** Every offline check, in order. A text that is not a receipt in its one spelling has failed `form`. */
export async function checkReceipt(text: string): Promise<ReceiptReport> {
  let parsed: ParsedReceipt;
  try {
    parsed = await parseReceipt(text);
  } catch (thrown) {
    if (!(thrown instanceof ReceiptFault)) throw thrown;
    return { ok: false, checks: [{ name: 'form', ok: false, detail: thrown.message }] };
  }
  const checks = await checkParsed(parsed);
  return { ok: checks.every(({ ok }) => ok), checks, receipt: parsed.receipt };
}
