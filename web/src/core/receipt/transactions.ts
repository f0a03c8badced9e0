// Transactions of a receipt: every phase is named, in the chain's order.
import { MAX_ROUNDS, courseOf } from './course';
import type { Member, Receipt, Round, Tx, What } from './document';
import { hold } from './hold';

export async function transactions(receipt: Receipt): Promise<string> {
  order(receipt.txs);
  ends(receipt);
  phases(receipt);
  await inRounds(receipt);
  return `${new Set(receipt.txs.map(({ hash }) => hash)).size} transactions name every phase`;
}

/** Nothing is said twice, heights and times never go back, one height has one time, one transaction one height. */
function order(txs: readonly Tx[]): void {
  const said = new Set<string>();
  for (const { hash, what } of txs) {
    hold(!said.has(hash + what), `${hash} is named ${what} twice`);
    said.add(hash + what);
  }
  txs.slice(1).forEach((next, at) => {
    const one = txs[at] as Tx;
    const rises = one.height < next.height && one.time <= next.time;
    const same = one.height === next.height && one.time === next.time;
    hold(rises || same, `${next.hash} is out of order at height ${next.height}`);
  });
  const heights = new Set(txs.map(({ hash, height }) => `${hash} ${height}`));
  hold(heights.size === new Set(txs.map(({ hash }) => hash)).size, 'a transaction is at two heights');
}

/** The task begins with its post and ends with its end; rounds open in between. */
function ends({ txs, task, rounds }: Receipt): void {
  const [end, other]: [What, What] =
    task.status === 'final' ? ['task_finalised', 'task_failed'] : ['task_failed', 'task_finalised'];
  const wanted: [What, number][] = [
    ['task_added', 1],
    [end, 1],
    [other, 0],
  ];
  for (const [what, want] of wanted) {
    const got = txs.filter((tx) => tx.what === what).length;
    hold(got === want, `got ${got} transactions ${what}, want ${want}`);
  }
  const at = (what: What): bigint => txs.find((tx) => tx.what === what)?.height ?? 0n;
  const [posted, ended] = [at('task_added'), at(end)];
  const whole = txs[0]?.height === posted && txs.at(-1)?.height === ended;
  hold(whole, `got heights ${posted} and ${ended} of post and end, want the first and the last`);
  for (const { round, opened } of rounds) {
    hold(opened >= posted && opened <= ended, `round ${round} opened at height ${opened}, outside the task`);
  }
}

/** What happened is named at least once, and what did not is not. */
function phases({ txs, task, rounds }: Receipt): void {
  const wanted: [What, boolean][] = [
    ...deeds(rounds.flatMap(({ members }) => members)),
    ['task_answered', task.status === 'final'],
  ];
  for (const [what, want] of wanted) {
    const got = txs.some((tx) => tx.what === what);
    hold(got === want, `want ${want ? 'at least one' : 'none'} transaction ${what}`);
  }
}

/** What must have been done for these members, and whether it must. */
function deeds(members: readonly Member[]): [What, boolean][] {
  return [
    ['committee_drawn', members.length > 0],
    ['vote_committed', members.some(({ commitment }) => commitment !== null)],
    ['vote_revealed', members.some(({ ballot }) => ballot !== null)],
  ];
}

/**
 * Every later round has one opener, in their order, and what a round has was done between its opener and the next
 * one's. Round 0 is opened by the post, and the last one is over with the end.
 */
async function inRounds({ txs, task, rounds }: Receipt): Promise<void> {
  hold(rounds.length <= MAX_ROUNDS, `got ${rounds.length} rounds, want at most ${MAX_ROUNDS}`);
  const openers = txs.filter(({ what }) => what === 'round_opened' || what === 'task_appealed');
  const later = Math.max(rounds.length - 1, 0);
  hold(openers.length === later, `got ${openers.length} transactions that open a later round, want ${later}`);
  for (const [at, opener] of openers.entries()) {
    const { standing } = await courseOf(rounds.slice(0, at + 1), task.carried);
    opened(rounds[at] as Round, rounds[at + 1] as Round, opener, standing ? 'task_appealed' : 'round_opened');
  }
  rounds.forEach((round, at) => {
    const [from, to] = [openers[at - 1] ?? txs[0], openers[at] ?? txs.at(-1)];
    within(txs, round, from?.height ?? 0n, to?.height ?? 0n);
  });
}

/** After the vacancies of the round before, and not after its own; by an appeal where something stands. */
function opened(one: Round, next: Round, { what, height }: Tx, want: What): void {
  hold(what === want, `round ${next.round}: got ${what}, want ${want} to open it`);
  const inside = one.opened < height && height <= next.opened;
  const heights = `want one after ${one.opened}, at most ${next.opened}`;
  hold(inside, `round ${next.round}: ${what} at height ${height}, ${heights}`);
}

/** What a round has was done between these heights. */
function within(txs: readonly Tx[], { round, members }: Round, from: bigint, to: bigint): void {
  for (const [what, want] of deeds(members)) {
    const got = txs.some((tx) => tx.what === what && tx.height >= from && tx.height <= to);
    hold(got || !want, `round ${round}: want a transaction ${what} at heights ${from} to ${to}`);
  }
}
