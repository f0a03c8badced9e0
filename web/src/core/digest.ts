// The hashes that bind ballots and votes to one task, round, worker, contract and chain (protocol, section 5).
import { be, concat, lp, sha256, unhex, utf8, type Bytes } from './bytes';
import { parseCid } from './cid';
import type { Ballot } from './contract-types';

/** What makes a task this one and no other on any chain; addresses as canonical bytes. */
export interface TaskIdentity {
  chain_id: string;
  contract: Uint8Array;
  task: number | bigint;
  requester: Uint8Array;
  manifest: string;
  prompt: string;
  max_output_tokens: number;
  prompt_bytes: number;
}

export function taskDigest(task: TaskIdentity): Promise<Bytes> {
  return sha256(
    utf8('antiphon/task/1'),
    lp(utf8(task.chain_id)),
    lp(task.contract),
    be(task.task, 8),
    lp(task.requester),
    cidDigest(task.manifest),
    cidDigest(task.prompt),
    be(task.max_output_tokens, 4),
    be(task.prompt_bytes, 4),
  );
}

/** Equal for equal ballots only. */
export function ballotDigest(ballot: Ballot): Promise<Bytes> {
  return sha256(utf8('antiphon/ballot/1'), ballotBytes(ballot));
}

function ballotBytes(ballot: Ballot): Bytes {
  if ('unavailable' in ballot) return Uint8Array.of(2);
  if ('invalid' in ballot) return Uint8Array.of(3);
  const { cid, prompt_tokens, output_tokens, finish, trace } = ballot.answer;
  const finished = Uint8Array.of(finish === 'stop' ? 0 : 1);
  return concat(Uint8Array.of(1), cidDigest(cid), be(prompt_tokens, 4), be(output_tokens, 4), finished, hex32(trace));
}

/** What a member publishes before anybody may see its ballot. */
export function commitment(
  task: Uint8Array,
  round: number,
  worker: Uint8Array,
  ballot: Uint8Array,
  salt: Uint8Array,
): Promise<Bytes> {
  return sha256(utf8('antiphon/commit/1'), task, be(round, 1), lp(worker), ballot, salt);
}

/** The 32 bytes that the member's voter key signs. */
export function voteDigest(task: Uint8Array, round: number, worker: Uint8Array, committed: Uint8Array): Promise<Bytes> {
  return sha256(utf8('antiphon/vote/1'), task, be(round, 1), lp(worker), committed);
}

/** Binds a trace to its task and round. */
export function traceNonce(task: Uint8Array, round: number): Promise<Bytes> {
  return sha256(utf8('antiphon/round/1'), task, be(round, 1));
}

function cidDigest(text: string): Bytes {
  const cid = parseCid(text);
  if (!cid) throw new TypeError(`got ${text}, want a CID in its one spelling`);
  return cid.digest;
}

function hex32(text: string): Bytes {
  const bytes = unhex(text, 32);
  if (!bytes) throw new TypeError(`got ${text}, want 64 digits of lower-case hex`);
  return bytes;
}
