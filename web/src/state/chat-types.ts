/** What a conversation is, as kept in this browser and written to export files. Plain data only. */
import type { Pending, Sampling, Stage } from '../core/types';
import type { Voice } from '../lib/strands';
import type { Failure } from '../ui/error-card';

export interface Snapshot {
  voices: Voice[];
  decided: boolean;
  size: number;
  quorum: number;
  committed: number;
  revealed: number;
}

export interface KeptAnswer {
  cid: string;
  text: string;
  sources: string[];
  liars: string[];
  /** Equal ballots behind it. */
  votes: number;
  /** The longest length was reached. */
  cut: boolean;
}

/** What later rounds may do to an answer, and have done. */
export interface Later {
  contested: boolean;
  /** The answer took the place of another one. */
  overturned: boolean;
  /** A larger committee is being asked. */
  open: boolean;
  /** Nothing can change any more. */
  settled: boolean;
}

/** One question sent to one model with one seed: everything a reload needs is in it before anything is broadcast. */
export interface Ask {
  id: string;
  prompt: string;
  model: number;
  modelName: string;
  committee: number | null;
  settings: Sampling;
  fresh: boolean;
  /** CID of the prompt document: what makes a task on chain this very question. Null in what was kept before it was known. */
  promptCid: string | null;
  created: number;
  stage: Stage;
  /** Milliseconds since 1970 at which a stage was reached. */
  marks: Partial<Record<Stage, number>>;
  pending: Pending | null;
  task: number | null;
  snapshot: Snapshot | null;
  answer: KeptAnswer | null;
  known: boolean;
  seconds: number | null;
  /** Absent in what was kept before anybody looked. */
  later?: Later;
  /** The prompt goes with the transaction. */
  carry?: boolean;
  failure: Failure | null;
}

/** One place in a conversation: asks that stand for one another (retries, edits), one of them shown. */
export interface Turn {
  id: string;
  asks: Ask[];
  shown: number;
}

export interface Chat {
  id: string;
  /** Chain and contract it was held on: task ids mean nothing elsewhere. */
  network: string;
  title: string;
  created: number;
  updated: number;
  turns: Turn[];
}

export const laterOf = ({ later }: Ask): Later =>
  later ?? { contested: false, overturned: false, open: false, settled: false };

export const shownAsk = (turn: Turn): Ask | undefined => turn.asks[turn.shown] ?? turn.asks.at(-1);
/** Nothing more will come of it without the asker. */
export const isOver = (ask: Ask): boolean => ask.answer !== null || ask.failure !== null;

/** Failures after which a transaction that was written down is known to have done nothing, or all it ever will. */
const DEFINITE = new Set([
  'never_sent',
  'tx_failed',
  'out_of_gas',
  'no_funds',
  'no_balance',
  'session_over',
  'no_workers',
  'model_unknown',
  'prompt_too_long',
  'invalid_prompt',
  'wallet_missing',
  'wallet_locked',
  'wallet_refused',
  'account_switched',
]);

/** A transaction may still be on its way, or in a block unseen: this can only be followed, or it could be paid twice. */
export const unresolved = (ask: Ask): boolean =>
  ask.pending !== null &&
  ask.task === null &&
  ask.answer === null &&
  !(ask.failure !== null && DEFINITE.has(ask.failure.code));
