// Generated from schema/antiphon.json by `npm run types`; do not edit.

/** An entry of the answer index. */
export type AnswerEntry = {
  /** The answer, with usage and trace. */
  ballot: Ballot;
  /** Members of the deciding round. */
  committee: number;
  /** A different answer of an equal or smaller committee came later. */
  conflict: boolean;
  /** Height at which it became final. */
  height: number;
  /** The task that decided it. */
  task: number;
  /** Equal ballots behind it. */
  votes: number;
};

/** The answer index for one model and prompt. */
export type AnswerResponse = {
  /** None if no task of this model and prompt ended with an uncontested answer. */
  answer?: AnswerEntry | null;
};

/** Who demanded a round, and at what risk. */
export type AppealInfo = {
  /** Its bond. */
  bond: Uint128;
  /** The account. */
  by: string;
};

/** A beacon round that tasks wait for. */
export type AwaitedRound = {
  /** Its randomness is on chain. */
  known: boolean;
  /** Unix time at which it is published, in seconds. */
  published: number;
  /** The beacon's round. */
  round: number;
  /** Tasks that wait for it. */
  tasks: number;
};

/** What an account can withdraw. */
export type BalanceResponse = {
  /** In the contract's denom. */
  amount: Uint128;
};

/** What a member says: an answer with its usage and trace, or that there is none to give. */
export type Ballot = {
  answer: {
    /** The answer's raw block. */
    cid: Cid;
    /** Why generation ended. */
    finish: Finish;
    /** Tokens appended to the output. */
    output_tokens: number;
    /** Tokens of the prompt, control tokens of the template included. */
    prompt_tokens: number;
    /** The last link of the computation's hash chain, bound to task and round. */
    trace: Hex32;
  };
} | {
  unavailable: Record<string, never>;
} | {
  invalid: Record<string, never>;
};

/** The drand beacon that draws committees, scheme `bls-unchained-g1-rfc9380`; fixed at instantiation. */
export type BeaconConfig = {
  /** Seconds added to block time before the first round that may draw a committee is published. */
  delay_seconds: number;
  /** Unix time of round 1, in seconds. */
  genesis: number;
  /** Seconds between rounds. */
  period: number;
  /** Group public key on G2, compressed. */
  public_key: Hex96;
};

/** The beacon's configuration and what is waited for. */
export type BeaconResponse = {
  /** At most 30: rounds not on chain yet, then the others, each in order. */
  awaited: AwaitedRound[];
  /** Fixed at instantiation. */
  config: BeaconConfig;
};

/** How a contract wants to be told of its task's end. */
export type Callback = {
  /** Most gas its message may use. */
  gas_limit: number;
  /** It wants the answer's text, proven by its digest. */
  with_text: boolean;
};

/** A callback that is not yet delivered. */
export type CallbackInfo = {
  /** Last height at which it can be delivered; none while the task is open. */
  deadline?: number | null;
  /** What delivering it earns; zero once it was paid. */
  fee: Uint128;
  /** Most gas its message may use. */
  gas_limit: number;
  /** It wants the answer's text. */
  with_text: boolean;
};

export type Cid = string;

/** One commit of one member: carries its own proof, so anybody may post it. */
export type CommitItem = {
  /** The hash that binds the member to its ballot. */
  commitment: Hex32;
  /** The round, from 0. */
  round: number;
  /** The voter key's secp256k1 signature, r‖s, low s, over the vote digest. */
  signature: Hex64;
  /** The task. */
  task: number;
  /** What the member believes the task is; refused unless it is. */
  task_digest: Hex32;
  /** The member. */
  worker: string;
};

/** How a member's part in a task was judged. */
export type ConductInfo = 'right' | 'wrong' | 'neutral' | 'withheld' | 'silent' | 'unavailable' | 'revealer';

/** What was fixed at instantiation, and who may change the rest. */
export type ConfigResponse = {
  /** The randomness. */
  beacon: BeaconConfig;
  /** The one denom of all money. */
  denom: string;
  /** Committees of 3 are allowed. */
  insecure: boolean;
  /** Who may change parameters. */
  owner?: string | null;
  /** The current version of the parameters. */
  params_version: number;
  /** New tasks and models are refused. */
  paused: boolean;
  /** Who was offered the ownership. */
  pending_owner?: string | null;
  /** The contract's version. */
  version: string;
};

