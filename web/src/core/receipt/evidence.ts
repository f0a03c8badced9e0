// What the chain's transactions say of a task: every phase, every commitment, every opened ballot.
import { hex, sha256, unbase64 } from '../bytes';
import { nodeOf } from '../canonical';
import type { Ballot } from '../contract-types';
import type { TxOutcome } from '../rest';
import { ShapeFault } from '../shape';
import type { Context } from '../types';
import { WHATS, readBallot, type Tx, type What } from './document';

const EXECUTE = '/cosmwasm.wasm.v1.MsgExecuteContract';
const EXEC = '/cosmos.authz.v1beta1.MsgExec';

export interface Vote {
  round: number;
  worker: string;
  commitment?: string;
  /** What the member believed the task to be. */
  task_digest?: string;
  ballot?: Ballot;
  salt?: string;
}

export interface Evidence {
  /** By height and place in their block. */
  txs: Tx[];
  commits: Vote[];
  reveals: Vote[];
}

/** Everything the node's index knows of a task of our contract. */
export async function collect(ctx: Context, task: bigint, signal?: AbortSignal): Promise<Evidence> {
  const { contract } = ctx.net;
  const of = (what: What) =>
    ctx.rest.search(`wasm-${what}._contract_address='${contract}' AND wasm-${what}.task='${task}'`, 8, signal);
  const found = await Promise.all(WHATS.map(of));
  const outcomes = new Map(found.flat().map((outcome) => [outcome.hash, outcome]));
  const list = await inOrder(ctx, [...outcomes.values()], signal);
  return {
    txs: list.flatMap((outcome) => whatsOf(outcome, contract, task).map((what) => txOf(outcome, what))),
    commits: list.flatMap((outcome) => accepted(outcome, contract, task, 'vote_committed', commitsOf)),
    reveals: list.flatMap((outcome) => accepted(outcome, contract, task, 'vote_revealed', revealsOf)),
  };
}

const txOf = ({ hash, height, time }: TxOutcome, what: What): Tx => ({
  hash,
  height: BigInt(height),
  time: BigInt(Math.floor(Date.parse(time) / 1000)),
  what,
});

/** By height; where a block holds several of them, by their place in it. */
async function inOrder(ctx: Context, outcomes: TxOutcome[], signal?: AbortSignal): Promise<TxOutcome[]> {
  const heights = [...new Set(outcomes.map(({ height }) => height))].sort((a, b) => a - b);
  const groups = heights.map(async (height) => {
    const group = outcomes.filter((outcome) => outcome.height === height);
    if (group.length < 2) return group;
    const hashes = await Promise.all((await ctx.rest.blockTxs(height, signal)).map(hashOf));
    return group.sort((a, b) => hashes.indexOf(a.hash) - hashes.indexOf(b.hash));
  });
  return (await Promise.all(groups)).flat();
}

const hashOf = async (tx: string): Promise<string> => hex(await sha256(unbase64(tx))).toUpperCase();

/** The contract's events for this task, in the order of the table. */
export function whatsOf(outcome: TxOutcome, contract: string, task: bigint): What[] {
  const types = new Set(eventsOf(outcome, contract, task).map(({ type }) => type));
  return WHATS.filter((what) => types.has(`wasm-${what}`));
}

interface OwnEvent {
  type: string;
  get(key: string): string | undefined;
}

function eventsOf(outcome: TxOutcome, contract: string, task: bigint): OwnEvent[] {
  const events = outcome.events.map(({ type, attributes }) => ({
    type,
    get: (key: string) => attributes.find((attribute) => attribute.key === key)?.value,
  }));
  return events.filter(({ get }) => get('_contract_address') === contract && get('task') === String(task));
}

type Message = Record<string, unknown>;

/** Messages to the contract, those inside MsgExec too. */
function messagesTo(contract: string, messages: readonly Message[]): Message[] {
  return messages.flatMap((message): Message[] => {
    if (message['@type'] === EXEC) return messagesTo(contract, (message.msgs as Message[] | undefined) ?? []);
    return message['@type'] === EXECUTE && message.contract === contract ? [message.msg as Message] : [];
  });
}

/** Votes of messages that the contract took: a refused item has no event. */
function accepted(
  outcome: TxOutcome,
  contract: string,
  task: bigint,
  what: What,
  read: (message: Message, task: bigint) => Vote[],
): Vote[] {
  const events = eventsOf(outcome, contract, task).filter(({ type }) => type === `wasm-${what}`);
  const taken = new Set(events.map(({ get }) => `${get('round')}/${get('worker')}`));
  return messagesTo(contract, outcome.messages)
    .flatMap((message) => read(message, task))
    .filter(({ round, worker }) => taken.has(`${round}/${worker}`));
}

interface RawItem {
  task: number;
  round: number;
  worker: string;
  commitment: string;
  task_digest: string;
  ballot: unknown;
  salt: string;
}

function itemsOf(message: Message, kind: 'commit' | 'reveal', list: string, task: bigint): RawItem[] {
  const batch = message[kind] as Record<string, RawItem[]> | undefined;
  return (batch?.[list] ?? []).filter((item) => BigInt(item.task) === task);
}

function commitsOf(message: Message, task: bigint): Vote[] {
  const items = itemsOf(message, 'commit', 'commits', task);
  return items.map(({ round, worker, commitment, task_digest }) => ({ round, worker, commitment, task_digest }));
}

function revealsOf(message: Message, task: bigint): Vote[] {
  return itemsOf(message, 'reveal', 'reveals', task).flatMap(({ round, worker, ballot, salt }) => {
    const read = ballotIn(ballot);
    return read ? [{ round, worker, ballot: read, salt }] : [];
  });
}

function ballotIn(value: unknown): Ballot | null {
  try {
    return readBallot(nodeOf(value));
  } catch (thrown) {
    if (thrown instanceof ShapeFault) return null;
    throw thrown;
  }
}

/** Votes found in these transactions, whichever they are: for comparing with a receipt. */
export function votesIn(outcomes: readonly TxOutcome[], contract: string, task: bigint): Evidence {
  return {
    txs: [],
    commits: outcomes.flatMap((outcome) => accepted(outcome, contract, task, 'vote_committed', commitsOf)),
    reveals: outcomes.flatMap((outcome) => accepted(outcome, contract, task, 'vote_revealed', revealsOf)),
  };
}
