import { describe, expect, it } from 'vitest';
import type { Ballot, MemberInfo, RoundResponse, TaskResponse } from '../src/core/contract-types';
import { mergeRound, sameBallot, sourcesOf, stageOf, viewOf } from '../src/core/view';

const answer = (cid: string, trace = 'a'): Ballot => ({
  answer: { cid, trace: trace.repeat(64), finish: 'stop', output_tokens: 2, prompt_tokens: 9 },
});

const member = (position: number, more: Partial<MemberInfo> = {}): MemberInfo => ({
  worker: `wasm1w${position}`,
  endpoint: `http://127.0.0.1:900${position}`,
  position,
  paid: '0',
  forfeited: '0',
  ...more,
});

const round = (number: number, members: MemberInfo[], more: Partial<RoundResponse> = {}): RoundResponse => ({
  task: 1,
  round: number,
  size: 5,
  quorum: 4,
  opened: 10,
  members,
  replaced: [],
  tally: [],
  ...more,
});

const task = (more: Partial<TaskResponse> = {}): TaskResponse =>
  ({
    task: 1,
    status: 'revealing',
    round: 0,
    size: 5,
    quorum: 4,
    members: 5,
    committed: 5,
    revealed: 0,
    holders: [],
    contested: false,
    ...more,
  }) as TaskResponse;

describe('the stage of a task', () => {
  it.each([
    ['drawing', 0, false, 'posted'],
    ['committing', 0, false, 'drawn'],
    ['committing', 1, false, 'committing'],
    ['revealing', 5, false, 'revealing'],
    ['answered', 5, false, 'answered'],
    ['answered', 5, true, 'verified'],
    ['final', 5, true, 'final'],
    ['failed', 5, false, 'failed'],
  ] as const)('%s with %i commits (verified here: %s) is %s', (status, committed, verified, stage) => {
    expect(stageOf(task({ status, committed }), verified)).toBe(stage);
  });
});

describe('members', () => {
  it('are remembered with what the chain forgets at the end', () => {
    const open = mergeRound(undefined, round(0, [member(0, { commitment: 'cc', ballot: answer('x') })]));
    const closed = mergeRound(open, round(0, [member(0, { conduct: 'right', paid: '60', endpoint: null })]));
    expect(closed.members[0]).toMatchObject({ ballot: answer('x'), commitment: 'cc', conduct: 'right', paid: '60' });
    expect(closed.members[0].endpoint).toBe('http://127.0.0.1:9000');
  });

  it('agree or not with the leading ballot, and later with the outcome', () => {
    const said = [answer('x'), answer('x'), answer('y'), answer('x', 'b'), undefined];
    const members = said.map((ballot, at) => member(at, { commitment: 'cc', ...(ballot ? { ballot } : {}) }));
    const tally = [
      { ballot: answer('y'), votes: 1 },
      { ballot: answer('x'), votes: 2 },
      { ballot: answer('x', 'b'), votes: 1 },
    ];
    const seen = mergeRound(undefined, round(0, members, { tally }));
    const leading = viewOf(task(), [seen], {});
    expect(leading.members.map(({ agrees }) => agrees)).toEqual([true, true, false, false, null]);
    expect(leading.members[4].state).toBe('committed');
    const outcome = { outcome: answer('y'), outcome_round: 0, status: 'answered' as const };
    const decided = viewOf(task(outcome), [seen], {});
    expect(decided.members.map(({ agrees }) => agrees)).toEqual([false, false, true, false, null]);
  });

  it('of an earlier round are compared without the trace, which is bound to its round', () => {
    const first = mergeRound(
      undefined,
      round(0, [member(0, { ballot: answer('x', 'a') }), member(1, { ballot: answer('y') })]),
    );
    const second = mergeRound(undefined, round(1, [member(2, { ballot: answer('x', 'b') })], { size: 11, quorum: 8 }));
    const view = viewOf(task({ round: 1, outcome: answer('x', 'b'), outcome_round: 1 }), [first, second], {});
    expect(view.rounds.map(({ members }) => members.map(({ agrees }) => agrees))).toEqual([[true, false], [true]]);
    expect(view.size).toBe(11);
    expect(view.members.map(({ worker }) => worker)).toEqual(['wasm1w2']);
  });

  it('are judged by their conduct alone where the ballots are gone', () => {
    const conducts = ['right', 'wrong', 'silent', 'withheld', 'neutral'] as const;
    const members = conducts.map((conduct, at) => member(at, { conduct }));
    const seen = mergeRound(undefined, round(0, members));
    const view = viewOf(task({ status: 'final', outcome: answer('x'), outcome_round: 0 }), [seen], {});
    expect(view.members.map(({ agrees }) => agrees)).toEqual([true, false, null, null, null]);
    expect(view.members.map(({ state }) => state)).toEqual([
      'revealed',
      'revealed',
      'silent',
      'committed',
      'committed',
    ]);
    expect(view.members[0].ballot).toEqual(answer('x'));
    expect(view.members[1].ballot).toBeNull();
  });
});

describe('sources of a block', () => {
  it('are those that revealed it, holders of the prompt after others, each once', () => {
    const members = [
      member(0, { ballot: answer('y') }),
      member(1, { ballot: answer('x') }),
      member(2, { ballot: answer('x') }),
      member(3, { ballot: answer('x'), endpoint: null }),
      member(4, { ballot: answer('x'), endpoint: 'http://127.0.0.1:9002' }),
    ];
    const seen = mergeRound(undefined, round(0, members));
    const sources = sourcesOf(task({ holders: ['wasm1w1'] }), [seen], 'x');
    expect(sources).toEqual(['http://127.0.0.1:9002', 'http://127.0.0.1:9001', 'http://127.0.0.1:9000']);
  });
});

describe('ballots', () => {
  it('are equal in every field or not at all', () => {
    expect(sameBallot(answer('x'), answer('x'))).toBe(true);
    expect(sameBallot(answer('x'), answer('x', 'b'))).toBe(false);
    expect(sameBallot({ invalid: {} }, { invalid: {} })).toBe(true);
    expect(sameBallot({ invalid: {} }, { unavailable: {} })).toBe(false);
    expect(sameBallot(answer('x'), { unavailable: {} })).toBe(false);
  });
});
