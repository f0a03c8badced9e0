//! Receipts of every kind, and receipts with one thing wrong.

use antiphon_api::{Ballot, Cid, ConductInfo, Hex};
use antiphon_receipt::{PromptBlock, Receipt, Status, What};

use crate::build::{
    Vote, address, answer, carried, hash, manifest, prompt, receipt, respelt, right, round,
    with_prompt, wrong,
};
use crate::openers;

/// (name, what is special, receipt)
pub type Good = (&'static str, &'static str, Receipt);
/// (name, what is wrong, text)
pub type Bad = (&'static str, &'static str, String);

const UNAVAILABLE: Vote = Vote::Says(Ballot::Unavailable {});
const INVALID: Vote = Vote::Says(Ballot::Invalid {});

/// Consistent receipts.
pub fn good() -> Vec<Good> {
    let mut all = of_one_round();
    all.extend(of_two_rounds());
    all.extend(without_answer());
    all.extend(openers::good());
    all
}

fn of_one_round() -> Vec<Good> {
    let one = |name, about, votes| (name, about, receipt(&[5], &[votes]));
    let hidden = Vote::Withholds(answer("hidden", 0));
    let early = Vote::Withholds(answer("early", 0));
    let split = (0..5).map(|member| wrong(member, 0)).collect();
    vec![
        one("final", "five of five agree", round(5, 0, &[])),
        one(
            "liar",
            "one of five lies and is wrong",
            round(4, 0, &[wrong(4, 0)]),
        ),
        one(
            "withheld",
            "one of five does not reveal",
            round(4, 0, &[hidden]),
        ),
        one(
            "silent",
            "one of five is silent, another was replaced",
            round(4, 0, &[Vote::Silent, Vote::Silent]),
        ),
        one("failed", "five different answers", split),
        one(
            "undrawn",
            "too few commits to reveal: committed members are neutral",
            vec![early, Vote::Silent, Vote::Silent],
        ),
    ]
}

fn of_two_rounds() -> Vec<Good> {
    // The answer that stands later was right in the undecided round too, under its own trace.
    let undecided = round(3, 0, &[wrong(3, 0), UNAVAILABLE]);
    let second = round(9, 1, &[wrong(9, 1), Vote::Silent]);
    let contest = (0..11).map(|member| wrong(member, 1)).collect();
    let two = |votes: [Vec<Vote>; 2]| receipt(&[5, 11], &votes);
    // Four say the same that is wrong; all of them lose their locks when the larger committee disagrees.
    let fooled = round(1, 0, &[wrong(9, 0), wrong(9, 0), wrong(9, 0), wrong(9, 0)]);
    let corrected = round(9, 1, &[wrong(9, 1), UNAVAILABLE]);
    let confirmed = round(11, 1, &[]);
    vec![
        (
            "overturned",
            "an appeal's larger committee decides for another answer",
            two([fooled, corrected]),
        ),
        (
            "confirmed",
            "an appeal's larger committee decides for the same answer",
            two([round(4, 0, &[wrong(4, 0)]), confirmed]),
        ),
        (
            "second-round",
            "no quorum in round 0, one in round 1",
            two([undecided, second]),
        ),
        (
            "contested",
            "round 1 after the standing one is undecided",
            two([round(5, 0, &[]), contest]),
        ),
    ]
}

fn without_answer() -> Vec<Good> {
    let not_a_prompt = PromptBlock::Text("{}".to_owned());
    let not_text = PromptBlock::absent(Cid::of_raw(&[0xff, 0xfe]));
    let invalid = [vec![INVALID; 5]];
    vec![
        (
            "carried",
            "the prompt was carried: who calls it unavailable abstains and missed",
            carried(&[5], &[round(4, 0, &[UNAVAILABLE])]),
        ),
        (
            "carried-failed",
            "the prompt was carried: a quorum that calls it unavailable decides nothing",
            carried(
                &[5],
                &[round(
                    1,
                    0,
                    &[UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE],
                )],
            ),
        ),
        (
            "unavailable",
            "nobody could fetch the prompt",
            absent(&[5], vec![UNAVAILABLE; 5]),
        ),
        (
            "invalid",
            "the block is not a prompt",
            with_prompt(&[5], &invalid, not_a_prompt, 2),
        ),
        (
            "invalid-binary",
            "the block is not text: only its name is here",
            with_prompt(&[5], &invalid, not_text, 2),
        ),
    ]
}

