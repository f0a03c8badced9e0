// The prompt document (documents, section 2): twin of packages/documents/src/prompt.rs.
import { utf8, type Bytes } from './bytes';
import { JsonError, canonical, isInteger, parseStrict, writeCanonical, type Node } from './canonical';
import { cidOfRaw } from './cid';
import { AntiphonError } from './errors';
import { ShapeFault, array, fieldsOf, integer, string } from './shape';
import type { Message, Sampling } from './types';

export const MAX_PROMPT_BYTES = 16_384;
export const MAX_MESSAGES = 64;
export const MAX_OUTPUT_TOKENS = 4_096;
/** The one spelling of a greedy request. */
export const GREEDY = { temperature_milli: 0, top_k: 0, top_p_milli: 1_000, seed: '0' } as const;

const TAG = 'prompt/1';
/** Document, messages, one message, and one spare. */
const MAX_DEPTH = 4;
const MAX_STOPS = 4;
const MAX_STOP_BYTES = 64;
const MAX_SEED = (1n << 64n) - 1n;
const FIELDS = ['antiphon', 'max_output_tokens', 'messages', 'sampling', 'stop'] as const;
const SAMPLING = ['seed', 'temperature_milli', 'top_k', 'top_p_milli'] as const;

/** The first check that a document fails, in the order of the checks. */
export type PromptReason =
  'size' | 'not_json' | 'not_prompt' | 'not_canonical' | 'messages' | 'range' | 'task_mismatch';

export class PromptFault extends Error {
  constructor(
    readonly reason: PromptReason,
    said: string,
  ) {
    super(`${reason}: ${said}`);
    this.name = 'PromptFault';
  }
}

export interface Prompt {
  messages: Message[];
  max_output_tokens: number;
  sampling: Omit<Sampling, 'max_output_tokens' | 'stop'>;
  stop: string[];
}

/** What a task says of its prompt. */
export interface TaskTerms {
  prompt_bytes: number;
  max_output_tokens: number;
}

/** Reads the prompt of a task: what every worker must judge alike. Throws the first failing check. */
export function parsePrompt(bytes: Uint8Array, task: TaskTerms): Prompt {
  if (bytes.length !== task.prompt_bytes) {
    throw new PromptFault('size', `got ${bytes.length} bytes, want ${task.prompt_bytes}`);
  }
  const prompt = readPrompt(bytes);
  if (prompt.max_output_tokens !== task.max_output_tokens) {
    const want = `want the task's ${task.max_output_tokens}`;
    throw new PromptFault('task_mismatch', `got max_output_tokens ${prompt.max_output_tokens}, ${want}`);
  }
  return prompt;
}

/** Reads a prompt that belongs to no task yet. Throws the first failing check. */
export function readPrompt(bytes: Uint8Array): Prompt {
  if (bytes.length > MAX_PROMPT_BYTES) {
    throw new PromptFault('size', `got ${bytes.length} bytes, want at most ${MAX_PROMPT_BYTES}`);
  }
  const node = parsed(bytes);
  const draft = drafted(node);
  if (!sameText(writeCanonical(node), bytes)) {
    throw new PromptFault('not_canonical', 'want sorted keys, no white space and the shortest escapes');
  }
  return judged(draft);
}

/** Judges messages, then ranges. */
export function judged(draft: Draft): Prompt {
  checkMessages(draft.messages);
  return ranged(draft);
}

function parsed(bytes: Uint8Array): Node {
  try {
    return parseStrict(bytes, MAX_DEPTH);
  } catch (thrown) {
    if (thrown instanceof JsonError) throw new PromptFault('not_json', thrown.message);
    throw thrown;
  }
}

function sameText(text: string, bytes: Uint8Array): boolean {
  const other = utf8(text);
  return other.length === bytes.length && other.every((byte, at) => byte === bytes[at]);
}

/** A document with the right fields and types, its values not yet judged. */
export interface Draft {
  max_output_tokens: string;
  messages: { role: string; content: string }[];
  sampling: { seed: string; temperature_milli: string; top_k: string; top_p_milli: string };
  stop: string[];
}

function drafted(node: Node): Draft {
  try {
    return draftOf(node);
  } catch (thrown) {
    if (thrown instanceof ShapeFault) throw new PromptFault('not_prompt', thrown.message);
    throw thrown;
  }
}