/** A page of duties. It may be short, even empty, with more to come: a query looks at a bounded number of memberships, and those that ask for nothing now are not shown. */
export type DutiesResponse = {
  /** By task. */
  duties: Duty[];
  /** Height the answer was made at. */
  height: number;
  /** `start_after` of the next page; none at the end. */
  next?: number | null;
};

/** One membership and everything needed to serve it. */
export type Duty = {
  /** What is due. */
  action: DutyAction;
  /** The prompt's block, if the task carries it. */
  block?: HexBinary | null;
  /** What the member has committed to. */
  commitment?: Hex32 | null;
  /** Last height at which it is accepted. */
  deadline: number;
  /** Workers named as holding the prompt's block. */
  holders: string[];
  /** Its manifest. */
  manifest: Cid;
  /** Its limit of output tokens. */
  max_output_tokens: number;
  /** The model. */
  model: number;
  /** The member's position in the round, from 0. */
  position: number;
  /** The prompt's raw block. */
  prompt: Cid;
  /** Its length. */
  prompt_bytes: number;
  /** The round. */
  round: number;
  /** The task. */
  task: number;
  /** Binds votes to this task. */
  task_digest: Hex32;
};

/** What a member has to do next. */
export type DutyAction = 'commit' | 'wait' | 'reveal';

/** What a task would cost. */
export type EstimateFeeResponse = {
  /** Members of round 0. */
  committee: number;
  /** n · F: what `post_task` takes. */
  escrow: Uint128;
  /** F: the fee of one member at the full output. */
  full_fee: Uint128;
  /** The lock of each member. */
  lock: Uint128;
};

/** What an account can ask of the contract. */
export type ExecuteMsg = {
  register_model: {
    /** Where the publisher serves the model's blocks. */
    endpoint?: string | null;
    /** What is accepted. */
    limits: Limits;
    /** The manifest's raw block. */
    manifest: Cid;
    /** What members are paid. */
    price: Price;
  };
} | {
  retire_model: {
    /** The model's id. */
    model: number;
  };
} | {
  bond: Record<string, never>;
} | {
  unbond: {
    /** How much. */
    amount: Uint128;
  };
} | {
  claim_unbonded: Record<string, never>;
} | {
  unjail: Record<string, never>;
} | {
  join_model: {
    /** The model's id. */
    model: number;
  };
} | {
  leave_model: {
    /** The model's id. */
    model: number;
  };
} | {
  update_worker: {
    /** Where the worker serves blocks: a URL, or empty to remove it. */
    endpoint?: string | null;
    /** A name for people. */
    moniker?: string | null;
    /** The voter's public key, 33 bytes compressed. */
    voter?: Hex33 | null;
  };
} | {
  post_task: {
    /** The prompt itself, carried by the task: at most 4,096 bytes, in hex. Then nobody has to fetch it, and `unavailable` cannot be an outcome. */
    block?: HexBinary | null;
    /** The sender is a contract and wants to be told. */
    callback?: Callback | null;
    /** Members of round 0; the parameters' default if absent. */
    committee?: number | null;
    /** Up to three workers with an endpoint that hold the block; at least one unless the block is carried. */
    holders: string[];
    /** The prompt's `max_output_tokens`. */
    max_output_tokens: number;
    /** The model's id. */
    model: number;
    /** The prompt's raw block. */
    prompt: Cid;
    /** Its length. */
    prompt_bytes: number;
  };
} | {
  appeal: {
    /** The task's last round, after which the outcome stood that is appealed: the appeal is refused if another round was played since, so that a signature that comes late appeals no other outcome and puts up no other bond. Absent: whatever stands. */
    round?: number | null;
    /** The task's id. */
    task: number;
  };
} | {
  rate: {
    /** It was. */
    good: boolean;
    /** The task's id. */
    task: number;
  };
} | {
  deliver: {
    /** The task's id. */
    task: number;
    /** The answer's text, if the callback wants it: its SHA-256 must be the answer's digest. */
    text?: string | null;
  };
} | {
  deposit: Record<string, never>;
} | {
  withdraw: {
    /** All if absent. */
    amount?: Uint128 | null;
  };
} | {
  commit: {
    /** At most 31. */
    commits: CommitItem[];
  };
} | {
  reveal: {
    /** At most 31. */
    reveals: RevealItem[];
  };
} | {
  advance: {
    /** At most 10. */
    tasks: number[];
  };
} | {
  publish_beacon: {
    /** Most committees to draw in this message, ≤ 10. */
    draws: number;
    /** The beacon's round. */
    round: number;
    /** The beacon's BLS signature on G1, compressed. */
    signature: Hex48;
  };
} | {
  update_params: {
    /** All of them. */
    params: Params;
  };
} | {
  set_paused: {
    /** Refuse them. */
    paused: boolean;
  };
} | {
  transfer_ownership: {
    /** The account; none takes an offer back. */
    to?: string | null;
  };
} | {
  accept_ownership: Record<string, never>;
} | {
  renounce_ownership: Record<string, never>;
};

