//! Commits and reveals, out of the messages that brought them.

use std::collections::BTreeSet;

use antiphon_api::{Ballot, CommitItem, ExecuteMsg, Hex, RevealItem};
use antiphon_chain::{canonical, executed};
use antiphon_documents::digest::{ballot_digest, commitment};

use super::history::Found;

/// Everything that members were said to vote in a task. Anybody may post anything: an item counts only if
/// the contract took it, and a reveal only if it opens what it was bound to.
#[derive(Clone, Debug, Default)]
pub(super) struct Votes {
    /// With whether the item is at a place that the transaction refused.
    commits: Vec<(bool, CommitItem)>,
    reveals: Vec<RevealItem>,
}

impl Votes {
    /// Reads the messages of these transactions to the contract.
    pub(super) fn of(txs: &[Found], contract: &str, task: u64) -> Self {
        let mut votes = Self::default();
        for tx in txs {
            let refused = refused(tx, contract, task);
            for (to, json) in executed(&tx.bytes) {
                if to == contract {
                    votes.read(&json, task, &refused);
                }
            }
        }
        votes
    }

    fn read(&mut self, json: &[u8], task: u64, refused: &BTreeSet<u64>) {
        match serde_json::from_slice(json) {
            Ok(ExecuteMsg::Commit { commits }) => {
                let items = (0_u64..).zip(commits);
                let ours = items.filter(|(_, item)| item.task == task);
                self.commits
                    .extend(ours.map(|(at, item)| (refused.contains(&at), item)));
            }
            Ok(ExecuteMsg::Reveal { reveals }) => {
                let ours = reveals.into_iter().filter(|item| item.task == task);
                self.reveals.extend(ours);
            }
            _ => {}
        }
    }

    /// What a member that opened nothing was bound to: by the first item, those that were refused last.
    pub(super) fn commitment(&self, round: u8, worker: &str, task: &Hex<32>) -> Option<Hex<32>> {
        let of_member = self.commits_of(round, worker);
        let fitting = of_member.filter(|(_, item)| item.task_digest == *task);
        let first = fitting.min_by_key(|(refused, _)| *refused);
        first.map(|(_, item)| item.commitment)
    }

    /// What a member opened: the commitment, the ballot and the salt that belong together.
    pub(super) fn opened(
        &self,
        round: u8,
        worker: &str,
        task: &Hex<32>,
    ) -> Option<(Hex<32>, Ballot, Hex<32>)> {
        let bytes = canonical(worker).ok()?;
        let bound: Vec<_> = self
            .commits_of(round, worker)
            .map(|(_, item)| item.commitment)
            .collect();
        self.reveals_of(round, worker).find_map(|item| {
            let digest = ballot_digest(&item.ballot);
            let made = commitment(task.bytes(), round, &bytes, &digest, item.salt.bytes());
            bound
                .contains(&Hex(made))
                .then(|| (Hex(made), item.ballot.clone(), item.salt))
        })
    }

    /// Whether a message bound the member to just this.
    pub(super) fn has_commit(&self, round: u8, worker: &str, commitment: &Hex<32>) -> bool {
        self.commits_of(round, worker)
            .any(|(_, item)| item.commitment == *commitment)
    }

    /// Whether a message opened just this.
    pub(super) fn has_reveal(
        &self,
        round: u8,
        worker: &str,
        ballot: &Ballot,
        salt: &Hex<32>,
    ) -> bool {
        self.reveals_of(round, worker)
            .any(|item| item.ballot == *ballot && item.salt == *salt)
    }

    fn commits_of(&self, round: u8, worker: &str) -> impl Iterator<Item = &(bool, CommitItem)> {
        let items = self.commits.iter();
        items.filter(move |(_, item)| item.round == round && item.worker == worker)
    }

    fn reveals_of(&self, round: u8, worker: &str) -> impl Iterator<Item = &RevealItem> {
        let items = self.reveals.iter();
        items.filter(move |item| item.round == round && item.worker == worker)
    }
}

/// Places of the items that the contract did not take.
fn refused(tx: &Found, contract: &str, task: u64) -> BTreeSet<u64> {
    let events = tx.events(contract, task);
    let refused = events.iter().filter(|event| event.kind == "vote_refused");
    refused.filter_map(|event| event.number("item")).collect()
}
