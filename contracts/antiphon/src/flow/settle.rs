//! The end of a task: every lock, fee, refund and forfeit of all its rounds, in one transition.

mod close;
mod pay;
pub(super) mod played;

use antiphon_api::{Ballot, SettlementInfo, TaskFailed, TaskFinalised};
use antiphon_rules::life::Standing;
use antiphon_rules::meter::Meter;
use antiphon_rules::settle::{Case, OpenedBy, RoundRecord, Settlement, settle};
use cosmwasm_std::Storage;

use self::played::{Played, play};
use super::OpenTask;
use super::worker::rules_price;
use crate::error::ContractError;
use crate::state::models::Model;
use crate::state::rounds::Opener;
use crate::state::summaries::SummaryOutcome;
use crate::state::{answers, config, meter, models, tally};
use crate::turn::Turn;
use crate::views;

/// Settles a task whose outcome can no longer change, or that has none.
pub(crate) fn run(turn: &mut Turn<'_>, id: u64, open: &OpenTask) -> Result<(), ContractError> {
    let model = models::get(turn.storage, open.task.model)?;
    let outcome = standing_outcome(turn.storage, id, open.phase.standing)?;
    let played = (0..=open.phase.round)
        .map(|round| play(turn.storage, id, round, outcome.as_ref()))
        .collect::<Result<Vec<_>, _>>()?;
    let settlement = judge(turn, open, &model, &played, outcome.as_ref())?;
    let info = pay::run(turn, id, open, &model, &played, &settlement)?;
    announce(turn, id, open, outcome.as_ref(), &info);
    index(turn, open, id, outcome.as_ref(), &played)?;
    close::run(turn, id, open, &played, &settlement, outcome, info)
}

fn standing_outcome(
    storage: &dyn Storage,
    id: u64,
    standing: Option<Standing>,
) -> Result<Option<SummaryOutcome>, ContractError> {
    let Some(Standing { round, line, votes }) = standing else {
        return Ok(None);
    };
    Ok(Some(SummaryOutcome {
        ballot: tally::ballot(storage, id, round, line)?,
        round,
        votes,
    }))
}

/// Asks the rules.
fn judge(
    turn: &mut Turn<'_>,
    open: &OpenTask,
    model: &Model,
    played: &[Played],
    outcome: Option<&SummaryOutcome>,
) -> Result<Settlement, ContractError> {
    let records: Vec<_> = played
        .iter()
        .map(|played| RoundRecord {
            opened_by: match played.round.opener {
                Opener::Post => OpenedBy::Post,
                Opener::Undecided => OpenedBy::Undecided,
                Opener::Appeal { bond, .. } => OpenedBy::Appeal { bond },
            },
            size: played.round.size.into(),
            acts: &played.acts,
            decided: played.decided,
        })
        .collect();
    let case = Case {
        price: rules_price(&model.price),
        prompt_bytes: open.task.prompt_bytes,
        output_tokens: outcome.map_or(0, |outcome| views::output_tokens(&outcome.ballot)),
        escrow: open.task.escrow()?,
        lock: open.task.lock,
        carried: open.task.carried,
        meter_takes: true,
        rounds: &records,
    };
    let settlement = settle(&case)?;
    // Without a lock to forfeit the meter has no say: an honest task's end does not read it.
    if settlement.forfeits == 0 {
        return Ok(settlement);
    }
    let meter = meter_now(turn)?;
    if !meter.takes() {
        return Ok(settle(&Case {
            meter_takes: false,
            ..case
        })?);
    }
    let stored = meter::Stored {
        level: meter.level_after(settlement.forfeits),
        height: turn.height(),
    };
    meter::set(turn.storage, stored);
    Ok(settlement)
}

/// The slash meter at this height, by the current parameters.
fn meter_now(turn: &mut Turn<'_>) -> Result<Meter, ContractError> {
    let slashable = turn.with_books(|books, _| books.slashable())?;
    meter_at(turn.storage, turn.height(), slashable)
}

/// The slash meter at a height, for bonds and unbonding entries of this sum.
pub(crate) fn meter_at(
    storage: &dyn Storage,
    height: u64,
    slashable: u128,
) -> Result<Meter, ContractError> {
    let stored = meter::get(storage)?;
    let params = config::current_params(storage)?;
    Ok(Meter::at(
        stored.level,
        height.saturating_sub(stored.height),
        slashable,
        params.meter_permille,
        params.meter_blocks,
    ))
}

fn announce(
    turn: &mut Turn<'_>,
    task: u64,
    open: &OpenTask,
    outcome: Option<&SummaryOutcome>,
    info: &SettlementInfo,
) {
    let (paid, refunded, burned) = (info.paid, info.refunded, info.burned);
    match outcome {
        Some(outcome) => turn.emit(TaskFinalised {
            task,
            outcome: views::ballot_word(&outcome.ballot).to_owned(),
            answer: views::ballot_cid(&outcome.ballot),
            contested: open.phase.contested,
            paid,
            refunded,
            burned,
        }),
        None => turn.emit(TaskFailed {
            task,
            paid,
            refunded,
            burned,
        }),
    }
}

/// Enters an uncontested answer into the index.
fn index(
    turn: &mut Turn<'_>,
    open: &OpenTask,
    task: u64,
    outcome: Option<&SummaryOutcome>,
    played: &[Played],
) -> Result<(), ContractError> {
    let Some(outcome) = outcome.filter(|_| !open.phase.contested) else {
        return Ok(());
    };
    if !matches!(outcome.ballot, Ballot::Answer { .. }) {
        return Ok(());
    }
    let decided = played.get(usize::from(outcome.round));
    let entry = answers::Entry {
        task,
        ballot: outcome.ballot.clone(),
        committee: decided.map_or(0, |played| played.round.size),
        votes: outcome.votes,
        height: turn.height(),
        conflict: false,
    };
    answers::record(turn.storage, open.task.model, &open.task.prompt, entry)
}
