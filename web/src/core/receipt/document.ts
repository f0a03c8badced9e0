// The receipt's fields, its one spelling, its digest: twin of packages/receipt/src/document.rs.
import { addressBytes } from '../address';
import { hex, sha256, utf8, type Bytes } from '../bytes';
import { Fields, JsonError, parseStrict, writeCanonical, type Node } from '../canonical';
import { cidOfRaw } from '../cid';
import type { Ballot, ConductInfo } from '../contract-types';
import { taskDigest } from '../digest';
import { ShapeFault, array, boolean, cidOf, fieldsOf, hexOf, oneOf, orNull, string, unsigned, wide } from '../shape';

export const MAX_RECEIPT_BYTES = 1_048_576;
/** Document, rounds, a round, members, a member, its ballot, what it says. */
const MAX_DEPTH = 8;

export const WHATS = [
  'task_added',
  'committee_drawn',
  'vote_committed',
  'members_replaced',
  'vote_revealed',
  'round_undecided',
  'round_opened',
  'task_appealed',
  'task_answered',
  'task_finalised',
  'task_failed',
] as const;

/** What a transaction did: the contract's event of this name is in it. */
export type What = (typeof WHATS)[number];

export interface Member {
  ballot: Ballot | null;
  commitment: string | null;
  conduct: ConductInfo;
  salt: string | null;
  worker: string;
}

export interface Round {
  members: Member[];
  opened: bigint;
  round: number;
  size: number;
}

export interface Task {
  carried: boolean;
  contested: boolean;
  id: bigint;
  max_output_tokens: number;
  prompt_bytes: number;
  requester: string;
  status: 'final' | 'failed';
}

export interface Tx {
  hash: string;
  height: bigint;
  /** Unix seconds. */
  time: bigint;
  what: What;
}

export interface Receipt {
  answer: string | null;
  chain_id: string;
  contract: string;
  digest: string;
  manifest: string;
  /** The block, or its CID where the receipt cannot hold it. */
  prompt: string | { cid: string };
  rounds: Round[];
  task: Task;
  txs: Tx[];
}

/** Why a text is not a receipt. */
export class ReceiptFault extends Error {
  constructor(said: string) {
    super(said);
    this.name = 'ReceiptFault';
  }
}

export interface ParsedReceipt {
  receipt: Receipt;
  /** SHA-256 of the document without its digest. */
  digest: string;
}

/** Reads a receipt in its one spelling; nothing in it is believed yet. Throws `ReceiptFault`. */
export async function parseReceipt(text: string): Promise<ParsedReceipt> {
  const bytes = utf8(text);
  if (bytes.length > MAX_RECEIPT_BYTES) {
    throw new ReceiptFault(`got ${bytes.length} bytes, want a receipt of at most ${MAX_RECEIPT_BYTES}`);
  }
  try {
    const node = parseStrict(bytes, MAX_DEPTH);
    const receipt = read(node);
    if (writeCanonical(node) !== text) {
      throw new ReceiptFault('not canonical: want sorted keys, no white space and the shortest escapes');
    }
    return { receipt, digest: await digestOf(node) };
  } catch (thrown) {
    const known = thrown instanceof JsonError || thrown instanceof ShapeFault;
    throw known ? new ReceiptFault(`not a receipt: ${thrown.message}`) : thrown;
  }
}

/** SHA-256 of the same document without the field `digest`. */
export async function digestOf(node: Node): Promise<string> {
  if (!(node instanceof Fields)) throw new ReceiptFault('not a receipt: want an object');
  const body = new Fields(node.list.filter(([key]) => key !== 'digest'));
  return hex(await sha256(utf8(writeCanonical(body))));
}

const FIELDS = [
  'answer',
  'antiphon',
  'chain_id',
  'contract',
  'digest',
  'manifest',
  'prompt',
  'rounds',
  'task',
  'txs',
] as const;

function read(node: Node): Receipt {
  const fields = fieldsOf(node, FIELDS);
  oneOf(fields.antiphon, 'antiphon', ['receipt/1']);
  return {
    answer: orNull(fields.answer, (text) => string(text, 'answer')),
    chain_id: string(fields.chain_id, 'chain_id'),
    contract: string(fields.contract, 'contract'),
    digest: hexOf(fields.digest, 'digest', 32),
    manifest: string(fields.manifest, 'manifest'),
    prompt: readPrompt(fields.prompt),
    rounds: array(fields.rounds, 'rounds').map(readRound),
    task: readTask(fields.task),
    txs: array(fields.txs, 'txs').map(readTx),
  };
}

