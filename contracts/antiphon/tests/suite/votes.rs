//! Ballots, and votes for them as workers make them.

use antiphon_api::*;
use antiphon_documents::digest::{ballot_digest, commitment, trace_nonce, vote_digest};
use cosmwasm_std::Api;
use cosmwasm_std::CanonicalAddr;
use cosmwasm_std::testing::MockApi;
use cw_multi_test::AppResponse;
use sha2::{Digest, Sha256};

use super::actors::Worker;
use super::network::Network;

/// What a member does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// The answer of this text, with the trace of an honest computation.
    Answer(&'static str),
    /// The answer of this text, with a made-up trace.
    Untraced(&'static str),
    Unavailable,
    Invalid,
    /// Commits to an answer and does not reveal.
    Withholds,
    /// Does not commit.
    Silent,
}

pub use Says::*;

pub fn canonical(address: &str) -> CanonicalAddr {
    let api = MockApi::default().with_prefix("wasm");
    api.addr_canonicalize(address).unwrap()
}

/// An answer of 40 output tokens; its trace depends on task and round, as real ones do.
pub fn answer(text: &str, task_digest: &[u8; 32], round: u8) -> Ballot {
    let nonce = trace_nonce(task_digest, round);
    let trace = Sha256::digest([text.as_bytes(), &nonce].concat());
    Ballot::Answer {
        cid: Cid::of_raw(text.as_bytes()),
        finish: Finish::Stop,
        output_tokens: 40,
        prompt_tokens: 12,
        trace: Hex(trace.into()),
    }
}

pub fn ballot(says: Says, task_digest: &[u8; 32], round: u8) -> Ballot {
    match says {
        Answer(text) => answer(text, task_digest, round),
        Untraced(text) => answer(text, &[0; 32], 99),
        Withholds | Silent => answer("withheld", task_digest, round),
        Unavailable => Ballot::Unavailable {},
        Invalid => Ballot::Invalid {},
    }
}

pub fn commit_item(
    worker: &Worker,
    task: u64,
    digest: Hex<32>,
    round: u8,
    ballot: &Ballot,
) -> CommitItem {
    let account = canonical(worker.address.as_str());
    let salt = worker.salt(&digest.0, round);
    let commitment = commitment(
        &digest.0,
        round,
        account.as_slice(),
        &ballot_digest(ballot),
        &salt.0,
    );
    let signed = vote_digest(&digest.0, round, account.as_slice(), &commitment);
    CommitItem {
        task,
        round,
        worker: worker.address.to_string(),
        task_digest: digest,
        commitment: Hex(commitment),
        signature: worker.sign(&signed),
    }
}

pub fn reveal_item(
    worker: &Worker,
    task: u64,
    digest: Hex<32>,
    round: u8,
    ballot: Ballot,
) -> RevealItem {
    RevealItem {
        task,
        round,
        worker: worker.address.to_string(),
        ballot,
        salt: worker.salt(&digest.0, round),
    }
}

impl Network {
    pub fn commit_of(&self, worker: &Worker, task: u64, says: Says) -> CommitItem {
        let info = self.task(task);
        let said = ballot(says, &info.task_digest.0, info.round);
        commit_item(worker, task, info.task_digest, info.round, &said)
    }

    pub fn reveal_of(&self, worker: &Worker, task: u64, says: Says) -> RevealItem {
        let info = self.task(task);
        let said = ballot(says, &info.task_digest.0, info.round);
        reveal_item(worker, task, info.task_digest, info.round, said)
    }

    /// Posts commits as a stranger: votes carry their own proof. No votes are no message.
    pub fn commit(&mut self, commits: Vec<CommitItem>) -> AppResponse {
        if commits.is_empty() {
            return AppResponse::default();
        }
        self.run(&self.stranger.clone(), &ExecuteMsg::Commit { commits })
            .unwrap()
    }

    pub fn reveal(&mut self, reveals: Vec<RevealItem>) -> AppResponse {
        if reveals.is_empty() {
            return AppResponse::default();
        }
        self.run(&self.stranger.clone(), &ExecuteMsg::Reveal { reveals })
            .unwrap()
    }

    /// Commits of the members by position; those not named are silent.
    pub fn commit_all(&mut self, task: u64, says: &[Says]) -> AppResponse {
        let members = self.members(task, self.task(task).round);
        let commits = members
            .iter()
            .zip(says)
            .filter(|(_, says)| **says != Silent)
            .map(|(worker, says)| self.commit_of(worker, task, *says))
            .collect();
        self.commit(commits)
    }

    pub fn reveal_all(&mut self, task: u64, says: &[Says]) -> AppResponse {
        let members = self.members(task, self.task(task).round);
        let reveals = members
            .iter()
            .zip(says)
            .filter(|(_, says)| !matches!(says, Silent | Withholds))
            .map(|(worker, says)| self.reveal_of(worker, task, *says))
            .collect();
        self.reveal(reveals)
    }

    /// Plays the votes of a drawn round, passing windows where somebody stays away.
    pub fn play(&mut self, task: u64, says: &[Says]) {
        self.blocks(1);
        self.commit_all(task, says);
        if says.contains(&Silent) {
            let deadline = self.task(task).deadline.unwrap();
            let wait = deadline + 1 - self.height();
            self.blocks(wait);
            self.advance(task);
        }
        self.blocks(1);
        assert_eq!(self.task(task).status, TaskStatus::Revealing);
        self.reveal_all(task, says);
        if says.contains(&Withholds) {
            let deadline = self.task(task).deadline.unwrap();
            let wait = deadline + 1 - self.height();
            self.blocks(wait);
        }
        self.blocks(1);
    }

    /// A task drawn and voted on, then advanced to its end.
    pub fn settle(&mut self, says: &[Says]) -> u64 {
        let task = self.ask(&super::Ask::default()).unwrap();
        self.draw(task);
        self.play(task, says);
        self.advance(task);
        task
    }
}
