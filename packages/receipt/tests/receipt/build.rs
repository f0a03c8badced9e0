//! Receipts made by hand: whatever votes are wanted, with real digests.

use antiphon_api::{Ballot, Cid, ConductInfo, Finish, Hex};
use antiphon_documents::digest::{ballot_digest, commitment};
use antiphon_documents::{Message, Prompt};
use antiphon_receipt::{
    Course, Member, PromptBlock, Receipt, Round, Status, Tag, Task, Tx, What, canonical,
};
use bech32::primitives::iter::{ByteIterExt as _, Fe32IterExt as _};
use bech32::{Bech32, Fe32, Hrp};
use sha2::{Digest, Sha256};

pub const TEXT: &str =
    "Because of \"Rayleigh scattering\":\n\tblue light is scattered more — 青い.\u{1}\u{7f}";

/// What a member does.
#[derive(Clone, Debug)]
pub enum Vote {
    Says(Ballot),
    Withholds(Ballot),
    Silent,
}

pub fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

pub fn address(name: &str, length: usize) -> String {
    let hrp = Hrp::parse("wasm").unwrap();
    bech32::encode::<Bech32>(hrp, &hash(name)[..length]).unwrap()
}

/// Another text with the checksum and the bytes of a 32-byte address: one bit of its padding is set.
pub fn respelt(address: &str) -> String {
    let (prefix, bytes) = canonical(address).unwrap();
    let mut words: Vec<Fe32> = bytes.into_iter().bytes_to_fes().collect();
    let last = words.pop().unwrap().to_u8() | 1;
    words.push(Fe32::try_from(last).unwrap());
    let hrp = Hrp::parse(&prefix).unwrap();
    let words = words.into_iter().with_checksum::<Bech32>(&hrp);
    words.chars().collect()
}

pub fn manifest() -> String {
    include_str!("../../../../localnet/models/smollm2-135m-instruct-q4_1.json").to_owned()
}

pub fn prompt() -> String {
    Prompt::greedy(vec![Message::user("Why is the sky blue?")], 128).to_canonical()
}

/// A ballot for a text; traces are bound to their round.
pub fn answer(text: &str, round: u8) -> Ballot {
    Ballot::Answer {
        cid: Cid::of_raw(text.as_bytes()),
        finish: Finish::Stop,
        output_tokens: 12,
        prompt_tokens: 36,
        trace: Hex(hash(&format!("trace {text} {round}"))),
    }
}

pub fn right(round: u8) -> Vote {
    Vote::Says(answer(TEXT, round))
}

/// A lie of a member's own.
pub fn wrong(member: usize, round: u8) -> Vote {
    Vote::Says(answer(&format!("a lie of {member}"), round))
}

/// The truth or a lie: also a lie can have a quorum.
fn text_of(cid: &Cid) -> String {
    let mut lies = (0..32).map(|member| format!("a lie of {member}"));
    let lie = lies.find(|text| Cid::of_raw(text.as_bytes()) == *cid);
    lie.unwrap_or_else(|| TEXT.to_owned())
}

/// `right` members that agree and the votes of others.
pub fn round(right_members: usize, number: u8, others: &[Vote]) -> Vec<Vote> {
    let agree = std::iter::repeat_n(right(number), right_members);
    agree.chain(others.iter().cloned()).collect()
}

fn task(status: Status, prompt_bytes: usize) -> Task {
    Task {
        carried: false,
        contested: false,
        id: 17,
        max_output_tokens: 128,
        prompt_bytes: u32::try_from(prompt_bytes).unwrap(),
        requester: address("requester", 20),
        status,
    }
}

/// A receipt of these rounds, sealed: status, contest, conduct, text and transactions follow.
pub fn receipt(sizes: &[u32], votes: &[Vec<Vote>]) -> Receipt {
    with_prompt(sizes, votes, PromptBlock::Text(prompt()), prompt().len())
}

/// The same, with the prompt carried by the transaction that posted the task.
pub fn carried(sizes: &[u32], votes: &[Vec<Vote>]) -> Receipt {
    let mut receipt = receipt(sizes, votes);
    receipt.task.carried = true;
    complete(receipt)
}

