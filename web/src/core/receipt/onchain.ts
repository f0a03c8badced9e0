// A receipt compared with the chain it names: whether what is consistent also happened.
import { canonical } from '../canonical';
import { AntiphonError } from '../errors';
import type { TxOutcome } from '../rest';
import type { Context, ReceiptCheck } from '../types';
import { checked } from './checks';
import { courseOf, type Course } from './course';
import { isCarried, promptCid, type Receipt } from './document';
import { votesIn, whatsOf } from './evidence';
import { Broken, hold } from './hold';
import { cidOfRaw } from '../cid';
import { utf8 } from '../bytes';

/** Every check against a node's REST interface, in the order of docs/receipts.md. Throws `node_down`. */
export async function checkOnChain(ctx: Context, receipt: Receipt, signal?: AbortSignal): Promise<ReceiptCheck[]> {
  const look = new Look(ctx, receipt, await courseOf(receipt.rounds, receipt.task.carried), signal);
  const rules: Record<string, () => Promise<string>> = {
    chain_id: () => look.chain(),
    chain_task: () => look.task(),
    chain_outcome: () => look.outcome(),
    chain_rounds: () => look.rounds(),
    chain_model: () => look.model(),
    chain_transactions: () => look.transactions(),
    chain_votes: () => look.votes(),
  };
  return Promise.all(Object.entries(rules).map(([name, rule]) => checked(name, rule)));
}

class Look {
  private readonly id: number;
  private outcomes?: Promise<(TxOutcome | null)[]>;

  constructor(
    private readonly ctx: Context,
    private readonly receipt: Receipt,
    private readonly course: Course,
    private readonly signal?: AbortSignal,
  ) {
    this.id = Number(receipt.task.id);
  }

  async chain(): Promise<string> {
    const { chainId } = await this.ctx.rest.latest(this.signal);
    hold(chainId === this.receipt.chain_id, `the node is of chain ${chainId}, the receipt of ${this.receipt.chain_id}`);
    return chainId;
  }

  /** What the contract says of the task; a task it does not know is a check that fails. */
  private async found() {
    hold(Number.isSafeInteger(this.id), `the contract has no task ${this.receipt.task.id}`);
    try {
      return await this.ctx.contract.task(this.id, this.signal);
    } catch (thrown) {
      throw absent(thrown, `the contract has no task ${this.id}`);
    }
  }

  async task(): Promise<string> {
    const { receipt, ctx } = this;
    hold(receipt.contract === ctx.net.contract, `the receipt is of ${receipt.contract}, the settings name another one`);
    const got = await this.found();
    const { task } = receipt;
    const same: [string, unknown, unknown][] = [
      ['requester', task.requester, got.requester],
      ['prompt', await promptCid(receipt), got.prompt],
      ['manifest', await cidOfRaw(utf8(receipt.manifest)), got.manifest],
      ['prompt_bytes', task.prompt_bytes, got.prompt_bytes],
      ['max_output_tokens', task.max_output_tokens, got.max_output_tokens],
      ['status', task.status, got.status],
      ['contested', task.contested, got.contested],
      ['carried', task.carried, isCarried(got)],
    ];
    for (const [field, mine, theirs] of same) hold(mine === theirs, `${field}: got ${mine}, the chain has ${theirs}`);
    return `task ${this.id} is as the contract has it`;
  }

  async outcome(): Promise<string> {
    const got = await this.found();
    const { standing } = this.course;
    if (!standing) {
      hold(!got.outcome, 'the chain has an outcome, the receipt none');
      return 'none';
    }
    const same = got.outcome && canonical(got.outcome) === canonical(standing.ballot);
    hold(Boolean(same), 'the chain has another outcome');
    hold(got.outcome_round === standing.round, `the chain has it of round ${got.outcome_round}, not ${standing.round}`);
    hold(got.outcome_votes === standing.votes, `the chain has ${got.outcome_votes} votes, not ${standing.votes}`);
    return `${standing.votes} votes in round ${standing.round}`;
  }

