/** How long stages take, from heights: block headers tell time in whole seconds here, heights do better. */
import { median } from './format';

export interface StageHeights {
  posted: number;
  drawn: number | null;
  answered: number | null;
  settled: number | null;
}

export type StageName = 'drawn' | 'answered' | 'settled';
const STAGES: StageName[] = ['drawn', 'answered', 'settled'];

/** Median seconds since the post, per stage; null where no task has reached it. */
export function stageMedians(tasks: StageHeights[], secondsPerBlock: number): Record<StageName, number | null> {
  const out: Record<StageName, number | null> = { drawn: null, answered: null, settled: null };
  for (const stage of STAGES) {
    const heights = tasks.flatMap((task) => (task[stage] === null ? [] : [task[stage] - task.posted]));
    const middle = median(heights);
    out[stage] = middle === null ? null : middle * secondsPerBlock;
  }
  return out;
}
