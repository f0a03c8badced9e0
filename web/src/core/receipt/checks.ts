// Everything that can be said of a receipt with nothing but the receipt: twin of packages/receipt/src/check.
import { parseAddress, addressBytes } from '../address';
import { hex, unhex, utf8, type Bytes } from '../bytes';
import { cidOfRaw, parseCid } from '../cid';
import type { Ballot } from '../contract-types';
import { ballotDigest, commitment } from '../digest';
import { ManifestFault, parseManifest } from '../manifest';
import { PromptFault, parsePrompt } from '../prompt';
import { nextSize, quorum as needed } from '../rules';
import type { ReceiptCheck } from '../types';
import { MAX_ROUNDS, courseOf, type Course } from './course';
import { promptCid, receiptTaskDigest, type Member, type ParsedReceipt, type Receipt, type Round } from './document';
import { Broken, hold } from './hold';
import { transactions } from './transactions';

export interface Facts {
  receipt: Receipt;
  course: Course;
  /** The document's own digest, recomputed. */
  digest: string;
}

type Rule = (facts: Facts) => string | Promise<string>;

const MAX_CHAIN_ID = 50;
const MAX_ADDRESS = 255;
const MAX_ANSWER = 65_536;
const MAX_TEMPLATE_TOKENS = 4_096;
const FIRST_SIZES = [3, 5, 7, 9, 11, 15];

const RULES: Record<string, Rule> = {
  digest,
  identity,
  manifest,
  prompt,
  rounds,
  members,
  ballots,
  commitments,
  quorum,
  status,
  answer,
  conduct,
  transactions: ({ receipt }) => transactions(receipt),
};

/** Checks a receipt that was read, so its form is right. Every check is made, whatever failed before. */
export async function checkParsed({ receipt, digest }: ParsedReceipt): Promise<ReceiptCheck[]> {
  const facts: Facts = { receipt, digest, course: await courseOf(receipt.rounds, receipt.task.carried) };
  const checks = Object.entries(RULES).map(([name, rule]) => checked(name, async () => rule(facts)));
  return [{ name: 'form', ok: true, detail: 'one canonical JSON document' }, ...(await Promise.all(checks))];
}

/** A check by what it finds. */
export async function checked(name: string, find: () => Promise<string>): Promise<ReceiptCheck> {
  try {
    return { name, ok: true, detail: await find() };
  } catch (thrown) {
    if (!(thrown instanceof Broken)) throw thrown;
    return { name, ok: false, detail: thrown.message };
  }
}

function digest({ receipt, digest }: Facts): string {
  hold(receipt.digest === digest, `got ${receipt.digest}, the document has ${digest}`);
  return digest;
}

/** Prefix and bytes of an address of 1 to 255 bytes; null for anything else. */
function canonicalAddress(text: string): { prefix: string; bytes: Bytes } | null {
  const parsed = parseAddress(text);
  return parsed && parsed.bytes.length >= 1 && parsed.bytes.length <= MAX_ADDRESS ? parsed : null;
}

function prefixOf(what: string, text: string): string {
  const parsed = canonicalAddress(text);
  if (!parsed) throw new Broken(`the ${what} ${text} is no bech32 address`);
  return parsed.prefix;
}

function identity({ receipt }: Facts): string {
  const { chain_id, contract, task } = receipt;
  const length = utf8(chain_id).length;
  hold(length >= 1 && length <= MAX_CHAIN_ID, `got a chain id of ${length} bytes, want 1 to ${MAX_CHAIN_ID}`);
  const [one, other] = [prefixOf('contract', contract), prefixOf('requester', task.requester)];
  hold(one === other, `got addresses of ${one} and ${other}, want one prefix`);
  return `task ${task.id} of ${contract} on ${chain_id}`;
}

async function manifest({ receipt }: Facts): Promise<string> {
  try {
    const { name } = parseManifest(utf8(receipt.manifest));
    return `${name} is ${await cidOfRaw(utf8(receipt.manifest))}`;
  } catch (thrown) {
    if (!(thrown instanceof ManifestFault)) throw thrown;
    throw new Broken(`the manifest is not valid: ${thrown.message}`);
  }
}

/** An answer stands only for a prompt that is valid for its task; other outcomes are the committee's word. */
async function prompt({ receipt, course }: Facts): Promise<string> {
  const ballot = course.standing?.ballot;
  const answered = ballot !== undefined && 'answer' in ballot;
  const cid = await promptCid(receipt);
  if (typeof receipt.prompt !== 'string') {
    hold(parseCid(cid)?.codec === 'raw', `${cid} is not a raw block`);
    hold(!answered, `${cid} was answered and is not here`);
    return `${cid}, not in the receipt`;
  }
  const fault = promptFault(receipt, receipt.prompt);
  if (fault === null) return `${cid}, valid for its task`;
  hold(!answered, `${cid} is not valid for its task: ${fault}`);
  return `${cid}, not valid for its task: ${fault}`;
}

function promptFault({ task }: Receipt, text: string): string | null {
  try {
    parsePrompt(utf8(text), task);
    return null;
  } catch (thrown) {
    if (thrown instanceof PromptFault) return thrown.message;
    throw thrown;
  }
}

function rounds({ receipt }: Facts): string {
  const list = receipt.rounds;
  hold(list.length >= 1 && list.length <= MAX_ROUNDS, `got ${list.length} rounds, want 1 to ${MAX_ROUNDS}`);
  const first = list[0]?.size ?? 0;
  hold(FIRST_SIZES.includes(first), `got a first round of ${first}, want one of ${FIRST_SIZES.join(', ')}`);
  list.forEach((round, number) => fits(round, number));
  list.slice(1).forEach((next, at) => follows(list[at] as Round, next));
  return `sizes ${list.map(({ size }) => size).join(', ')}`;
}

