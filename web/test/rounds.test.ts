// Later rounds: what each came to, who appealed, what the page makes of it. Every state that a browser run reaches only
// by chance, or with four liars in five, is made here.
import { describe, expect, it } from 'vitest';
import { appealTerms, timeLeft } from '../src/core/act';
import type { Ballot, ConductInfo, MemberInfo, RoundResponse, TaskResponse } from '../src/core/contract-types';
import { appealOutcome, resultsOf } from '../src/core/rounds';
import type { TxOutcome } from '../src/core/rest';
import { mergeRound, viewOf } from '../src/core/view';
import { laterNow } from '../src/state/later';
import { appealsIn } from '../src/state/ballots';
import type { Ask } from '../src/state/chat-types';
import { laterSteps } from '../src/ui/later-stages';
import { mayRate } from '../src/ui/rate';
import { verdictWords } from '../src/ui/rounds';

const says = (cid: string, trace = 'a'): Ballot => ({
  answer: { cid, trace: trace.repeat(64), finish: 'stop', output_tokens: 2, prompt_tokens: 9 },
});
const BLUE = says('blue');
const BLUE_LATER = says('blue', 'b');
const RED_LATER = says('red', 'b');

const member = (position: number, ballot: Ballot | null, conduct: ConductInfo | null = null): MemberInfo => ({
  worker: `w${position}`,
  endpoint: null,
  position,
  paid: '0',
  forfeited: '0',
  ...(ballot ? { ballot, commitment: 'cc' } : {}),
  ...(conduct ? { conduct } : {}),
});

function round(number: number, ballots: (Ballot | null)[], more: Partial<RoundResponse> = {}): RoundResponse {
  const size = number === 0 ? 5 : 11;
  return {
    task: 1,
    round: number,
    size,
    quorum: number === 0 ? 4 : 8,
    opened: 10,
    members: ballots.map((ballot, at) => member(at + number * 10, ballot)),
    replaced: [],
    tally: [],
    ...more,
  };
}

const task = (more: Partial<TaskResponse> = {}): TaskResponse =>
  ({
    task: 1,
    model: 1,
    prompt: 'p',
    status: 'final',
    round: 1,
    size: 11,
    quorum: 8,
    members: 11,
    committed: 11,
    revealed: 11,
    rounds_possible: 2,
    posted: 100,
    posted_time: 1000,
    holders: [],
    contested: false,
    carried: false,
    undecided: false,
    full_fee: '100',
    lock: '3000',
    requester: 'me',
    ...more,
  }) as TaskResponse;

const of = (n: number, ballot: Ballot | null): (Ballot | null)[] => Array.from({ length: n }, () => ballot);
const view = (rounds: RoundResponse[], more: Partial<TaskResponse>) =>
  viewOf(
    task(more),
    rounds.map((one) => mergeRound(undefined, one)),
    {},
  );

const standing = (outcome: Ballot, outcome_round: number, votes: number, more: Partial<TaskResponse> = {}) => ({
  outcome,
  outcome_round,
  outcome_votes: votes,
  ...more,
});

const confirmed = view([round(0, of(5, BLUE)), round(1, of(11, BLUE_LATER))], standing(BLUE_LATER, 1, 11));
const overturned = view(
  [round(0, [...of(4, BLUE), null]), round(1, [...of(8, RED_LATER), ...of(3, BLUE_LATER)])],
  standing(RED_LATER, 1, 8),
);
const contested = view(
  [round(0, of(5, BLUE)), round(1, [...of(7, BLUE_LATER), ...of(4, null)])],
  standing(BLUE, 0, 5, { contested: true }),
);
const underWay = view(
  [round(0, of(5, BLUE)), round(1, of(6, null))],
  standing(BLUE, 0, 5, { status: 'committing', committed: 6 }),
);

