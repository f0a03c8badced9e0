//! `commit`: binds members to ballots that nobody can read yet. Items are judged one by one.

use antiphon_api::{CommitItem, RevealOpened, VoteCommitted};
use antiphon_documents::digest::vote_digest;
use cosmwasm_std::CanonicalAddr;

use crate::error::ContractError;
use crate::flow::refusal::{Judged, Refusal, judge_each};
use crate::flow::{OpenTask, transition};
use crate::state::members::{self, Member, Stage};
use crate::state::phases;
use crate::state::workers;
use crate::turn::Turn;
use crate::validate;

pub(crate) fn run(turn: &mut Turn<'_>, commits: &[CommitItem]) -> Result<(), ContractError> {
    turn.no_coins()?;
    judge_each(turn, commits, |item| item.task, one)
}

fn one(turn: &mut Turn<'_>, item: &CommitItem) -> Judged<()> {
    let worker = validate::account(turn.api, &item.worker).map_err(|_| Refusal::BadAddress)?;
    let mut open = crate::flow::refusal::open_round(turn, item.task, item.round)?;
    if open.task.digest != item.task_digest.0 {
        return Err(Refusal::WrongDigest.into());
    }
    let admitted = open.phase.admits_commit(turn.height());
    admitted.map_err(Refusal::from)?;
    let member = members::find(turn.storage, &worker, item.task)?
        .filter(|member| member.round == item.round)
        .ok_or(Refusal::NotAMember)?;
    match member.stage {
        Stage::Drawn => {}
        Stage::Replaced => return Err(Refusal::NotAMember.into()),
        Stage::Committed { .. } | Stage::Revealed { .. } => {
            return Err(Refusal::AlreadyCommitted.into());
        }
    }
    check_signature(turn, item, &worker)?;
    store(turn, item, &worker, member, &mut open)?;
    Ok(())
}

/// Half the order of secp256k1: signatures have one form only if s is at most this.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

fn check_signature(turn: &Turn<'_>, item: &CommitItem, worker: &CanonicalAddr) -> Judged<()> {
    let voter = workers::profile(turn.storage, worker)?
        .voter
        .ok_or(Refusal::NoVoter)?;
    let signed = vote_digest(
        &item.task_digest.0,
        item.round,
        worker.as_slice(),
        &item.commitment.0,
    );
    let (_, s) = item.signature.0.split_at(32);
    let fine = s <= HALF_ORDER.as_slice()
        && turn
            .api
            .secp256k1_verify(&signed, item.signature.bytes(), &voter)
            .unwrap_or(false);
    match fine {
        true => Ok(()),
        false => Err(Refusal::BadSignature.into()),
    }
}

fn store(
    turn: &mut Turn<'_>,
    item: &CommitItem,
    worker: &CanonicalAddr,
    member: Member,
    open: &mut OpenTask,
) -> Result<(), ContractError> {
    let stage = Stage::Committed {
        commitment: item.commitment.0,
    };
    members::set(turn.storage, worker, item.task, &Member { stage, ..member });
    let votes = phases::votes(turn.storage, item.task)?;
    let votes = votes.commit().ok_or(ContractError::Overflow)?;
    phases::set_votes(turn.storage, item.task, &votes);
    turn.emit(VoteCommitted {
        task: item.task,
        round: item.round,
        worker: item.worker.clone(),
        committed: votes.committed.into(),
    });
    if votes.all_committed(&open.phase) {
        transition::enter_revealing(turn, open)?;
        phases::set(turn.storage, item.task, &open.phase);
        turn.emit(reveal_opened(item.task, open, votes.committed));
    }
    Ok(())
}

/// The event of a round that came to revealing.
pub(crate) fn reveal_opened(task: u64, open: &OpenTask, committed: u8) -> RevealOpened {
    RevealOpened {
        task,
        round: open.phase.round,
        committed: committed.into(),
        deadline: open.phase.deadline,
    }
}