/** Members that took part are at most the places; silent ones may have been replaced by others. */
function fits({ round, size, members }: Round, number: number): void {
  hold(round === number, `got round ${round}, want ${number}`);
  const part = members.filter(({ commitment }) => commitment !== null).length;
  hold(part <= size, `round ${round}: got ${part} members with a commitment, want at most ${size}`);
}

function follows(one: Round, next: Round): void {
  hold(nextSize(one.size) === next.size, `got a round of ${next.size} after one of ${one.size}`);
  hold(one.opened <= next.opened, `round ${next.round} opened at ${next.opened}, before the one before it`);
}

const all = ({ receipt }: Facts): [Round, Member][] =>
  receipt.rounds.flatMap((round) => round.members.map((member): [Round, Member] => [round, member]));

/** Addresses of the contract's chain, nobody twice in the task, and no vote by halves. */
function members(facts: Facts): string {
  const prefix = canonicalAddress(facts.receipt.contract)?.prefix;
  const seen = new Set<string>();
  for (const [{ round }, { worker, ballot, salt, commitment: bound }] of all(facts)) {
    const address = canonicalAddress(worker);
    if (!address) throw new Broken(`round ${round}: ${worker} is no bech32 address`);
    const who = `round ${round}: ${worker}`;
    hold(prefix === undefined || prefix === address.prefix, `${who} is no address of the contract's chain`);
    hold(!seen.has(hex(address.bytes)), `${who} serves twice in the task`);
    seen.add(hex(address.bytes));
    hold((ballot === null) === (salt === null), `${who}: want ballot and salt, or neither`);
    hold(ballot === null || bound !== null, `${who} has a ballot and no commitment`);
  }
  return `${seen.size} members, nobody twice`;
}

/** Whatever is said can be said of this task. */
function ballots(facts: Facts): string {
  const said = all(facts).filter(([, { ballot }]) => ballot !== null);
  for (const [{ round }, { worker, ballot }] of said) {
    possible(facts.receipt, ballot as Ballot, `round ${round}: ${worker}`);
  }
  return `${said.length} ballots, all of them possible for the task`;
}

function possible({ task }: Receipt, ballot: Ballot, who: string): void {
  if (!('answer' in ballot)) return;
  const { cid, output_tokens, prompt_tokens } = ballot.answer;
  const [tokens, most] = [task.max_output_tokens, task.prompt_bytes + MAX_TEMPLATE_TOKENS];
  hold(parseCid(cid)?.codec === 'raw', `${who}: ${cid} is not a raw block`);
  hold(output_tokens <= tokens, `${who}: got ${output_tokens} output tokens, want at most ${tokens}`);
  hold(prompt_tokens <= most, `${who}: got ${prompt_tokens} prompt tokens, want at most ${most}`);
}

/** Every ballot opens the commitment its member was bound to, which names everything about the task. */
async function commitments(facts: Facts): Promise<string> {
  let opened = 0;
  for (const [{ round }, member] of all(facts)) {
    const { ballot, salt, commitment: bound, worker } = member;
    if (!ballot || salt === null || bound === null) continue;
    const { contract, task } = facts.receipt;
    const known = canonicalAddress(contract) && canonicalAddress(task.requester);
    hold(known !== null, 'the contract or the requester is no bech32 address');
    hold(canonicalAddress(worker) !== null, `round ${round}: ${worker} is no bech32 address`);
    const digest = await receiptTaskDigest(facts.receipt);
    const opens = await commitment(
      digest,
      round,
      addressBytes(worker),
      await ballotDigest(ballot),
      unhex(salt) as Bytes,
    );
    hold(hex(opens) === bound, `round ${round}: ${worker}: ballot and salt do not open ${bound}`);
    opened += 1;
  }
  return `${opened} ballots open their commitments`;
}

function quorum({ receipt, course: { standing } }: Facts): string {
  if (!standing) {
    hold(receipt.task.status === 'failed', 'no round has equal ballots of a quorum');
    return 'none, and the task failed';
  }
  const { votes, size, round } = standing;
  return `${votes} of ${size} equal ballots in round ${round}, ${needed(size)} decide`;
}

/** Status and mark of contest are those that the ballots make. */
function status({ receipt: { task }, course }: Facts): string {
  const word = (name: string, contested: boolean) => name + (contested ? ', contested' : '');
  const got = word(task.status, task.contested);
  const want = word(course.standing ? 'final' : 'failed', course.contested);
  hold(got === want, `got ${got}, the ballots make it ${want}`);
  return got;
}

/** The text is the block that the winning ballot names; other outcomes have none. */
async function answer({ receipt, course }: Facts): Promise<string> {
  const ballot = course.standing?.ballot;
  const text = receipt.answer;
  if (!ballot || !('answer' in ballot)) {
    hold(text === null, 'there is a text, but no answer has a quorum');
    return 'none, as the outcome is no answer';
  }
  const { cid } = ballot.answer;
  if (text === null) throw new Broken(`the text of ${cid} is missing`);
  const bytes = utf8(text);
  const got = await cidOfRaw(bytes);
  hold(got === cid, `the text is ${got}, the quorum's answer ${cid}`);
  hold(bytes.length <= MAX_ANSWER, `got ${bytes.length} bytes, want at most ${MAX_ANSWER}`);
  return `the text is ${cid}`;
}

/** Every member is judged as the rules judge it. */
function conduct(facts: Facts): string {
  facts.receipt.rounds.forEach((round, number) => {
    round.members.forEach(({ worker, conduct: got }, at) => {
      const want = facts.course.conduct[number]?.[at];
      hold(got === want, `round ${round.round}: ${worker}: got ${got}, want ${want}`);
    });
  });
  return `${all(facts).length} members are judged by the rules`;
}
