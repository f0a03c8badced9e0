//! `reveal`: opens commitments, whoever posts them, and keeps the tally. The last one records the
//! outcome.

use antiphon_api::{Ballot, MAX_TEMPLATE_TOKENS, RevealItem, VoteRevealed};
use antiphon_content::Codec;
use antiphon_documents::digest::{ballot_digest, commitment};
use antiphon_rules::life::{Admission, Votes};
use cosmwasm_std::CanonicalAddr;

use super::commit::reveal_opened;
use crate::error::ContractError;
use crate::flow::refusal::{Judged, Refusal, judge_each, open_round};
use crate::flow::{OpenTask, transition};
use crate::state::members::{self, Member, Stage};
use crate::state::tasks::Task;
use crate::state::{phases, tally};
use crate::turn::Turn;
use crate::{validate, views};

pub(crate) fn run(turn: &mut Turn<'_>, reveals: &[RevealItem]) -> Result<(), ContractError> {
    turn.no_coins()?;
    judge_each(turn, reveals, |item| item.task, one)
}

fn one(turn: &mut Turn<'_>, item: &RevealItem) -> Judged<()> {
    let worker = validate::account(turn.api, &item.worker).map_err(|_| Refusal::BadAddress)?;
    let mut open = open_round(turn, item.task, item.round)?;
    let votes = phases::votes(turn.storage, item.task)?;
    let admitted = open.phase.admits_reveal(&votes, turn.height());
    let admission = admitted.map_err(Refusal::from)?;
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
    if admission == Admission::Moves {
        transition::enter_revealing(turn, &mut open)?;
        turn.emit(reveal_opened(item.task, &open, votes.committed));
    }
    let vote = Vote {
        worker: &worker,
        member,
        bound,
        digest,
    };
    store(turn, item, &vote, votes, &mut open, admission)?;
    Ok(())
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
    votes: Votes,
    open: &mut OpenTask,
    admission: Admission,
) -> Result<(), ContractError> {
    let (task, round) = (item.task, item.round);
    let next = votes.lines;
    let line = tally::count(turn.storage, task, round, &item.ballot, &vote.digest, next)?;
    let may_decide = views::outcome(&item.ballot, vote.digest).can_decide(round, open.task.carried);
    let votes = votes.reveal(line.line, line.votes, may_decide);
    let votes = votes.ok_or(ContractError::Overflow)?;
    phases::set_votes(turn.storage, task, &votes);
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
        revealed: votes.revealed.into(),
    });
    if votes.all_revealed() && votes.decide(&open.phase) {
        transition::decide(turn, task, open, &votes)?;
    } else if admission == Admission::Moves {
        phases::set(turn.storage, task, &open.phase);
    }
    Ok(())
}