describe('what rounds came to', () => {
  it.each([
    ['confirmed by a larger committee, though traces differ', confirmed, ['agreed', 'confirmed']],
    ['overturned by one', overturned, ['agreed', 'overturned']],
    ['left open by one', contested, ['agreed', 'undecided']],
    ['with one under way', underWay, ['agreed', 'open']],
    [
      'opened by itself after a round without a quorum',
      view([round(0, [BLUE, BLUE, says('x'), null, null]), round(1, of(11, BLUE_LATER))], standing(BLUE_LATER, 1, 11)),
      ['undecided', 'agreed'],
    ],
    [
      'failed in all rounds',
      view([round(0, of(3, BLUE)), round(1, of(2, BLUE_LATER))], { status: 'failed' }),
      ['undecided', 'undecided'],
    ],
    [
      'settled, with the ballots of its first round lost, confirmed as its judgement tells',
      view(
        [round(0, [], { members: [0, 1, 2, 3].map((at) => member(at, null, 'right')) }), round(1, of(11, BLUE_LATER))],
        standing(BLUE_LATER, 1, 11),
      ),
      ['agreed', 'confirmed'],
    ],
    [
      'settled, with the ballots of its first round lost, overturned as somebody appealed',
      view(
        [
          round(0, [], { members: [0, 1, 2, 3].map((at) => member(at, null, 'wrong')) }),
          round(1, of(11, RED_LATER), { appeal: { by: 'a', bond: '1' } }),
        ],
        standing(RED_LATER, 1, 11),
      ),
      ['agreed', 'overturned'],
    ],
    [
      'settled, with the ballots of its first round lost and nobody to tell',
      view(
        [round(0, [], { members: [member(0, null, 'right'), member(1, null, 'neutral')] }), round(1, of(11, BLUE))],
        standing(BLUE, 1, 11),
      ),
      ['closed', 'agreed'],
    ],
  ] as const)('%s', (_, seen, kinds) => {
    expect(resultsOf(seen).map(({ kind }) => kind)).toEqual(kinds);
  });

  it('counts the voices behind each, and the round that stands is the one shown', () => {
    expect(resultsOf(overturned).map(({ votes }) => votes)).toEqual([4, 8]);
    expect(overturned.round).toBe(1);
    expect(contested.round).toBe(0);
  });

  it('does not take `unavailable` for a decision of a later round', () => {
    const silent = view([round(0, of(5, BLUE)), round(1, of(11, { unavailable: {} }))], standing(BLUE, 0, 5));
    expect(resultsOf(silent)[1]?.kind).toBe('undecided');
  });

  it('keeps replaced members apart from the picture, and with them their part', () => {
    const replaced = [member(3, null, 'silent')];
    const seen = view([round(0, of(5, BLUE), { replaced })], standing(BLUE, 0, 5, { round: 0, size: 5, quorum: 4 }));
    expect(seen.members).toHaveLength(5);
    expect(seen.rounds[0]?.replaced.map(({ worker }) => worker)).toEqual(['w3']);
  });

  it('remembers who appealed after the chain has forgotten', () => {
    const appeal = { by: 'someone', bond: '4100' };
    const open = mergeRound(undefined, round(1, of(11, null), { appeal }));
    expect(mergeRound(open, round(1, of(11, null))).appeal).toEqual(appeal);
  });
});

