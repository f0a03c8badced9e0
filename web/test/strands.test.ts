// The picture of a round: its geometry and how chain state becomes it.
import { describe, expect, it } from 'vitest';
import type { Ballot } from '../src/core/contract-types';
import type { MemberView } from '../src/core/types';
import { FULL, LINE, ROW, layout, tally, voicesFromCounts, type Voice } from '../src/lib/strands';
import { ballotGroups, memberVoices } from '../src/state/voices';

const voices = (...states: [Voice['state'], number?][]): Voice[] =>
  states.map(([state, group = 0]) => ({ state, group }));
const five = (state: Voice['state']): Voice[] => Array.from({ length: 5 }, () => ({ state, group: 0 }));
const numbers = (d: string): number[] => (d.match(/-?[\d.]+/g) ?? []).map(Number);

describe('geometry', () => {
  it('keeps asleep voices apart and straight', () => {
    const { strands, unison, apart } = layout(five('waiting'), FULL, false);
    expect(new Set(strands.map((s) => s.end.y)).size).toBe(5);
    for (const strand of strands) expect(strand.end.y).toBe(strand.start.y);
    expect(unison).toBeNull();
    expect(apart).toEqual([]);
  });

  it('thickens a voice when it is bound', () => {
    const [drawn, bound] = layout(voices(['drawn'], ['committed']), FULL, false).strands;
    expect(bound?.stroke).toBeGreaterThan(drawn?.stroke ?? Infinity);
  });

  it('bends voices in unison into one line', () => {
    const { strands, unison } = layout(five('agree'), FULL, true);
    expect(new Set(strands.map((s) => s.end.y)).size).toBe(1);
    expect(unison?.end.y).toBe(strands[0]?.end.y);
  });

  it('draws no line of unison before a quorum', () => {
    expect(layout(five('agree'), FULL, false).unison).toBeNull();
  });

  it('keeps a dissenting voice outside the others, and two different ones apart from each other', () => {
    const picture = layout(voices(['agree'], ['agree'], ['agree'], ['apart', 1], ['apart', 2]), FULL, true);
    const [one, two] = picture.apart;
    expect(picture.apart).toHaveLength(2);
    expect(one?.y).not.toBe(two?.y);
    for (const end of picture.apart) expect(end.y).toBeGreaterThan(picture.unison?.end.y ?? Infinity);
  });

  it('lets a dissenter leave by the nearer side', () => {
    const { apart, unison } = layout(voices(['apart', 1], ['agree'], ['agree'], ['agree'], ['agree']), FULL, true);
    expect(apart[0]?.y).toBeLessThan(unison?.end.y ?? 0);
  });

  it('lets a silent voice stay where it was', () => {
    const [strand] = layout(voices(['silent'], ['agree']), FULL, true).strands;
    expect(strand?.end.y).toBe(strand?.start.y);
  });

  it('gives every state the same path commands, so that one can move into the next', () => {
    const shapes = voices(['waiting'], ['drawn'], ['committed'], ['agree'], ['apart', 1], ['silent']);
    const commands = layout(shapes, FULL, true).strands.map((s) => s.d.replace(/[^A-Z]/g, ''));
    expect(new Set(commands)).toEqual(new Set(['MLCL']));
  });

  it.each([
    ['row', ROW],
    ['line', LINE],
    ['full', FULL],
  ])('stays inside its frame with 1 to 31 voices (%s)', (_name, frame) => {
    for (let size = 1; size <= 31; size++) {
      const states = Array.from({ length: size }, (_, i): Voice => ({
        state: i % 4 === 3 ? 'apart' : 'agree',
        group: i % 4 === 3 ? 1 : 0,
      }));
      const { strands, apart } = layout(states, frame, true);
      for (const { d } of strands) {
        const found = numbers(d);
        expect(Math.min(...found)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...found.filter((_, i) => i % 2 === 0))).toBeLessThanOrEqual(frame.width);
        expect(Math.max(...found.filter((_, i) => i % 2 === 1))).toBeLessThanOrEqual(frame.height);
      }
      for (const { y } of apart) expect(y).toBeLessThanOrEqual(frame.height);
    }
  });
});

describe('from counts', () => {
  const base = { size: 5, members: 5, committed: 0, revealed: 0, votes: null, over: false };

  it('shows how far a round is', () => {
    expect(tally(voicesFromCounts({ ...base, members: 3 }))).toMatchObject({ drawn: 3, waiting: 2 });
    expect(tally(voicesFromCounts({ ...base, committed: 2 }))).toMatchObject({ committed: 2, drawn: 3 });
    expect(tally(voicesFromCounts({ ...base, committed: 5, revealed: 4 }))).toMatchObject({ agree: 4, committed: 1 });
  });

  it('tells unison, dissent and silence at the end', () => {
    const end = { ...base, committed: 5, revealed: 4, votes: 3, over: true };
    expect(tally(voicesFromCounts(end))).toMatchObject({ agree: 3, apart: 1, silent: 1 });
  });
});

describe('from members', () => {
  const answer = (cid: string): Ballot => ({
    answer: { cid, finish: 'stop', output_tokens: 1, prompt_tokens: 2, trace: '00' },
  });
  const member = (position: number, fields: Partial<MemberView>): MemberView => ({
    worker: `w${position}`,
    position,
    round: 0,
    state: 'revealed',
    ballot: null,
    agrees: null,
    conduct: null,
    endpoint: null,
    paid: 0n,
    forfeited: 0n,
    ...fields,
  });

  it('puts the outcome first, then ballots by votes', () => {
    const said = ['b', 'b', 'c', 'a'].map((cid, i) => member(i, { ballot: answer(cid) }));
    const cids = ballotGroups(said, answer('a')).map((b) => ('answer' in b ? b.answer.cid : ''));
    expect(cids).toEqual(['a', 'b', 'c']);
  });

  it('shows a dissenter apart, a withholder silent and an empty place asleep', () => {
    const members = [
      member(0, { ballot: answer('a') }),
      member(1, { ballot: answer('b') }),
      member(2, { state: 'committed', conduct: 'withheld' }),
    ];
    const states = memberVoices(members, 4, answer('a')).map((v) => v.state);
    expect(states).toEqual(['agree', 'apart', 'silent', 'waiting']);
  });

  it('knows by the judgement where a member stood once its ballot has left the state', () => {
    const members = [
      member(0, { conduct: 'right' }),
      member(1, { conduct: 'wrong' }),
      member(2, { conduct: 'silent' }),
    ];
    const states = memberVoices(members, 3, answer('a')).map((v) => v.state);
    expect(states).toEqual(['agree', 'apart', 'silent']);
  });
});