/** Why generation ended. */
export type Finish = 'stop' | 'length';

export type Hex32 = string;

export type Hex33 = string;

export type Hex48 = string;

export type Hex64 = string;

export type Hex96 = string;

/** This is a wrapper around Vec<u8> to add hex de/serialization with serde. It also adds some helper methods to help encode inline. This is similar to `cosmwasm_std::Binary` but uses hex. See also <https://github.com/CosmWasm/cosmwasm/blob/main/docs/MESSAGE_TYPES.md>. */
export type HexBinary = string;

/** What a model accepts; checked when a task is posted. */
export type Limits = {
  /** Largest number of output tokens a task may ask for. */
  max_output_tokens: number;
  /** Largest prompt document, in bytes. */
  max_prompt_bytes: number;
};

/** One member of a round. Ballots and commitments are readable while the task is open. */
export type MemberInfo = {
  /** What it revealed. */
  ballot?: Ballot | null;
  /** What it is bound to. */
  commitment?: Hex32 | null;
  /** How it was judged, once the task is final or failed. */
  conduct?: ConductInfo | null;
  /** Where it serves blocks and takes votes. */
  endpoint?: string | null;
  /** What was taken of its lock. */
  forfeited: Uint128;
  /** What it was paid. */
  paid: Uint128;
  /** Its position in the round, from 0. */
  position: number;
  /** The worker. */
  worker: string;
};

/** One model. */
export type ModelResponse = {
  /** The publisher's deposit still held. */
  deposit: Uint128;
  /** Where the publisher serves its blocks. */
  endpoint?: string | null;
  /** What is accepted. */
  limits: Limits;
  /** Its manifest. */
  manifest: Cid;
  /** Its id. */
  model: number;
  /** Tasks not yet final or failed. */
  open_tasks: number;
  /** What members are paid. */
  price: Price;
  /** Who registered it. */
  publisher: string;
  /** What requesters said of its answers. */
  ratings: Ratings;
  /** No new tasks are taken. */
  retired: boolean;
  /** Seats occupied. */
  seats: number;
};

/** A page of models. */
export type ModelsResponse = {
  /** By id. */
  models: ModelResponse[];
};

/** The odds if a share of the seats is dishonest, in units of 10⁻¹⁸. */
export type OddsInfo = {
  /** The honest ones are no quorum. */
  blocked: Uint128;
  /** That share, in per cent. */
  dishonest_percent: number;
  /** How many seats it is. */
  dishonest_seats: number;
  /** A quorum is dishonest and decides what it likes. */
  wrong: Uint128;
};

/** The rules a task is played by. A task keeps the version it was posted under. */
export type Params = {
  /** The appeal window, in blocks. */
  appeal_window_blocks: number;
  /** The commit window grows by one block per this many output tokens of the task's maximum. */
  commit_tokens_per_block: number;
  /** The fixed part of the commit window, in blocks. */
  commit_window_blocks: number;
  /** Members of round 0 when the requester names no size. */
  committee: number;
  /** Blocks in which a callback can be delivered. */
  deliver_window_blocks: number;
  /** The draw window, in blocks; it is over when both its blocks and its seconds have passed. */
  draw_window_blocks: number;
  /** The draw window, in seconds of block time. */
  draw_window_seconds: number;
  /** Seconds before a jailed worker may ask to be let out. */
  jail_seconds: number;
  /** The lock of a membership is this multiple of F, or `min_lock` if that is more. */
  lock_multiple: number;
  /** Most gas a callback may ask for. */
  max_callback_gas: number;
  /** Most draws a round can have, whatever made the vacancies. */
  max_draws: number;
  /** Misses that jail a worker. */
  max_misses: number;
  /** Most rounds a task can have. */
  max_rounds: number;
  /** Blocks in which a full slash meter empties. */
  meter_blocks: number;
  /** Share of all bonds that may be forfeited per `meter_blocks`, in 1/1000. */
  meter_permille: number;
  /** Smallest `base` of a model's price. */
  min_base: Uint128;
  /** Smallest lock. */
  min_lock: Uint128;
  /** Refundable deposit of a model's publisher. */
  model_deposit: Uint128;
  /** The reveal window, in blocks. */
  reveal_window_blocks: number;
  /** Seconds an unbonding entry stays slashable. */
  unbonding_seconds: number;
};

