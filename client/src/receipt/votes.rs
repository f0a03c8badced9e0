//! Commits and reveals, out of the messages that brought them.

use std::collections::BTreeMap;

use antiphon_api::{Ballot, CommitItem, ExecuteMsg, Hex, RevealItem};
use antiphon_chain::{WasmEvent, canonical, executed};
use antiphon_documents::digest::{ballot_digest, commitment};
use antiphon_receipt::What;

use super::history::Found;

/// Every vote of a task that the contract took. Anybody may post anything: refused items do not count.
#[derive(Clone, Debug, Default)]
pub(super) struct Votes {
    commits: Vec<CommitItem>,
    reveals: Vec<RevealItem>,
    /// The contract took a vote of the task that is in no message.
    relayed: bool,
}

/// One item of a message.
enum Item {
    Commit(CommitItem),
    Reveal(RevealItem),
}

impl Votes {
    /// Reads the messages of these transactions to the contract. Votes that another contract passed on are
    /// in no message: they are not found, and neither are those beside them.
    pub(super) fn of(txs: &[Found], contract: &str, task: u64) -> Self {
        let mut votes = Self::default();
        for tx in txs {
            let (items, taken) = (items(tx, contract), taken(tx, contract));
            if items.len() != taken.len() {
                let whats = tx.whats(contract, task);
                let mut votes_of = [What::VoteCommitted, What::VoteRevealed].iter();
                votes.relayed |= votes_of.any(|what| whats.contains(what));
                continue;
            }
            let taken = items.into_iter().zip(taken).filter(|(_, taken)| *taken);
            for (item, _) in taken {
                votes.push(item, task);
            }
        }
        votes
    }

    /// Whether another contract passed on some of them: then no receipt can be made.
    pub(super) const fn relayed(&self) -> bool {
        self.relayed
    }

    fn push(&mut self, item: Item, task: u64) {
        match item {
            Item::Commit(item) if item.task == task => self.commits.push(item),
            Item::Reveal(item) if item.task == task => self.reveals.push(item),
            Item::Commit(_) | Item::Reveal(_) => {}
        }
    }

    /// What a member was bound to.
    pub(super) fn commitment(&self, round: u8, worker: &str) -> Option<Hex<32>> {
        let mut of_member = self.commits_of(round, worker);
        of_member.next().map(|item| item.commitment)
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
            .map(|item| item.commitment)
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
            .any(|item| item.commitment == *commitment)
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

    /// What each member of a round opened.
    pub(super) fn ballots(&self, round: u8) -> BTreeMap<&str, &Ballot> {
        let items = self.reveals.iter().filter(|item| item.round == round);
        items
            .map(|item| (item.worker.as_str(), &item.ballot))
            .collect()
    }

    fn commits_of(&self, round: u8, worker: &str) -> impl Iterator<Item = &CommitItem> {
        let items = self.commits.iter();
        items.filter(move |item| item.round == round && is_same(&item.worker, worker))
    }

    fn reveals_of(&self, round: u8, worker: &str) -> impl Iterator<Item = &RevealItem> {
        let items = self.reveals.iter();
        items.filter(move |item| item.round == round && is_same(&item.worker, worker))
    }
}

/// Whether two texts name one account: the chain takes addresses in capitals too.
fn is_same(one: &str, other: &str) -> bool {
    let bytes = |text: &str| canonical(&text.to_ascii_lowercase()).ok();
    one == other || bytes(one).is_some_and(|one| Some(one) == bytes(other))
}

/// The items of all messages to the contract, in the order they were judged.
fn items(tx: &Found, contract: &str) -> Vec<Item> {
    let messages = executed(&tx.bytes).into_iter();
    let ours = messages.filter(|(to, _)| is_same(to, contract));
    ours.flat_map(|(_, json)| match serde_json::from_slice(&json) {
        Ok(ExecuteMsg::Commit { commits }) => commits.into_iter().map(Item::Commit).collect(),
        Ok(ExecuteMsg::Reveal { reveals }) => reveals.into_iter().map(Item::Reveal).collect(),
        _ => Vec::new(),
    })
    .collect()
}

/// Whether the contract took each of them: it tells one event an item, in their order.
fn taken(tx: &Found, contract: &str) -> Vec<bool> {
    if tx.result.code != 0 {
        return Vec::new();
    }
    let events = tx.result.events.iter();
    let ours = events.filter_map(|event| WasmEvent::from_event(event, contract, 0));
    ours.filter_map(|event| match event.kind.as_str() {
        "vote_committed" | "vote_revealed" => Some(true),
        "vote_refused" => Some(false),
        _ => None,
    })
    .collect()
}