fn absent(sizes: &[u32], votes: Vec<Vote>) -> Receipt {
    let block = PromptBlock::absent(Cid::of_raw(prompt().as_bytes()));
    with_prompt(sizes, &[votes], block, prompt().len())
}

/// A good receipt with one change, sealed again, so that the digest does not tell.
fn changed(change: impl FnOnce(&mut Receipt)) -> String {
    let mut receipt = receipt(&[5], &[round(4, 0, &[wrong(4, 0)])]);
    change(&mut receipt);
    receipt.sealed().to_canonical()
}

fn flipped(bytes: &mut Hex<32>) {
    bytes.0[0] ^= 1;
}

/// Receipts that are not consistent; the name says which check fails first.
pub fn bad() -> Vec<Bad> {
    let good = receipt(&[5], &[round(5, 0, &[])]).to_canonical();
    let mut all = vec![
        ("form", "a line feed at the end", format!("{good}\n")),
        (
            "form-key",
            "a key twice",
            good.replacen("{\"answer\"", "{\"answer\":null,\"answer\"", 1),
        ),
        (
            "form-null",
            "a field left out instead of null",
            good.replacen("\"carried\":false,", "", 1),
        ),
        (
            "digest",
            "one letter of the answer",
            good.replacen("Because", "because", 1),
        ),
    ];
    all.extend(documents());
    all.extend(votes());
    all.extend(rounds());
    all.extend(ends());
    all.extend(later_ends());
    all.extend(openers::bad());
    all
}

fn documents() -> Vec<Bad> {
    let other = prompt().replace("blue", "dark");
    vec![
        (
            "identity",
            "the requester's address has a wrong letter",
            changed(|it| {
                it.task.requester = it.task.requester.replacen('q', "p", 1);
            }),
        ),
        (
            "identity-padding",
            "a second spelling of the contract's address: bits of its padding are set",
            changed(|it| it.contract = respelt(&it.contract)),
        ),
        (
            "manifest",
            "a manifest with a space in it",
            changed(|it| {
                it.manifest = manifest().replacen(':', ": ", 1);
            }),
        ),
        (
            "prompt",
            "another length than the task's",
            changed(|it| it.task.prompt_bytes += 1),
        ),
        (
            "prompt-absent",
            "an answer to a prompt that is not there",
            changed(|it| {
                it.prompt = PromptBlock::absent(it.prompt.cid());
            }),
        ),
        (
            "answer",
            "another text",
            changed(|it| it.answer = Some("42".to_owned())),
        ),
        ("answer-missing", "no text", changed(|it| it.answer = None)),
        (
            "commitments-prompt",
            "another prompt than the one that was voted on",
            changed(|it| {
                it.prompt = PromptBlock::Text(other);
            }),
        ),
        (
            "commitments-chain",
            "another chain",
            changed(|it| it.chain_id = "antiphon-2".to_owned()),
        ),
        (
            "commitments-task",
            "another task",
            changed(|it| it.task.id += 1),
        ),
    ]
}