/** One version of the parameters. */
export type ParamsResponse = {
  /** Its values. */
  params: Params;
  /** The version. */
  version: number;
};

/** What a member is paid by, per answer. */
export type Price = {
  /** Paid for every ballot that counts, and the charge of a miss. */
  base: Uint128;
  /** Paid per output token of the answer. */
  per_output_token: Uint128;
  /** Paid per byte of the prompt. */
  per_prompt_byte: Uint128;
};

/** What can be read. */
export type QueryMsg = {
  config: Record<string, never>;
} | {
  params: {
    /** A version a task was posted under. */
    version?: number | null;
  };
} | {
  model: {
    /** The model's id. */
    model: number;
  };
} | {
  models: {
    /** Entries wanted. */
    limit?: number | null;
    /** The last id of the page before. */
    start_after?: number | null;
  };
} | {
  models_by_manifest: {
    /** Entries wanted. */
    limit?: number | null;
    /** The manifest. */
    manifest: Cid;
    /** The last id of the page before. */
    start_after?: number | null;
  };
} | {
  task: {
    /** The task's id. */
    task: number;
  };
} | {
  tasks: {
    /** Open or done. */
    filter: TaskFilter;
    /** Entries wanted. */
    limit?: number | null;
    /** The last id of the page before. */
    start_after?: number | null;
  };
} | {
  duties: {
    /** Entries wanted. */
    limit?: number | null;
    /** `next` of the page before. */
    start_after?: number | null;
    /** The worker. */
    worker: string;
  };
} | {
  round: {
    /** The round, from 0. */
    round: number;
    /** The task's id. */
    task: number;
  };
} | {
  worker: {
    /** The worker's address. */
    worker: string;
  };
} | {
  workers: {
    /** Entries wanted. */
    limit?: number | null;
    /** The last address of the page before. */
    start_after?: string | null;
  };
} | {
  seats: {
    /** Entries wanted. */
    limit?: number | null;
    /** The model's id. */
    model: number;
    /** The last slot of the page before. */
    start_after?: number | null;
  };
} | {
  balance: {
    /** Any account. */
    address: string;
  };
} | {
  answer: {
    /** The model's id. */
    model: number;
    /** The prompt. */
    prompt: Cid;
  };
} | {
  estimate_fee: {
    /** Members of round 0. */
    committee?: number | null;
    /** The prompt's `max_output_tokens`. */
    max_output_tokens: number;
    /** The model's id. */
    model: number;
    /** The prompt's length. */
    prompt_bytes: number;
  };
} | {
  beacon: Record<string, never>;
} | {
  security: {
    /** Its members; the parameters' default if absent. */
    committee?: number | null;
    /** The model's id. */
    model: number;
  };
} | {
  totals: Record<string, never>;
};

/** Ratings of a model's answers by those who paid for them. */
export type Ratings = {
  /** Answers called bad. */
  bad: number;
  /** Fees paid for those called bad. */
  bad_fees: Uint128;
  /** Answers called good. */
  good: number;
  /** Fees paid for those called good. */
  good_fees: Uint128;
};

/** One reveal: opens a commitment, whoever posts it. */
export type RevealItem = {
  /** What the member said. */
  ballot: Ballot;
  /** The round, from 0. */
  round: number;
  /** The salt of its commitment. */
  salt: Hex32;
  /** The task. */
  task: number;
  /** The member. */
  worker: string;
};

