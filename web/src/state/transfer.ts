/** Conversations out of and into the browser: one JSON file, receipts included where they can be had. */
import { chats, keep, newId } from './chats';
import type { Chat } from './chat-types';
import { reader } from './network';
import { makeReceipt } from './receipts';

export interface ExportFile {
  antiphon: 'conversations/1';
  exported: string;
  conversations: Chat[];
  /** Receipts by task id, as canonical text. */
  receipts: Record<string, string>;
}

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
  const found = file.size <= MOST_BYTES ? parseExport(await file.text()) : null;
  if (!found) return null;
  for (const chat of found) {
    const taken = chats.value.some((c) => c.id === chat.id);
    await keep(taken ? { ...chat, id: newId() } : chat);
  }
  return found.length;
}

/** Conversations of an export, shape by shape: a file is a stranger. */
export function parseExport(text: string): Chat[] | null {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return null;
  }
  const file = raw as Partial<ExportFile> | null;
  if (file?.antiphon !== 'conversations/1' || !Array.isArray(file.conversations)) return null;
  return file.conversations.every(isChat) ? file.conversations : null;
}

function isChat(value: unknown): value is Chat {
  const chat = value as Partial<Chat> | null;
  return (
    typeof chat?.id === 'string' &&
    typeof chat.title === 'string' &&
    typeof chat.network === 'string' &&
    Number.isFinite(chat.created) &&
    Number.isFinite(chat.updated) &&
    Array.isArray(chat.turns) &&
    chat.turns.every(
      (turn) =>
        typeof turn?.id === 'string' &&
        Number.isInteger(turn.shown) &&
        Array.isArray(turn.asks) &&
        turn.asks.every(isAsk),
    )
  );
}

function isAsk(value: unknown): boolean {
  const ask = value as Partial<Chat['turns'][number]['asks'][number]> | null;
  const answer = ask?.answer;
  const answerOk =
    answer === null ||
    (typeof answer?.text === 'string' &&
      typeof answer.cid === 'string' &&
      Array.isArray(answer.sources) &&
      Array.isArray(answer.liars));
  const snapshotOk = ask?.snapshot === null || Array.isArray(ask?.snapshot?.voices);
  return (
    typeof ask?.id === 'string' &&
    typeof ask.prompt === 'string' &&
    typeof ask.stage === 'string' &&
    typeof ask.settings === 'object' &&
    typeof ask.marks === 'object' &&
    answerOk &&
    snapshotOk
  );
}

/** Hands a text to the person as a file. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
