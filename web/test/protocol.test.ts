import { describe, expect, it } from 'vitest';
import { addressBytes, bech32, parseAddress } from '../src/core/address';
import { hex, unhex, type Bytes } from '../src/core/bytes';
import type { Ballot } from '../src/core/contract-types';
import { ballotDigest, commitment, taskDigest, traceNonce, voteDigest } from '../src/core/digest';
import { decide, judge, nextSize, quorum, type Act, type Ending } from '../src/core/rules';
import { vectors } from './vectors';

const data = vectors('protocol');
const raw = (text: string): Bytes => unhex(text) as Bytes;

interface TaskVector {
  chain_id: string;
  contract: string;
  contract_bech32: string;
  task: string;
  requester: string;
  requester_bech32: string;
  manifest: string;
  prompt: string;
  max_output_tokens: number;
  prompt_bytes: number;
  task_digest: string;
}

describe('digests', () => {
  it.each(data.task_digest as TaskVector[])('of task $task', async (vector) => {
    const { contract, requester, task, ...rest } = vector;
    const identity = { ...rest, task: BigInt(task), contract: raw(contract), requester: raw(requester) };
    expect(hex(await taskDigest(identity))).toBe(vector.task_digest);
  });

  it.each(data.ballot_digest as { ballot: Ballot; ballot_digest: string }[])('of a ballot', async (vector) => {
    expect(hex(await ballotDigest(vector.ballot))).toBe(vector.ballot_digest);
  });

  it.each(data.votes as Record<string, string>[])('of a vote of round $round', async (vector) => {
    const [task, worker] = [raw(vector.task_digest), raw(vector.worker)];
    const round = Number(vector.round);
    const made = await commitment(task, round, worker, raw(vector.ballot_digest), raw(vector.salt));
    expect(hex(made)).toBe(vector.commitment);
    expect(hex(await voteDigest(task, round, worker, made))).toBe(vector.signed);
    expect(hex(await traceNonce(task, round))).toBe(vector.trace_nonce);
  });
});

describe('addresses', () => {
  const pairs = [
    ...(data.task_digest as TaskVector[]).flatMap((v) => [
      [v.contract_bech32, v.contract],
      [v.requester_bech32, v.requester],
    ]),
    ...(data.votes as Record<string, string>[]).map((v) => [v.worker_bech32, v.worker]),
  ];

  it.each(pairs)('%s', (text, bytes) => {
    expect(hex(addressBytes(text))).toBe(bytes);
    expect(bech32('wasm', raw(bytes))).toBe(text);
  });

  it('are refused with a wrong letter, in capitals, or cut', () => {
    const [good] = pairs[0];
    const flipped = good.slice(0, -1) + (good.endsWith('q') ? 'p' : 'q');
    for (const bad of [flipped, good.toUpperCase(), good.slice(0, -2), 'wasm1', '', 'x']) {
      expect(parseAddress(bad)).toBeNull();
    }
  });
});

describe('rounds', () => {
  it.each((data.committee_rounds as { n: number; sizes?: number[]; quorums: number[] }[]).filter(({ sizes }) => sizes))(
    'of a committee of $n grow and decide as the rules say',
    ({ sizes = [], quorums }) => {
      expect(sizes.map(quorum)).toEqual(quorums);
      sizes.slice(1).forEach((size, at) => expect(nextSize(sizes[at])).toBe(size));
    },
  );
});

interface Settlement {
  name: string;
  carried: boolean;
  rounds: { opened_by: string; size?: number; members: [string, number][] }[];
  out: { status: string; outcome: string | null; contested: boolean; members: [number, string, number, string][] };
}

const ACTS = ['withheld', 'silent', 'committed'];
const actOf = (name: string): Act => (ACTS.includes(name) ? (name as Act) : { revealed: name });

function endingOf(settlement: Settlement): Ending {
  let ending: Ending = null;
  settlement.rounds.forEach((round, index) => {
    const acts = round.members.flatMap(([name, count]) => Array.from({ length: count }, () => actOf(name)));
    const outcome = decide(acts, acts.length, index, settlement.carried);
    if (outcome !== null) ending = { outcome, standing: index, contested: false };
    else if (ending) ending = { ...ending, contested: true };
  });
  return ending;
}

/** The vectors call neutral whatever is neither paid as right nor punished. */
const asInVectors = (conduct: string): string =>
  conduct === 'unavailable' || conduct === 'revealer' ? 'neutral' : conduct;

describe('conduct', () => {
  it.each(data.settlement as Settlement[])('is judged from the ballots alone: $name', (settlement) => {
    const ending = endingOf(settlement);
    expect(ending?.outcome ?? null).toBe(settlement.out.outcome ?? null);
    expect(ending?.contested ?? false).toBe(settlement.out.contested);
    for (const [round, name, , conduct] of settlement.out.members) {
      expect(asInVectors(judge(actOf(name), round, ending))).toBe(conduct);
    }
  });
});