/** One round of a task. */
export type RoundResponse = {
  /** The appeal that opened it, while the task is open. */
  appeal?: AppealInfo | null;
  /** By position. */
  members: MemberInfo[];
  /** Height at which its present vacancies arose. */
  opened: number;
  /** Equal ballots that decide it. */
  quorum: number;
  /** Silent members that were replaced. */
  replaced: MemberInfo[];
  /** The round. */
  round: number;
  /** Members it should have. */
  size: number;
  /** Lines of equal ballots; empty before the revealing phase. */
  tally: TallyLine[];
  /** The task. */
  task: number;
};

/** One seat of a model. */
export type SeatInfo = {
  /** Where its holder serves blocks. */
  endpoint?: string | null;
  /** Its slot. */
  slot: number;
  /** Who holds it. */
  worker: string;
};

/** A page of seats. */
export type SeatsResponse = {
  /** By slot. */
  seats: SeatInfo[];
};

/** What a committee can give, and what it cannot. */
export type SecurityResponse = {
  /** The bond of an appeal of its round 0; none if no appeal would be possible. */
  appeal_bond?: Uint128 | null;
  /** Open memberships in tasks of this model; members that are busy elsewhere are not seen. */
  busy: number;
  /** Its members. */
  committee: number;
  /** What a wrong quorum loses for certain if it is appealed: its locks, less what an appeal of its own returns, and nothing where no appeal is possible or the meter is full. */
  cost_to_corrupt: Uint128;
  /** The lock of each member of a task at the model's limits. */
  lock: Uint128;
  /** Whether forfeits would be taken now, or withheld by the slash meter. */
  meter_takes: boolean;
  /** For 10, 20 and 33 per cent of dishonest seats. */
  odds: OddsInfo[];
  /** Equal ballots that decide. */
  quorum: number;
  /** Rounds a task posted now could have. */
  rounds_possible: number;
  /** Occupied seats of the model. */
  seats: number;
};

/** What the end of a task moved. */
export type SettlementInfo = {
  /** Bonds of appeals, put in besides the escrow. */
  appeal_bonds: Uint128;
  /** To the pot that is burned, miss charges not counted. */
  burned: Uint128;
  /** Taken from locks. */
  forfeited: Uint128;
  /** Charged for misses and burned. */
  miss_charges: Uint128;
  /** To members. */
  paid: Uint128;
  /** Back to the requester. */
  refunded: Uint128;
  /** The slash meter was full: no forfeit was taken. */
  slash_withheld: boolean;
  /** Bonds and rewards that went back to appellants. */
  to_appellants: Uint128;
};

/** Equal ballots of a round. */
export type TallyLine = {
  /** The ballot. */
  ballot: Ballot;
  /** How many members revealed it. */
  votes: number;
};

/** Which tasks a list holds. */
export type TaskFilter = 'open' | 'done';

/** One task. */
export type TaskResponse = {
  /** What an appeal takes now; none if there can be none. */
  appeal_bond?: Uint128 | null;
  /** The callback, until it is delivered or over. */
  callback?: CallbackInfo | null;
  /** The task carries its prompt. */
  carried: boolean;
  /** Commits of the current round. */
  committed: number;
  /** Members of round 0. */
  committee: number;
  /** A later round was undecided. */
  contested: boolean;
  /** Last height at which its messages are accepted; none while waiting for randomness or at the end. */
  deadline?: number | null;
  /** `advance` would make a transition in the next block. */
  due: boolean;
  /** Height at which the current state was entered. */
  entered: number;
  /** Paid in at post: n · F. */
  escrow: Uint128;
  /** F, the fee of one member at the full output. */
  full_fee: Uint128;
  /** Workers named as holding the prompt's block. */
  holders: string[];
  /** The lock of one membership. */
  lock: Uint128;
  /** The model's manifest. */
  manifest: Cid;
  /** Its limit of output tokens. */
  max_output_tokens: number;
  /** Members in. */
  members: number;
  /** The model asked. */
  model: number;
  /** The standing outcome. */
  outcome?: Ballot | null;
  /** The round that decided it. */
  outcome_round?: number | null;
  /** Equal ballots behind it. */
  outcome_votes?: number | null;
  /** The parameters it is played by. */
  params_version: number;
  /** Height of `post_task`. */
  posted: number;
  /** Block time of `post_task`, in Unix seconds. */
  posted_time: number;
  /** The prompt's raw block. */
  prompt: Cid;
  /** Its length. */
  prompt_bytes: number;
  /** Equal ballots that decide it. */
  quorum: number;
  /** What its requester said of the answer. */
  rated?: boolean | null;
  /** Who pays. */
  requester: string;
  /** Reveals of the current round. */
  revealed: number;
  /** The current round. */
  round: number;
  /** Rounds this task can have. */
  rounds_possible: number;
  /** Settlement's figures, once final or failed. */
  settlement?: SettlementInfo | null;
  /** Members the current round should have. */
  size: number;
  /** Where it stands. */
  status: TaskStatus;
  /** Its id. */
  task: number;
  /** Binds votes to this task (protocol, section 4). */
  task_digest: Hex32;
  /** The current round is over without a quorum and waits for `advance`. */
  undecided: boolean;
  /** The beacon round that draws it; only while drawing. */
  waits_for?: number | null;
};

