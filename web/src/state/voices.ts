/** From a task's state on chain to the picture of its voices. */
import type { Ballot, TaskResponse } from '../core/contract-types';
import type { MemberView, TaskView } from '../core/types';
import { voicesFromCounts, type Voice } from '../lib/strands';
import type { Snapshot } from './chat-types';

/** The same text for equal ballots, traces included: what the contract counts by. */
export function ballotKey(ballot: Ballot): string {
  if ('answer' in ballot) {
    const { cid, finish, output_tokens, prompt_tokens, trace } = ballot.answer;
    return ['answer', cid, finish, output_tokens, prompt_tokens, trace].join(' ');
  }
  return Object.keys(ballot)[0] ?? '';
}

/** Groups of equal ballots in a round, the outcome first, then by votes: the columns of the matrix. */
export function ballotGroups(members: MemberView[], outcome: Ballot | null): Ballot[] {
  const counted = new Map<string, { ballot: Ballot; votes: number }>();
  for (const { ballot } of members) {
    if (!ballot) continue;
    const entry = counted.get(ballotKey(ballot)) ?? { ballot, votes: 0 };
    counted.set(ballotKey(ballot), { ballot, votes: entry.votes + 1 });
  }
  const first = outcome ? ballotKey(outcome) : null;
  const sorted = [...counted.entries()].sort(
    ([a, x], [b, y]) => Number(b === first) - Number(a === first) || y.votes - x.votes,
  );
  return sorted.map(([, { ballot }]) => ballot);
}

/** Voices of the round shown, empty places included. */
export function memberVoices(members: MemberView[], size: number, outcome: Ballot | null): Voice[] {
  const groups = ballotGroups(members, outcome).map(ballotKey);
  const voices = [...members].sort((a, b) => a.position - b.position).map((member): Voice => voiceOf(member, groups));
  while (voices.length < size) voices.push({ state: 'waiting', group: 0 });
  return voices;
}

function voiceOf(member: MemberView, groups: string[]): Voice {
  if (member.conduct === 'withheld' || member.conduct === 'silent' || member.state === 'silent') {
    return { state: 'silent', group: 0 };
  }
  if (member.ballot) {
    const group = Math.max(0, groups.indexOf(ballotKey(member.ballot)));
    return group === 0 ? { state: 'agree', group } : { state: 'apart', group };
  }
  // Single ballots leave the state when a task is settled: how a member was judged then says where it stood.
  if (member.agrees === true || member.conduct === 'right') return { state: 'agree', group: 0 };
  if (member.agrees === false || member.conduct === 'wrong' || member.conduct === 'unavailable') {
    return { state: 'apart', group: 1 };
  }
  if (member.state === 'revealed') return { state: 'agree', group: 0 };
  return { state: member.state === 'committed' ? 'committed' : 'drawn', group: 0 };
}

export function snapshotOf(view: TaskView): Snapshot {
  const { size, quorum, committed, revealed, outcome } = view;
  const voices = memberVoices(view.members, size, outcome);
  return { voices, decided: outcome !== null, size, quorum, committed, revealed };
}

/** A row of a list knows counters only. */
export function taskVoices(task: TaskResponse): Voice[] {
  const over = task.status === 'answered' || task.status === 'final' || task.status === 'failed';
  return voicesFromCounts({ ...task, votes: task.outcome_votes ?? null, over });
}
