// A receipt of an ended task, from the chain's transactions and the workers' blocks.
import { addressBytes } from '../address';
import { hex, sha256, textOf, unhex, utf8, type Bytes } from '../bytes';
import { canonical } from '../canonical';
import { readBlock, withGateway } from '../blocks';
import type { MemberInfo, RoundResponse, TaskResponse } from '../contract-types';
import { ballotDigest, commitment } from '../digest';
import { AntiphonError } from '../errors';
import { MAX_MANIFEST_BYTES } from '../manifest';
import { sleep } from '../pace';
import { MAX_PROMPT_BYTES } from '../prompt';
import type { Context } from '../types';
import { collect, type Evidence, type Vote } from './evidence';
import { checkParsed } from './checks';
import { isCarried, parseReceipt, type Member, type Receipt, type Round } from './document';

/** A node's index may lag a block behind its chain. */
const TRIES = 4;
const LAG = 1_000;

/**
 * The canonical text of a task's receipt, the same as from the command line and the gateway; every check holds on it.
 * Throws `receipt_unavailable` while the task is open, or where the node does not have all of its transactions any more.
 */
export async function buildReceipt(ctx: Context, id: number, signal?: AbortSignal): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const text = await collected(ctx, id, signal);
    const failed = (await checkParsed(await parseReceipt(text))).find(({ ok }) => !ok);
    if (!failed) return text;
    const said = `${failed.name}: ${failed.detail}`;
    if (attempt === TRIES) throw new AntiphonError('receipt_unavailable', { task: id, check: failed.name }, said);
    await sleep(LAG, signal);
  }
}

async function collected(ctx: Context, id: number, signal?: AbortSignal): Promise<string> {
  const task = await ctx.contract.task(id, signal);
  if (task.status !== 'final' && task.status !== 'failed') {
    throw new AntiphonError('receipt_unavailable', { task: id }, 'receipts are of tasks that are final or failed');
  }
  const numbers = Array.from({ length: task.round + 1 }, (_, round) => round);
  const [rounds, evidence] = await Promise.all([
    Promise.all(numbers.map((round) => ctx.contract.round(id, round, signal))),
    collect(ctx, BigInt(id), signal),
  ]);
  const blocks = await blocksOf(ctx, task, rounds, signal);
  const list = await Promise.all(rounds.map((round) => roundOf(task, round, evidence)));
  return sealed({
    ...blocks,
    chain_id: ctx.net.chain_id,
    contract: ctx.net.contract,
    rounds: list,
    task: {
      carried: isCarried(task),
      contested: task.contested,
      id: BigInt(id),
      max_output_tokens: task.max_output_tokens,
      prompt_bytes: task.prompt_bytes,
      requester: task.requester,
      status: task.status,
    },
    txs: evidence.txs,
  });
}

/** The document with its digest. */
async function sealed(body: Omit<Receipt, 'digest'>): Promise<string> {
  const tagged = { ...body, antiphon: 'receipt/1' };
  const digest = hex(await sha256(utf8(canonical(tagged))));
  return canonical({ ...tagged, digest });
}

type Blocks = Pick<Receipt, 'answer' | 'manifest' | 'prompt'>;

async function blocksOf(
  ctx: Context,
  task: TaskResponse,
  rounds: RoundResponse[],
  signal?: AbortSignal,
): Promise<Blocks> {
  const sources = await sourcesFor(ctx, task, rounds, signal);
  const read = async (cid: string, max?: number) =>
    (await readBlock(ctx, cid, sources, { wanted: 1, ...(max ? { max } : {}), ...(signal ? { signal } : {}) })).bytes;
  const outcome = task.outcome;
  const [manifest, prompt, answer] = await Promise.all([
    read(task.manifest, MAX_MANIFEST_BYTES).then(text(task.manifest)),
    outcome && 'unavailable' in outcome ? null : read(task.prompt, MAX_PROMPT_BYTES).then(textOf).catch(missing),
    outcome && 'answer' in outcome ? read(outcome.answer.cid).then(text(outcome.answer.cid)) : null,
  ]);
  if (prompt === null && answer !== null) throw new AntiphonError('content_unavailable', { cid: task.prompt });
  return { manifest, prompt: prompt ?? { cid: task.prompt }, answer };
}

/** Nobody has it, or it is too large for a prompt: the receipt then only names it. */
function missing(thrown: unknown): null {
  if (thrown instanceof AntiphonError && thrown.code === 'content_unavailable') return null;
  throw thrown;
}

const text = (cid: string) => (bytes: Bytes) => {
  const read = textOf(bytes);
  if (read === null) throw new AntiphonError('hash_mismatch', { cid, liars: '' }, 'the block is not UTF-8 text');
  return read;
};

/** Members first: they computed it. Then every worker of the model, and its publisher. */
async function sourcesFor(ctx: Context, task: TaskResponse, rounds: RoundResponse[], signal?: AbortSignal) {
  const [seats, model] = await Promise.all([
    ctx.contract.allSeats(task.model, signal),
    ctx.contract.model(task.model, signal),
  ]);
  const members = rounds.flatMap(({ members, replaced }) => [...members, ...replaced]);
  const sorted = members.sort((a, b) => Number(b.conduct === 'right') - Number(a.conduct === 'right'));
  const endpoints = [...sorted, ...seats, model].map(({ endpoint }) => endpoint);
  const known = endpoints.filter((endpoint): endpoint is string => typeof endpoint === 'string');
  return withGateway(ctx, [...new Set(known)]);
}

async function roundOf(task: TaskResponse, round: RoundResponse, evidence: Evidence): Promise<Round> {
  const order = [...round.members].sort((a, b) => a.position - b.position);
  const members = [...order, ...round.replaced].map((info) => memberOf(task, round.round, info, evidence));
  return { members: await Promise.all(members), opened: BigInt(round.opened), round: round.round, size: round.size };
}

async function memberOf(
  task: TaskResponse,
  round: number,
  info: MemberInfo,
  { commits, reveals }: Evidence,
): Promise<Member> {
  const own = (vote: Vote) => vote.round === round && vote.worker === info.worker;
  const committed = commits.filter((vote) => own(vote) && vote.task_digest === task.task_digest);
  const revealed = reveals.filter(own);
  const opened = await matching(task, committed, revealed);
  return {
    ballot: opened?.ballot ?? null,
    commitment: opened?.commitment ?? committed[0]?.commitment ?? null,
    conduct: info.conduct ?? 'silent',
    salt: opened?.salt ?? null,
    worker: info.worker,
  };
}

/** The commitment and what opens it. One message may hold several tries of a member, of which one was taken. */
async function matching(task: TaskResponse, committed: Vote[], revealed: Vote[]): Promise<Vote | null> {
  for (const { round, worker, ballot, salt } of revealed) {
    const digest = unhex(task.task_digest, 32);
    const opener = unhex(salt ?? '', 32);
    if (!ballot || !digest || !opener) continue;
    const made = hex(await commitment(digest, round, addressBytes(worker), await ballotDigest(ballot), opener));
    const found = committed.find((vote) => vote.commitment === made);
    if (found) return { round, worker, ballot, salt: salt as string, commitment: made };
  }
  return null;
}