fn votes() -> Vec<Bad> {
    vec![
        (
            "members",
            "a member twice",
            changed(|it| {
                let twice = it.rounds[0].members[0].worker.clone();
                it.rounds[0].members[1].worker = twice;
            }),
        ),
        (
            "members-halves",
            "a ballot without its salt",
            changed(|it| it.rounds[0].members[0].salt = None),
        ),
        (
            "ballots",
            "more tokens than the task allows",
            changed(|it| {
                if let Some(Ballot::Answer { output_tokens, .. }) =
                    &mut it.rounds[0].members[4].ballot
                {
                    *output_tokens = 129;
                }
            }),
        ),
        (
            "commitments",
            "another salt",
            changed(|it| {
                it.rounds[0].members[0]
                    .salt
                    .as_mut()
                    .into_iter()
                    .for_each(flipped);
            }),
        ),
        (
            "commitments-ballot",
            "the liar's ballot made the others'",
            changed(|it| {
                it.rounds[0].members[4].ballot = it.rounds[0].members[0].ballot.clone();
                it.rounds[0].members[4].conduct = ConductInfo::Right;
            }),
        ),
        (
            "commitments-worker",
            "a vote of somebody else",
            changed(|it| {
                it.rounds[0].members[4].worker = address("somebody else", 20);
            }),
        ),
    ]
}

fn rounds() -> Vec<Bad> {
    vec![
        ("quorum", "three of five agree, and it says final", {
            let mut few = receipt(&[5], &[round(3, 0, &[wrong(3, 0), wrong(4, 0)])]);
            few.task.status = Status::Final;
            few.sealed().to_canonical()
        }),
        (
            "rounds",
            "a round of four",
            changed(|it| it.rounds[0].size = 4),
        ),
        ("rounds-overfull", "six commitments in a round of five", {
            let six = round(5, 0, &[Vote::Says(answer("six", 0))]);
            receipt(&[5], &[six]).to_canonical()
        }),
        ("rounds-size", "a second round of seven", {
            let first: Vec<_> = (0..5).map(|member| wrong(member, 0)).collect();
            receipt(&[5, 7], &[first, vec![right(1); 7]]).to_canonical()
        }),
    ]
}

/// Ends that only a carried prompt or an appeal can have.
fn later_ends() -> Vec<Bad> {
    vec![
        (
            "quorum-carried",
            "final by a quorum that calls a carried prompt unavailable",
            {
                let mut receipt = absent(&[5], vec![UNAVAILABLE; 5]);
                receipt.task.carried = true;
                receipt.sealed().to_canonical()
            },
        ),
        (
            "transactions-appeal",
            "a second round that nobody opened",
            {
                let votes = [round(5, 0, &[]), round(11, 1, &[])];
                let mut receipt = receipt(&[5, 11], &votes);
                receipt.txs.retain(|tx| tx.what != What::TaskAppealed);
                receipt.sealed().to_canonical()
            },
        ),
    ]
}

fn ends() -> Vec<Bad> {
    vec![
        (
            "status",
            "failed, against a quorum",
            changed(|it| {
                it.task.status = Status::Failed;
                it.txs.last_mut().unwrap().what = What::TaskFailed;
                it.txs.retain(|tx| tx.what != What::TaskAnswered);
            }),
        ),
        (
            "status-contested",
            "contested, with no round after",
            changed(|it| it.task.contested = true),
        ),
        (
            "conduct",
            "the liar is called right",
            changed(|it| {
                it.rounds[0].members[4].conduct = ConductInfo::Right;
            }),
        ),
        (
            "transactions",
            "no transaction of the votes",
            changed(|it| {
                it.txs.retain(|tx| tx.what != What::VoteRevealed);
            }),
        ),
        (
            "transactions-order",
            "heights that go back",
            changed(|it| it.txs[1].height = 301),
        ),
        (
            "transactions-height",
            "one transaction at two heights",
            changed(|it| {
                let hash = it.txs[0].hash.clone();
                it.txs[1].hash = hash;
            }),
        ),
        (
            "transactions-end",
            "an end that is not its status's",
            changed(|it| {
                it.txs.last_mut().unwrap().what = What::TaskFailed;
            }),
        ),
    ]
}

#[test]
fn hashes_of_the_builder_are_stable() {
    assert_eq!(Hex(hash("")).to_string()[..8], *"e3b0c442");
}
