//! Votes that nobody honest sends: replayed, copied, cross-posted, forged, too late, of strangers.

use antiphon_api::*;
use k256::ecdsa::Signature;

use super::{Ledger, Player};
use crate::simulation::ledger::Did;
use crate::suite::votes::canonical;

/// What commits and reveals have in common.
pub(super) trait Vote: Clone {
    fn place(&mut self) -> (&mut u64, &mut u8, &mut String);
}

impl Vote for CommitItem {
    fn place(&mut self) -> (&mut u64, &mut u8, &mut String) {
        (&mut self.task, &mut self.round, &mut self.worker)
    }
}

impl Vote for RevealItem {
    fn place(&mut self) -> (&mut u64, &mut u8, &mut String) {
        (&mut self.task, &mut self.round, &mut self.worker)
    }
}

/// s ↦ n − s: the other form of the same signature.
fn high_s(signature: &Hex<64>) -> Hex<64> {
    let Ok(low) = Signature::from_slice(&signature.0) else {
        return *signature;
    };
    let (r, s) = low.split_scalars();
    Signature::from_scalars(r.to_bytes(), (-*s).to_bytes())
        .map_or(*signature, |high| Hex(high.to_bytes().into()))
}

impl Player {
    pub(super) fn hostile_commit(&mut self, ledger: &Ledger, fresh: &[CommitItem]) -> CommitItem {
        let old = self.old_commits.clone();
        let Some(mut item) = self.sample(fresh, &old) else {
            return self.made_up();
        };
        match self.chance.below(9) {
            0 => item.commitment = Hex([self.chance.below(256) as u8; 32]),
            1 => item.signature = high_s(&item.signature),
            2 => item.signature = Hex([0; 64]),
            3 => item.task_digest = Hex([3; 32]),
            4 => {
                // Another's commitment under the own name and key: binds, and never opens.
                let copied = item.commitment;
                let copier = self.idle_member(ledger, item.task);
                if let Some((worker, digest, round)) = copier {
                    item = self.bound_to(&worker, item.task, digest, round, copied);
                }
            }
            5 => {
                // Posted under another task, with that task's digest.
                let other = self.some_task(ledger, |task| !task.is_over());
                if let Some(task) = ledger.task(other) {
                    item.task = other;
                    item.round = task.number() as u8;
                    item.task_digest = Hex(task.digest);
                }
            }
            _ => self.displace(&mut item, ledger),
        }
        item
    }

    pub(super) fn hostile_reveal(&mut self, ledger: &Ledger, fresh: &[RevealItem]) -> RevealItem {
        let old = self.old_reveals.clone();
        let Some(mut item) = self.sample(fresh, &old) else {
            let made_up = self.made_up();
            return RevealItem {
                task: made_up.task,
                round: 0,
                worker: made_up.worker,
                ballot: Ballot::Invalid {},
                salt: Hex([0; 32]),
            };
        };
        match self.chance.below(7) {
            0 => item.salt = Hex([0; 32]),
            1 => item.ballot = Ballot::Invalid {},
            2 => item.ballot = Ballot::Unavailable {},
            3 => {
                if let Some((worker, _, round)) = self.idle_member(ledger, item.task) {
                    item.worker = worker;
                    item.round = round;
                }
            }
            _ => self.displace(&mut item, ledger),
        }
        item
    }

    /// Another task, round or worker; or the vote as it is, once more.
    fn displace(&mut self, item: &mut impl Vote, ledger: &Ledger) {
        let other = self.some_task(ledger, |_| true);
        let worker = self.some_worker();
        let (task, round, name) = item.place();
        match self.chance.below(6) {
            0 => *task = other,
            1 => *round = self.chance.below(4) as u8,
            2 => *name = worker,
            3 => *name = "nobody".to_owned(),
            _ => {}
        }
    }

    /// Someone of a task's current round who is not bound yet.
    fn idle_member(&mut self, ledger: &Ledger, task: u64) -> Option<(String, [u8; 32], u8)> {
        let task = ledger.task(task).filter(|task| !task.is_over())?;
        let idle = task.round().members().filter(|it| it.did == Did::Nothing);
        let idle: Vec<String> = idle.map(|it| it.worker.clone()).collect();
        let worker = self.chance.pick(&idle)?.clone();
        Some((worker, task.digest, task.number() as u8))
    }

    /// A commit to anything at all, signed as it should be.
    fn bound_to(
        &self,
        worker: &str,
        task: u64,
        digest: [u8; 32],
        round: u8,
        commitment: Hex<32>,
    ) -> CommitItem {
        let account = canonical(worker);
        let signed = antiphon_documents::digest::vote_digest(
            &digest,
            round,
            account.as_slice(),
            &commitment.0,
        );
        CommitItem {
            task,
            round,
            worker: worker.to_owned(),
            task_digest: Hex(digest),
            commitment,
            signature: self.keys[worker].sign(&signed),
        }
    }

    fn made_up(&mut self) -> CommitItem {
        let worker = self.some_worker();
        let task = self.chance.below(3);
        self.bound_to(&worker, task, [1; 32], 0, Hex([2; 32]))
    }
}