function readPrompt(node: Node): Receipt['prompt'] {
  if (typeof node === 'string') return node;
  return { cid: cidOf(fieldsOf(node, ['cid']).cid, 'prompt.cid') };
}

function readRound(node: Node): Round {
  const { members, opened, round, size } = fieldsOf(node, ['members', 'opened', 'round', 'size'] as const);
  return {
    members: array(members, 'members').map(readMember),
    opened: wide(opened, 'opened'),
    round: unsigned(round, 'round', 8),
    size: unsigned(size, 'size', 32),
  };
}

const CONDUCTS: readonly ConductInfo[] = ['right', 'wrong', 'neutral', 'withheld', 'silent', 'unavailable', 'revealer'];

function readMember(node: Node): Member {
  const fields = fieldsOf(node, ['ballot', 'commitment', 'conduct', 'salt', 'worker'] as const);
  return {
    ballot: orNull(fields.ballot, readBallot),
    commitment: orNull(fields.commitment, (text) => hexOf(text, 'commitment', 32)),
    conduct: oneOf(fields.conduct, 'conduct', CONDUCTS),
    salt: orNull(fields.salt, (text) => hexOf(text, 'salt', 32)),
    worker: string(fields.worker, 'worker'),
  };
}

/** A ballot as messages and receipts write it. Throws `ShapeFault`. */
export function readBallot(node: Node): Ballot {
  const [kind] = node instanceof Fields ? (node.list[0] ?? []) : [];
  if (kind === 'unavailable') return { unavailable: nothing(fieldsOf(node, ['unavailable']).unavailable) };
  if (kind === 'invalid') return { invalid: nothing(fieldsOf(node, ['invalid']).invalid) };
  const { answer } = fieldsOf(node, ['answer']);
  const fields = fieldsOf(answer, ['cid', 'finish', 'output_tokens', 'prompt_tokens', 'trace'] as const);
  return {
    answer: {
      cid: cidOf(fields.cid, 'cid'),
      finish: oneOf(fields.finish, 'finish', ['stop', 'length']),
      output_tokens: unsigned(fields.output_tokens, 'output_tokens', 32),
      prompt_tokens: unsigned(fields.prompt_tokens, 'prompt_tokens', 32),
      trace: hexOf(fields.trace, 'trace', 32),
    },
  };
}

function nothing(node: Node): Record<string, never> {
  fieldsOf(node, []);
  return {};
}

const TASK = ['carried', 'contested', 'id', 'max_output_tokens', 'prompt_bytes', 'requester', 'status'] as const;

function readTask(node: Node): Task {
  const fields = fieldsOf(node, TASK);
  return {
    carried: boolean(fields.carried, 'carried'),
    contested: boolean(fields.contested, 'contested'),
    id: wide(fields.id, 'id'),
    max_output_tokens: unsigned(fields.max_output_tokens, 'max_output_tokens', 32),
    prompt_bytes: unsigned(fields.prompt_bytes, 'prompt_bytes', 32),
    requester: string(fields.requester, 'requester'),
    status: oneOf(fields.status, 'status', ['final', 'failed']),
  };
}

function readTx(node: Node): Tx {
  const { hash, height, time, what } = fieldsOf(node, ['hash', 'height', 'time', 'what'] as const);
  if (!/^[0-9A-F]{64}$/.test(string(hash, 'hash'))) throw new ShapeFault('hash is not 64 upper-case hex digits');
  return {
    hash: string(hash, 'hash'),
    height: wide(height, 'height'),
    time: wide(time, 'time'),
    what: oneOf(what, 'what', WHATS),
  };
}

/** The identifier of the prompt's block. */
export const promptCid = async ({ prompt }: Receipt): Promise<string> =>
  typeof prompt === 'string' ? cidOfRaw(utf8(prompt)) : prompt.cid;

/** What every vote of the task names, recomputed. Throws if an address is none. */
export async function receiptTaskDigest(receipt: Receipt): Promise<Bytes> {
  const { task, chain_id } = receipt;
  return taskDigest({
    chain_id,
    contract: addressBytes(receipt.contract),
    task: task.id,
    requester: addressBytes(task.requester),
    manifest: await cidOfRaw(utf8(receipt.manifest)),
    prompt: await promptCid(receipt),
    max_output_tokens: task.max_output_tokens,
    prompt_bytes: task.prompt_bytes,
  });
}

/** Whether a task carries its prompt; contracts without such a message do not say. */
export const isCarried = (task: object): boolean => 'carried' in task && task.carried === true;