pub fn with_prompt(
    sizes: &[u32],
    votes: &[Vec<Vote>],
    prompt: PromptBlock,
    prompt_bytes: usize,
) -> Receipt {
    let mut receipt = Receipt {
        answer: None,
        antiphon: Tag::V1,
        chain_id: "antiphon-local-1".to_owned(),
        contract: address("contract", 32),
        digest: Hex([0; 32]),
        manifest: manifest(),
        prompt,
        rounds: Vec::new(),
        task: task(Status::Failed, prompt_bytes),
        txs: Vec::new(),
    };
    let digest = receipt.task_digest().unwrap();
    for (number, (size, votes)) in (0..).zip(sizes.iter().zip(votes)) {
        receipt.rounds.push(voted(&digest, number, *size, votes));
    }
    complete(receipt)
}

fn voted(task: &[u8; 32], number: u8, size: u32, votes: &[Vote]) -> Round {
    let member = |(place, vote): (usize, &Vote)| {
        let worker = address(&format!("worker {number} {place}"), 20);
        let salt = hash(&format!("salt {worker}"));
        let (_, bytes) = canonical(&worker).unwrap();
        let bind = |ballot| commitment(task, number, &bytes, &ballot_digest(ballot), &salt);
        let (ballot, bound, salt) = match vote {
            Vote::Says(it) => (Some(it.clone()), Some(Hex(bind(it))), Some(Hex(salt))),
            Vote::Withholds(it) => (None, Some(Hex(bind(it))), None),
            Vote::Silent => (None, None, None),
        };
        Member {
            ballot,
            commitment: bound,
            conduct: ConductInfo::Silent,
            salt,
            worker,
        }
    };
    Round {
        members: votes.iter().enumerate().map(member).collect(),
        opened: 100 + 50 * u64::from(number),
        round: number,
        size,
    }
}

/// Fills in what follows from the votes, and seals.
pub fn complete(mut receipt: Receipt) -> Receipt {
    let course = Course::of(&receipt.rounds, receipt.task.carried);
    receipt.task.status = course.status();
    receipt.task.contested = course.contested;
    for (round, conduct) in receipt.rounds.iter_mut().zip(&course.conduct) {
        for (member, conduct) in round.members.iter_mut().zip(conduct) {
            member.conduct = *conduct;
        }
    }
    let outcome = course.standing.map(|it| it.ballot);
    receipt.answer = match outcome {
        Some(Ballot::Answer { cid, .. }) => Some(text_of(&cid)),
        _ => None,
    };
    receipt.txs = transactions(&receipt);
    receipt.sealed()
}

fn transactions(receipt: &Receipt) -> Vec<Tx> {
    let tx = |height: u64, what: What| Tx {
        hash: hex_upper(&format!("tx {height}")).parse().unwrap(),
        height,
        time: 1_764_000_000 + height,
        what,
    };
    let mut txs = vec![tx(100, What::TaskAdded)];
    let mut standing = false;
    for round in &receipt.rounds {
        let at = round.opened;
        if standing {
            txs.push(tx(at, What::TaskAppealed));
        } else if round.round > 0 {
            txs.push(tx(at, What::RoundUndecided));
            txs.push(tx(at, What::RoundOpened));
        }
        txs.push(tx(at + 3, What::CommitteeDrawn));
        let any = |has: fn(&Member) -> bool| round.members.iter().any(has);
        if any(|it| it.commitment.is_some()) {
            txs.push(tx(at + 5, What::VoteCommitted));
        }
        if any(|it| it.ballot.is_some()) {
            txs.push(tx(at + 6, What::VoteRevealed));
        }
        let so_far = &receipt.rounds[..=usize::from(round.round)];
        let done = Course::of(so_far, receipt.task.carried);
        if done.standing.is_some() && !standing {
            standing = true;
            txs.push(tx(at + 6, What::TaskAnswered));
        }
    }
    let (at, end) = match receipt.task.status {
        Status::Final => (300, What::TaskFinalised),
        Status::Failed => (300, What::TaskFailed),
    };
    txs.push(tx(at, end));
    txs
}

fn hex_upper(text: &str) -> String {
    Hex(hash(text)).to_string().to_uppercase()
}