  async rounds(): Promise<string> {
    const got = await this.found();
    const mine = this.receipt.rounds;
    hold(got.round + 1 === mine.length, `the chain has ${got.round + 1} rounds, the receipt ${mine.length}`);
    for (const round of mine) await this.sameRound(round);
    return `${mine.length} rounds with the same members and judgements`;
  }

  private async sameRound(mine: Receipt['rounds'][number]): Promise<void> {
    const got = await this.ctx.contract.round(this.id, mine.round, this.signal);
    const order = [...got.members].sort((a, b) => a.position - b.position);
    const theirs = [...order, ...got.replaced].map(({ worker, conduct }) => `${worker} ${conduct}`);
    const ours = mine.members.map(({ worker, conduct }) => `${worker} ${conduct}`);
    hold(got.size === mine.size, `round ${mine.round}: the chain has size ${got.size}, not ${mine.size}`);
    hold(BigInt(got.opened) === mine.opened, `round ${mine.round}: the chain opened it at ${got.opened}`);
    hold(theirs.join() === ours.join(), `round ${mine.round}: the chain has other members or judgements`);
  }

  async model(): Promise<string> {
    const { model: id } = await this.found();
    const { manifest } = await this.ctx.contract.model(id, this.signal);
    const mine = await cidOfRaw(utf8(this.receipt.manifest));
    hold(manifest === mine, `model ${id} is registered with ${manifest}, not ${mine}`);
    return `model ${id} has this manifest`;
  }

  /** Each named transaction once, whatever it did. */
  private txs(): Promise<(TxOutcome | null)[]> {
    const hashes = [...new Set(this.receipt.txs.map(({ hash }) => hash))];
    this.outcomes ??= Promise.all(hashes.map((hash) => this.ctx.rest.tx(hash, this.signal)));
    return this.outcomes;
  }

  async transactions(): Promise<string> {
    const { receipt } = this;
    const byHash = new Map((await this.txs()).flatMap((tx) => (tx ? [[tx.hash, tx] as const] : [])));
    for (const { hash, height, time, what } of receipt.txs) {
      const tx = byHash.get(hash);
      if (!tx) throw new Broken(`${hash} is in no block`);
      hold(BigInt(tx.height) === height, `${hash} is at height ${tx.height}, not ${height}`);
      hold(BigInt(Math.floor(Date.parse(tx.time) / 1000)) === time, `${hash} is of ${tx.time}, not ${time}`);
      const did = tx.code === 0 && whatsOf(tx, receipt.contract, receipt.task.id).includes(what);
      hold(did, `${hash} is not ${what} of this task`);
    }
    return `${byHash.size} transactions are in their blocks`;
  }

  async votes(): Promise<string> {
    const { receipt } = this;
    const found = (await this.txs()).filter((tx): tx is TxOutcome => tx !== null && tx.code === 0);
    const { commits, reveals } = votesIn(found, receipt.contract, receipt.task.id);
    let count = 0;
    for (const { round, members } of receipt.rounds) {
      for (const { worker, commitment, ballot, salt } of members) {
        if (commitment === null) continue;
        const own = (vote: { round: number; worker: string }) => vote.round === round && vote.worker === worker;
        const bound = commits.some((vote) => own(vote) && vote.commitment === commitment);
        hold(bound, `round ${round}: ${worker}: its commitment is in none of the transactions`);
        count += 1;
        if (!ballot) continue;
        const text = canonical(ballot);
        const said = reveals.some((vote) => own(vote) && vote.salt === salt && canonical(vote.ballot) === text);
        hold(said, `round ${round}: ${worker}: its ballot is in none of the transactions`);
      }
    }
    return `${count} votes are in messages to the contract`;
  }
}

/** A contract's refusal as a check that fails; a node that is away stays an error. */
function absent(thrown: unknown, fault: string): unknown {
  const refused = thrown instanceof AntiphonError && /E_UNKNOWN_TASK/.test(thrown.detail ?? '');
  return refused ? new Broken(fault) : thrown;
}
