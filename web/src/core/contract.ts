// Every query of the contract, typed by its schema.
import type {
  Answers,
  ModelResponse,
  QueryMsg,
  SeatInfo,
  TaskFilter,
  TaskResponse,
  WorkerResponse,
} from './contract-types';
import { AntiphonError } from './errors';
import { Refusal, type Rest } from './rest';

type Keys<T> = T extends T ? keyof T : never;
type Args<K extends string> = Extract<QueryMsg, Record<K, unknown>> extends Record<K, infer A> ? A : never;
export type QueryName = Keys<QueryMsg> & keyof Answers & string;

/** Entries of a full page. */
export const PAGE = 30;
/** All seats a model can have are 137 pages; other lists are cut there too. */
const MAX_PAGES = 137;
const CODE = /(?:^|[^A-Z0-9_])(E_[A-Z0-9_]+): (.*)/s;
const TAIL = /: (?:execute|query|instantiate) wasm contract failed.*$/s;

/** The contract at its address. Throws `node_down`, or the contract's refusal as one of ours. */
export class Contract {
  constructor(
    readonly address: string,
    private readonly rest: Rest,
  ) {}

  async query<K extends QueryName>(name: K, args: Args<K>, signal?: AbortSignal): Promise<Answers[K]> {
    try {
      return await this.rest.smart<Answers[K]>(this.address, { [name]: args }, signal);
    } catch (thrown) {
      throw thrown instanceof Refusal ? refusedQuery(thrown) : thrown;
    }
  }

  task = (task: number, signal?: AbortSignal) => this.query('task', { task }, signal);
  round = (task: number, round: number, signal?: AbortSignal) => this.query('round', { task, round }, signal);
  model = (model: number, signal?: AbortSignal) => this.query('model', { model }, signal);
  worker = (worker: string, signal?: AbortSignal) => this.query('worker', { worker }, signal);
  config = (signal?: AbortSignal) => this.query('config', {}, signal);
  params = (version?: number, signal?: AbortSignal) => this.query('params', { version: version ?? null }, signal);
  beacon = (signal?: AbortSignal) => this.query('beacon', {}, signal);
  totals = (signal?: AbortSignal) => this.query('totals', {}, signal);
  answer = (model: number, prompt: string, signal?: AbortSignal) => this.query('answer', { model, prompt }, signal);

  security = (model: number, committee: number, signal?: AbortSignal) =>
    this.query('security', { model, committee }, signal);

  async balance(address: string, signal?: AbortSignal): Promise<bigint> {
    return BigInt((await this.query('balance', { address }, signal)).amount);
  }

  estimateFee(model: number, promptBytes: number, maxOutputTokens: number, committee?: number, signal?: AbortSignal) {
    const task = { model, prompt_bytes: promptBytes, max_output_tokens: maxOutputTokens };
    return this.query('estimate_fee', { ...task, committee: committee ?? null }, signal);
  }

  /** One page of tasks, by id, after `after`. */
  async tasks(filter: TaskFilter, after?: number, signal?: AbortSignal): Promise<TaskResponse[]> {
    return (await this.query('tasks', { filter, start_after: after ?? null, limit: PAGE }, signal)).tasks;
  }

  allModels(signal?: AbortSignal): Promise<ModelResponse[]> {
    const page = async (after?: ModelResponse) =>
      (await this.query('models', { start_after: after?.model ?? null, limit: PAGE }, signal)).models;
    return allPages(page);
  }

  allWorkers(signal?: AbortSignal): Promise<WorkerResponse[]> {
    const page = async (after?: WorkerResponse) =>
      (await this.query('workers', { start_after: after?.worker ?? null, limit: PAGE }, signal)).workers;
    return allPages(page);
  }

  allSeats(model: number, signal?: AbortSignal): Promise<SeatInfo[]> {
    const page = async (after?: SeatInfo) =>
      (await this.query('seats', { model, start_after: after?.slot ?? null, limit: PAGE }, signal)).seats;
    return allPages(page);
  }
}

async function allPages<T>(page: (after?: T) => Promise<T[]>): Promise<T[]> {
  const all: T[] = [];
  for (let count = 0; count < MAX_PAGES; count++) {
    const next = await page(all.at(-1));
    all.push(...next);
    if (next.length < PAGE) break;
  }
  return all;
}

/** The contract's own code and sentence inside a node's log; the code is empty where there is none. */
export function refusalIn(log: string): { code: string; sentence: string } {
  const [, code = '', sentence = log] = CODE.exec(log) ?? [];
  return { code, sentence: sentence.replace(TAIL, '').trim() };
}

function refusedQuery(refusal: Refusal): AntiphonError {
  const { code, sentence } = refusalIn(refusal.text);
  return fromContract(code, sentence) ?? new AntiphonError('node_down', {}, refusal.text);
}

/** A contract's refusal as one of ours; null for a code that has no sentence of its own. */
export function fromContract(code: string, sentence: string): AntiphonError | null {
  switch (code) {
    case 'E_UNKNOWN_MODEL':
    case 'E_MODEL_RETIRED':
      return new AntiphonError('model_unknown', {}, sentence);
    case 'E_POOL_TOO_SMALL':
      return new AntiphonError('no_workers', {}, sentence);
    case 'E_FUNDS':
      return new AntiphonError('no_balance', {}, sentence);
    case 'E_PROMPT_BYTES':
      return new AntiphonError('prompt_too_long', {}, sentence);
    case 'E_OUTPUT_TOKENS':
    case 'E_COMMITTEE':
      return new AntiphonError('invalid_prompt', {}, sentence);
    case 'E_NOT_ANSWERED':
    case 'E_APPEAL_OVER':
    case 'E_OUTCOME_CHANGED':
    case 'E_NO_ROUND_LEFT':
      return new AntiphonError('appeal_over', {}, sentence);
    case 'E_RATED':
    case 'E_NOT_REQUESTER':
    case 'E_NO_ANSWER':
      return new AntiphonError('rate_refused', {}, sentence);
    default:
      return null;
  }
}
