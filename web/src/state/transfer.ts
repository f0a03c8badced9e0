/** Conversations out of and into the browser: one JSON file, receipts included where they can be had. */
import { chats, keep, newId } from './chats';
import type { Chat } from './chat-types';
import { parseExport, type ExportFile } from './export-file';
import { reader } from './network';
import { makeReceipt } from './receipts';

/** Files larger than this were not written by this page. */
const MOST_BYTES = 64_000_000;

export async function exportChats(which: Chat[]): Promise<string> {
  const receipts: Record<string, string> = {};
  const tasks = new Set(
    which.flatMap((c) =>
      c.turns.flatMap((turn) => turn.asks.flatMap((a) => (a.answer && a.task !== null ? [a.task] : []))),
    ),
  );
  for (const task of tasks) {
    const receipt = await receiptOrNone(task);
    if (receipt !== null) receipts[task] = receipt;
  }
  const file: ExportFile = {
    antiphon: 'conversations/1',
    exported: new Date().toISOString(),
    conversations: which,
    receipts,
  };
  return JSON.stringify(file, null, 2);
}

/** A receipt that cannot be had now (node away, task still open) must not keep the words from being saved. */
async function receiptOrNone(task: number): Promise<string | null> {
  try {
    return reader.value ? await makeReceipt(reader.value, task) : null;
  } catch {
    return null;
  }
}

/** Adds the conversations of a file; one that is here already is added beside it. Null: not such a file. */
export async function importChats(file: Blob): Promise<number | null> {
  const found = file.size <= MOST_BYTES ? await parseExport(await file.text()) : null;
  if (!found) return null;
  for (const chat of found) {
    const taken = chats.value.some((c) => c.id === chat.id);
    await keep(taken ? { ...chat, id: newId() } : chat);
  }
  return found.length;
}

/** Hands a text to the person as a file. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
