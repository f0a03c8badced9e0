//! `reveal`: opens commitments, whoever posts them, and keeps the tally. The last one records the
//! outcome.

use antiphon_api::{Ballot, MAX_TEMPLATE_TOKENS, RevealItem, TaskStatus, VoteRevealed};
use antiphon_content::Codec;
use antiphon_documents::digest::{ballot_digest, commitment};
use cosmwasm_std::CanonicalAddr;

use super::commit::reveal_opened;
use crate::error::ContractError;
use crate::flow::refusal::{Judged, Refusal, judge_each, open_round};
use crate::flow::{OpenTask, transition};
use crate::state::members::{self, Member, Stage};
use crate::state::phases::{self, Counters};
use crate::state::tally;
use crate::state::tasks::Task;
use crate::turn::Turn;
use crate::{validate, views};

pub(crate) fn run(turn: &mut Turn<'_>, reveals: &[RevealItem]) -> Result<(), ContractError> {
    turn.no_coins()?;
    judge_each(turn, reveals, |item| item.task, one)
}

fn one(turn: &mut Turn<'_>, item: &RevealItem) -> Judged<()> {
    let worker = validate::account(turn.api, &item.worker).map_err(|_| Refusal::BadAddress)?;
    let mut open = open_round(turn, item.task, item.round)?;
    let counters = phases::counters(turn.storage, item.task)?;
    let moved = enter_if_over(turn, &mut open, &counters)?;
    match open.phase.status {
        TaskStatus::Revealing if !open.phase.is_over(turn.height()) => {}
        TaskStatus::Drawing | TaskStatus::Committing => return Err(Refusal::TooEarly.into()),
        _ => return Err(Refusal::TooLate.into()),
    }
    let member = members::find(turn.storage, &worker, item.task)?
        .filter(|member| member.round == item.round && member.stage != Stage::Replaced)
        .ok_or(Refusal::NotAMember)?;
    let bound = match member.stage {
        Stage::Committed { commitment } => commitment,
        Stage::Revealed { .. } => return Err(Refusal::AlreadyRevealed.into()),
        Stage::Drawn | Stage::Replaced => return Err(Refusal::NotCommitted.into()),
    };
    check_ballot(&open.task, &item.ballot)?;
    let digest = ballot_digest(&item.ballot);
    let opened = commitment(
        &open.task.digest,
        item.round,
        worker.as_slice(),
        &digest,
        &item.salt.0,
    );
    if opened != bound {
        return Err(Refusal::WrongOpening.into());
    }
    if moved {
        turn.emit(reveal_opened(item.task, &open, counters.committed));
    }
    let vote = Vote {
        worker: &worker,
        member,
        bound,
        digest,
    };
    store(turn, item, &vote, counters, &mut open, moved)?;
    Ok(())
}

/// A reveal after the commit window moves the round by height, if a quorum of commits is in.
fn enter_if_over(
    turn: &Turn<'_>,
    open: &mut OpenTask,
    counters: &Counters,
) -> Result<bool, ContractError> {
    let moves = open.phase.status == TaskStatus::Committing
        && open.phase.is_over(turn.height())
        && u32::from(counters.committed) >= open.phase.quorum();
    if moves {
        transition::enter_revealing(turn, open)?;
    }
    Ok(moves)
}

/// What no honest member can say of this task.
fn check_ballot(task: &Task, ballot: &Ballot) -> Judged<()> {
    let Ballot::Answer {
        cid,
        output_tokens,
        prompt_tokens,
        ..
    } = ballot
    else {
        return Ok(());
    };
    let most = task.prompt_bytes.saturating_add(MAX_TEMPLATE_TOKENS);
    match cid.codec() == Codec::Raw
        && *output_tokens <= task.max_output_tokens
        && *prompt_tokens <= most
    {
        true => Ok(()),
        false => Err(Refusal::BadBallot.into()),
    }
}

/// A vote that opened its commitment.
struct Vote<'a> {
    worker: &'a CanonicalAddr,
    member: Member,
    bound: [u8; 32],
    digest: [u8; 32],
}

fn store(
    turn: &mut Turn<'_>,
    item: &RevealItem,
    vote: &Vote<'_>,
    mut counters: Counters,
    open: &mut OpenTask,
    moved: bool,
) -> Result<(), ContractError> {
    let (task, round) = (item.task, item.round);
    let next = counters.lines;
    let line = tally::count(turn.storage, task, round, &item.ballot, &vote.digest, next)?;
    if line.line == next {
        counters.lines = next.saturating_add(1);
    }
    let may_decide = views::outcome(&item.ballot, vote.digest).can_decide(round, open.task.carried);
    if may_decide && line.votes > counters.best {
        counters.best = line.votes;
        counters.best_line = line.line;
    }
    counters.revealed = counters.revealed.saturating_add(1);
    phases::set_counters(turn.storage, task, &counters);
    let stage = Stage::Revealed {
        commitment: vote.bound,
        line: line.line,
    };
    let member = Member {
        stage,
        ..vote.member
    };
    members::set(turn.storage, vote.worker, task, &member);
    turn.emit(VoteRevealed {
        task,
        round,
        worker: item.worker.clone(),
        ballot: views::ballot_word(&item.ballot).to_owned(),
        answer: views::ballot_cid(&item.ballot),
        revealed: counters.revealed.into(),
    });
    let decided =
        counters.revealed >= counters.committed && u32::from(counters.best) >= open.phase.quorum();
    if decided {
        transition::enter_answered(turn, task, open, &counters)?;
    } else if moved {
        phases::set(turn.storage, task, &open.phase);
    }
    Ok(())
}
