// Quorum, outcome and conduct as pure functions of the ballots: twin of packages/rules (protocol, section 5).
import { hex } from './bytes';
import type { Ballot, ConductInfo } from './contract-types';
import { ballotDigest } from './digest';

export const MAX_COMMITTEE = 31;
export const COMMITTEES = [5, 7, 9, 11, 15] as const;

/** ⌈2n/3⌉ of a round of n, empty and silent places counted in n. */
export const quorum = (size: number): number => Math.ceil((2 * size) / 3);

/** Members of the round after one of this size; null if there is none. */
export function nextSize(size: number): number | null {
  const next = Math.min(2 * size + 1, MAX_COMMITTEE);
  return next > size ? next : null;
}

/** What a ballot says: `invalid`, `unavailable`, or the hex digest of an answer's ballot. */
export type Said = string;

export async function saidBy(ballot: Ballot): Promise<Said> {
  if ('unavailable' in ballot) return 'unavailable';
  if ('invalid' in ballot) return 'invalid';
  return hex(await ballotDigest(ballot));
}

/** What a member did in its round. */
export type Act = { revealed: Said } | 'withheld' | 'committed' | 'silent';

/** How a task ended; null is failed. */
export type Ending = { outcome: Said; standing: number; contested: boolean } | null;

/** `unavailable` decides round 0 of a task whose prompt is not carried, only. */
export const canDecide = (said: Said, round: number, carried: boolean): boolean =>
  said !== 'unavailable' || (round === 0 && !carried);

/** The outcome of a round of `size` places: what a quorum of the whole size revealed, if any. */
export function decide(acts: readonly Act[], size: number, round: number, carried: boolean): Said | null {
  const tally = new Map<Said, number>();
  for (const act of acts) {
    if (typeof act === 'object') tally.set(act.revealed, (tally.get(act.revealed) ?? 0) + 1);
  }
  for (const [said, votes] of tally) {
    if (votes >= quorum(size) && canDecide(said, round, carried)) return said;
  }
  return null;
}

/** Judges one member of `round`. */
export function judge(act: Act, round: number, ending: Ending): ConductInfo {
  if (act === 'committed') return 'neutral';
  if (typeof act === 'string') return act;
  const said = act.revealed;
  if (ending === null) return said === 'unavailable' ? 'unavailable' : 'revealer';
  const { outcome, standing, contested } = ending;
  if (said === outcome && (round <= standing || !contested)) return 'right';
  if (said === 'unavailable') return 'unavailable';
  return contested || outcome === 'unavailable' ? 'neutral' : 'wrong';
}