/** Fields and types. Throws `ShapeFault`. */
export function draftOf(node: Node): Draft {
  const { antiphon, max_output_tokens, messages, sampling, stop } = fieldsOf(node, FIELDS);
  if (antiphon !== TAG) throw new ShapeFault(`the tag is not ${TAG}`);
  const { seed, temperature_milli, top_k, top_p_milli } = fieldsOf(sampling, SAMPLING);
  return {
    max_output_tokens: integer(max_output_tokens, 'max_output_tokens'),
    messages: array(messages, 'messages').map((message) => {
      const { content, role } = fieldsOf(message, ['content', 'role'] as const);
      return { role: string(role, 'role'), content: string(content, 'content') };
    }),
    sampling: {
      seed: string(seed, 'seed'),
      temperature_milli: integer(temperature_milli, 'temperature_milli'),
      top_k: integer(top_k, 'top_k'),
      top_p_milli: integer(top_p_milli, 'top_p_milli'),
    },
    stop: array(stop, 'stop').map((item) => string(item, 'stop')),
  };
}

function checkMessages(messages: Draft['messages']): asserts messages is Message[] {
  const fault = messagesFault(messages);
  if (fault) throw new PromptFault('messages', fault);
}

function messagesFault(messages: Draft['messages']): string | null {
  if (messages.length < 1 || messages.length > MAX_MESSAGES) return 'want 1 to 64 messages';
  if (messages.some(({ role }) => !['system', 'user', 'assistant'].includes(role))) {
    return 'want the roles system, user and assistant';
  }
  if (messages.some(({ content }) => content.includes('\0'))) return 'want content without NUL';
  const turns = messages.slice(messages[0]?.role === 'system' ? 1 : 0).map(({ role }) => role);
  if (turns.some((role, at) => role !== (at % 2 === 0 ? 'user' : 'assistant'))) {
    return 'want user and assistant in turn after at most one system message';
  }
  return turns.at(-1) === 'user' ? null : "want a user's message last";
}

function ranged(draft: Draft): Prompt {
  const { temperature_milli, top_k, top_p_milli, seed } = draft.sampling;
  const prompt: Prompt = {
    messages: draft.messages as Message[],
    max_output_tokens: within(draft.max_output_tokens, 1, MAX_OUTPUT_TOKENS, 'max_output_tokens'),
    sampling: {
      temperature_milli: within(temperature_milli, 0, 2_000, 'temperature_milli'),
      top_k: within(top_k, 0, 1_000, 'top_k'),
      top_p_milli: within(top_p_milli, 1, 1_000, 'top_p_milli'),
      seed,
    },
    stop: draft.stop,
  };
  if (!isInteger(seed) || seed.length > 20 || BigInt(seed) > MAX_SEED) {
    throw new PromptFault('range', `want a seed of 0 to ${MAX_SEED}, a string of digits without leading zero`);
  }
  const rightStop = (stop: string) => stop !== '' && utf8(stop).length <= MAX_STOP_BYTES;
  if (draft.stop.length > MAX_STOPS || !draft.stop.every(rightStop)) {
    throw new PromptFault('range', 'want at most 4 stop strings of 1 to 64 bytes');
  }
  return prompt;
}

function within(digits: string, min: number, max: number, field: string): number {
  const value = digits.length <= 10 ? Number(digits) : Infinity;
  if (value < min || value > max) throw new PromptFault('range', `want ${field} of ${min} to ${max}`);
  return value;
}

/** A request as its one document; `cid` names the block. */
export interface PromptBlock {
  cid: string;
  bytes: Bytes;
  prompt: Prompt;
}

/** Writes the document. Throws `invalid_prompt` or `prompt_too_long` with the check it would fail. */
export async function writePrompt(messages: Message[], settings: Sampling): Promise<PromptBlock> {
  const { max_output_tokens, stop, seed, temperature_milli, top_k, top_p_milli } = settings;
  const text = canonical({
    antiphon: TAG,
    max_output_tokens,
    // A lone half of a surrogate pair has no UTF-8: it becomes what an encoder would write anyway.
    messages: messages.map(({ role, content }) => ({ role, content: content.replace(/\p{Surrogate}/gu, '\ufffd') })),
    sampling: { seed, temperature_milli, top_k, top_p_milli },
    stop,
  });
  const bytes = utf8(text);
  return { cid: await cidOfRaw(bytes), bytes, prompt: checked(bytes) };
}

function checked(bytes: Bytes): Prompt {
  try {
    return readPrompt(bytes);
  } catch (thrown) {
    if (!(thrown instanceof PromptFault)) throw thrown;
    const params = { got: bytes.length, most: MAX_PROMPT_BYTES, reason: thrown.reason };
    throw new AntiphonError(thrown.reason === 'size' ? 'prompt_too_long' : 'invalid_prompt', params, thrown.message);
  }
}
