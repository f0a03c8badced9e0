/** The file of exported conversations, and reading one with suspicion. */
import type { Chat } from './chat-types';

export interface ExportFile {
  antiphon: 'conversations/1';
  exported: string;
  conversations: Chat[];
  /** Receipts by task id, as canonical text. */
  receipts: Record<string, string>;
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