/** Where a task stands. */
export type TaskStatus = 'drawing' | 'committing' | 'revealing' | 'answered' | 'final' | 'failed';

/** A page of tasks. */
export type TasksResponse = {
  /** By id. */
  tasks: TaskResponse[];
};

/** Every pot: the first eight add up to `coins_in − withdrawn − burned`. */
export type TotalsResponse = {
  /** Σ appeal bonds of open tasks. */
  appeal_bonds: Uint128;
  /** Σ balances. */
  balances: Uint128;
  /** Σ bonds. */
  bonds: Uint128;
  /** All coins ever burned. */
  burned: Uint128;
  /** All coins ever credited. */
  coins_in: Uint128;
  /** Σ deliver fees not yet paid. */
  deliver_fees: Uint128;
  /** Σ escrows of open tasks. */
  escrows: Uint128;
  /** Σ deposits of models. */
  model_deposits: Uint128;
  /** Waits to be burned. */
  to_burn: Uint128;
  /** Σ unbonding entries. */
  unbonding: Uint128;
  /** All coins ever withdrawn. */
  withdrawn: Uint128;
};

/** A thin wrapper around u128 that is using strings for JSON encoding/decoding, such that the full u128 range can be used for clients that convert JSON numbers to floats, like JavaScript and jq. # Examples Use `from` to create instances of this and `u128` to get the value out: ``` # use cosmwasm_std::Uint128; let a = Uint128::from(123u128); assert_eq!(a.u128(), 123); let b = Uint128::from(42u64); assert_eq!(b.u128(), 42); let c = Uint128::from(70u32); assert_eq!(c.u128(), 70); ``` */
export type Uint128 = string;

/** One worker. */
export type WorkerResponse = {
  /** Its bond. */
  bond: Uint128;
  /** Unix time in seconds from which it can be claimed; none if nothing is unbonding. */
  claimable?: number | null;
  /** Where it serves blocks and takes votes. */
  endpoint?: string | null;
  /** Jailed until it asks to be let out, at this Unix time at the earliest. */
  jailed_until?: number | null;
  /** The part of it at risk in open tasks. */
  locked: Uint128;
  /** Misses in a row. */
  misses: number;
  /** A name for people. */
  moniker?: string | null;
  /** Models it holds seats of. */
  seats: number[];
  /** Height of its last bond or seat: younger than a vacancy means passed over. */
  since: number;
  /** Leaving, and still slashable. */
  unbonding: Uint128;
  /** Its voter's public key. */
  voter?: Hex33 | null;
  /** Its address. */
  worker: string;
};

/** A page of workers. */
export type WorkersResponse = {
  /** By address. */
  workers: WorkerResponse[];
};

/** What each query is answered with. */
export interface Answers {
  answer: AnswerResponse;
  balance: BalanceResponse;
  beacon: BeaconResponse;
  config: ConfigResponse;
  duties: DutiesResponse;
  estimate_fee: EstimateFeeResponse;
  model: ModelResponse;
  models: ModelsResponse;
  models_by_manifest: ModelsResponse;
  params: ParamsResponse;
  round: RoundResponse;
  seats: SeatsResponse;
  security: SecurityResponse;
  task: TaskResponse;
  tasks: TasksResponse;
  totals: TotalsResponse;
  worker: WorkerResponse;
  workers: WorkersResponse;
}
