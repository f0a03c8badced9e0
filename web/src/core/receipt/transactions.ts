// Transactions of a receipt: every phase is named, in the chain's order.
import { hold } from './hold';
import type { Member, Receipt, Tx, What } from './document';

export function transactions(receipt: Receipt): string {
  order(receipt.txs);
  ends(receipt);
  phases(receipt);
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
  const any = (has: (member: Member) => boolean) => rounds.some(({ members }) => members.some(has));
  const wanted: [What[], boolean][] = [
    [['committee_drawn'], any(() => true)],
    [['vote_committed'], any(({ commitment }) => commitment !== null)],
    [['vote_revealed'], any(({ ballot }) => ballot !== null)],
    // A later round is opened because the one before did not agree, or by an appeal.
    [['round_opened', 'task_appealed'], rounds.length > 1],
    [['task_answered'], task.status === 'final'],
  ];
  for (const [whats, want] of wanted) {
    const got = txs.some(({ what }) => whats.includes(what));
    hold(got === want, `want ${want ? 'at least one' : 'none'} transaction ${whats.join(' or ')}`);
  }
}