describe('an appeal', () => {
  it.each([
    ['won when another outcome stands at the end', overturned, 'won'],
    ['lost when the same one stands', confirmed, 'lost'],
    ['left open when its round found no quorum', contested, 'contested'],
    ['open while its task is', underWay, 'open'],
  ] as const)('is %s', (_, seen, outcome) => expect(appealOutcome(seen, 1)).toBe(outcome));

  it('is offered at its terms while a round is left, and not at all otherwise', () => {
    const open = { status: 'answered', round: 0, size: 5, appeal_bond: '4100', outcome: BLUE, deadline: 300 } as const;
    const standing = { outcome: BLUE, deadline: 300 };
    expect(appealTerms(task(open))).toEqual({
      ...{ bond: 4100n, round: 1, size: 11, quorum: 8, fee: 100n, lock: 3000n },
      ...standing,
    });
    expect(appealTerms(task({ ...open, appeal_bond: null }))).toBeNull();
    expect(appealTerms(task({ ...open, status: 'final' }))).toBeNull();
    expect(appealTerms(task({ ...open, size: 31 }))).toBeNull();
  });

  it('tells what is left of its window by the pace of the chain', () => {
    const at = { deadline: 300, posted: 100, posted_time: 1000 };
    expect(timeLeft(at, { height: 200, time: 1_500_000 })).toEqual({ blocks: 100, seconds: 500 });
    expect(timeLeft(at, { height: 301, time: 1_500_000 })).toEqual({ blocks: 0, seconds: 0 });
    expect(timeLeft({ ...at, deadline: null }, { height: 100, time: 1_000_000 })).toEqual({ blocks: 0, seconds: 0 });
  });

  it('is found again in the events of a settled task, and only those of this contract and task', () => {
    const event = (contract: string, of: number, more: object = {}) => ({
      type: 'wasm-task_appealed',
      attributes: Object.entries({ _contract_address: contract, task: of, by: 'a', bond: '41', round: 1, ...more }).map(
        ([key, value]) => ({ key, value: String(value) }),
      ),
    });
    const find = (...events: object[]) =>
      appealsIn([{ events }] as unknown as TxOutcome[], 'wasm-task_appealed', 'c', 7);
    expect(find(event('c', 7)).get(1)).toEqual({ by: 'a', bond: '41' });
    expect(find(event('other', 7), event('c', 8), event('c', 7, { bond: 'x' })).size).toBe(0);
  });
});

describe('what the page says of it', () => {
  it('tells the verdict of the last round in one sentence', () => {
    expect(verdictWords(confirmed)).toBe('A larger committee confirmed it: 11 of 11 say the same.');
    expect(verdictWords(overturned)).toMatch(/overturned it: 8 of 11 said something else/);
    expect(verdictWords(contested)).toMatch(/committee of 11 found no quorum.*contested/);
    expect(verdictWords(underWay)).toMatch(/has been asked/);
    expect(verdictWords(view([round(0, of(5, BLUE))], standing(BLUE, 0, 5, { round: 0 })))).toBeNull();
  });

  it('marks the answer in the conversation', () => {
    const ask = { promptCid: 'p', answer: { cid: 'blue' } } as Ask;
    const none = { contested: false, overturned: false, open: false, settled: true };
    expect(laterNow(ask, confirmed)).toEqual(none);
    expect(laterNow(ask, overturned)).toEqual({ ...none, overturned: true });
    // Whoever asked after that was shown what stands, and nothing was taken from them.
    expect(laterNow({ ...ask, answer: { cid: 'red' } } as Ask, overturned)).toEqual(none);
    expect(laterNow(ask, contested)).toEqual({ ...none, contested: true });
    expect(laterNow(ask, underWay)).toEqual({ ...none, open: true, settled: false });
  });

  it('says nothing of a task of another network under the same number', () => {
    const ask = { promptCid: 'another', answer: { cid: 'blue' } } as Ask;
    expect(laterNow(ask, overturned)).toEqual({ contested: false, overturned: false, open: false, settled: true });
  });

  it('shows how far a later round is', () => {
    expect(laterSteps(underWay).map(({ state, count }) => [state, count])).toEqual([
      ['done', null],
      ['current', 6],
      ['waiting', null],
    ]);
  });

  it('lets the asker of a settled answer rate it, once, and nobody else', () => {
    const done = task(standing(BLUE, 0, 5));
    expect(mayRate(done, 'me')).toBe(true);
    expect(mayRate(done, 'you')).toBe(false);
    expect(mayRate(done, undefined)).toBe(false);
    expect(mayRate({ ...done, rated: false }, 'me')).toBe(false);
    expect(mayRate({ ...done, status: 'answered' }, 'me')).toBe(false);
    expect(mayRate({ ...done, outcome: { invalid: {} } }, 'me')).toBe(false);
  });
});
