/**
 * The geometry of the project's one picture: *n voice lines*, one per member.
 *
 * A line lies asleep until its member is drawn, thickens when it commits, and on reveal bends into the line it agrees
 * with. Lines in unison meet in the middle; a dissenting one bends away from them; a silent one stays where it was and
 * fades. Every path has the same commands (M, L, C, L), so that a browser can move from one to the next.
 */

/** What one member has done so far. */
export type VoiceState = 'waiting' | 'drawn' | 'committed' | 'agree' | 'apart' | 'silent';

export interface Voice {
  state: VoiceState;
  /** Which ballot it opened: 0 = the agreed (or leading) one, 1… = others, in order of votes. */
  group: number;
}

export interface Strand {
  state: VoiceState;
  d: string;
  stroke: number;
  start: { x: number; y: number };
  end: { x: number; y: number };
}

export interface Picture {
  width: number;
  height: number;
  strands: Strand[];
  /** The one line of the agreed answer, once there is a quorum. */
  unison: { d: string; stroke: number; end: { x: number; y: number } } | null;
  /** Ends of the lines that stand apart, one per ballot. */
  apart: { x: number; y: number }[];
  /** Half the size of an end's mark. */
  mark: number;
}

export interface Frame {
  width: number;
  height: number;
  /** Space for the end marks at the right. */
  pad: number;
}

/** A row of a list. */
export const ROW: Frame = { width: 88, height: 16, pad: 4 };
/** The receipt line. */
export const LINE: Frame = { width: 96, height: 20, pad: 5 };
/** The answer card and the task page. */
export const FULL: Frame = { width: 640, height: 132, pad: 12 };

/** Lays out a round. `decided`: a quorum stands, so group 0 is the answer. */
export function layout(voices: Voice[], frame: Frame, decided: boolean): Picture {
  const { width, height, pad } = frame;
  const { lanes, band } = lanesOf(voices, frame);
  const middle = (band.top + band.bottom) / 2;
  const step = voices.length > 1 ? (band.bottom - band.top) / (voices.length - 1) : 0;
  const thin = strokeOf(voices.length, frame);
  const bound = round(thin * (height > 40 ? 2 : 1.3));
  const [left, right] = [pad / 2, round(width - pad)];
  const strands = voices.map(({ state, group }, index): Strand => {
    const y = voices.length > 1 ? band.top + step * index : middle;
    const to = state === 'agree' ? middle : state === 'apart' ? (lanes.get(group) ?? y) : y;
    return {
      state,
      d: path(y, to, left, width, right),
      stroke: state === 'waiting' || state === 'drawn' || state === 'silent' ? thin : bound,
      start: { x: left, y: round(y) },
      end: { x: right, y: round(to) },
    };
  });
  const agreeing = voices.filter((v) => v.state === 'agree').length;
  const unison = {
    d: `M${round(width * 0.7)} ${round(middle)}L${right} ${round(middle)}`,
    stroke: round(thin * (1.5 + (2 * agreeing) / voices.length)),
    end: { x: right, y: round(middle) },
  };
  const apart = [...lanes.values()].map((y) => ({ x: right, y: round(y) }));
  const mark = round(Math.min(pad / 2, 5));
  return { width, height, strands, unison: decided && agreeing > 0 ? unison : null, apart, mark };
}

/** Ballots that stand apart leave by the nearer side, each on a lane of its own; the band of voices makes room. */
function lanesOf(voices: Voice[], { height, pad }: Frame) {
  const gap = Math.max(height * 0.2, 3);
  const groups = [...new Set(voices.filter((v) => v.state === 'apart').map((v) => v.group))].sort((a, b) => a - b);
  const above = groups.filter((group) => meanIndex(voices, group) < (voices.length - 1) / 2);
  const below = groups.filter((group) => !above.includes(group));
  const [top, bottom] = [pad / 2, height - pad / 2];
  const lanes = new Map<number, number>();
  above.forEach((group, i) => lanes.set(group, top + (i * gap) / above.length));
  below.forEach((group, i) => lanes.set(group, bottom - (i * gap) / below.length));
  const band = { top: top + (above.length > 0 ? gap : 0), bottom: bottom - (below.length > 0 ? gap : 0) };
  return { lanes, band };
}

function meanIndex(voices: Voice[], group: number): number {
  const found = voices.flatMap((v, index) => (v.state === 'apart' && v.group === group ? [index] : []));
  return found.reduce((sum, index) => sum + index, 0) / Math.max(1, found.length);
}

/** Thinner lines where there are more of them: 31 voices still fit a row of 16 px. */
function strokeOf(count: number, frame: Frame): number {
  const room = (frame.height * 0.8) / Math.max(count, 1);
  return round(Math.min(frame.height > 40 ? 1.5 : 1, Math.max(0.4, room / 2.5)));
}

function path(from: number, to: number, left: number, width: number, right: number): string {
  const [a, b, c, d] = [width * 0.42, width * 0.54, width * 0.58, width * 0.7].map(round);
  const [y, z] = [round(from), round(to)];
  return `M${left} ${y}L${a} ${y}C${b} ${y} ${c} ${z} ${d} ${z}L${round(right)} ${z}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Counts for a task of which only the counters are known (a row of a list). */
export interface Counts {
  size: number;
  members: number;
  committed: number;
  revealed: number;
  /** Equal ballots behind the outcome; null while there is none. */
  votes: number | null;
  /** The round is over: who has not revealed will not. */
  over: boolean;
}

/** Voices in no particular order: enough for a small picture. */
export function voicesFromCounts(counts: Counts): Voice[] {
  const { size, members, committed, revealed, votes, over } = counts;
  return Array.from({ length: size }, (_, i): Voice => {
    if (votes !== null && i < votes) return { state: 'agree', group: 0 };
    if (i < revealed) return votes === null && !over ? { state: 'agree', group: 0 } : { state: 'apart', group: 1 };
    if (over) return { state: 'silent', group: 0 };
    if (i < committed) return { state: 'committed', group: 0 };
    return { state: i < members ? 'drawn' : 'waiting', group: 0 };
  });
}

/** How many voices are in each state: the picture's words. */
export function tally(voices: Voice[]): Record<VoiceState, number> {
  const out: Record<VoiceState, number> = { waiting: 0, drawn: 0, committed: 0, agree: 0, apart: 0, silent: 0 };
  for (const voice of voices) out[voice.state] += 1;
  return out;
}
