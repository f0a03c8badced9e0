//! Moves the money of a settlement.

use antiphon_api::{SettlementInfo, SlashWithheld, Slashed, Uint128};
use antiphon_rules::Conduct;
use antiphon_rules::settle::{MemberResult, Settlement};
use cosmwasm_std::CanonicalAddr;

use super::played::Played;
use crate::error::ContractError;
use crate::flow::OpenTask;
use crate::flow::worker::{collect, miss};
use crate::state::books::Pot;
use crate::state::models::Model;
use crate::state::rounds::Opener;
use crate::state::workers;
use crate::turn::Turn;

/// Moves the money. Forfeits and appeal bonds join the escrow first, so every payment has one
/// source.
pub(super) fn run(
    turn: &mut Turn<'_>,
    id: u64,
    open: &OpenTask,
    model: &Model,
    played: &[Played],
    settlement: &Settlement,
) -> Result<SettlementInfo, ContractError> {
    let base = model.price.base.u128();
    let accounts = || played.iter().flat_map(|played| &played.members);
    let mut charged: u128 = 0;
    for ((worker, _), result) in accounts().zip(&settlement.members) {
        let charge = settle_member(turn, id, open, worker, result, base)?;
        charged = charged.checked_add(charge).ok_or(ContractError::Overflow)?;
    }
    let bonds = collect_appeal_bonds(turn, played)?;
    for ((worker, _), result) in accounts().zip(&settlement.members) {
        turn.pay_worker(Pot::Escrows, worker, result.paid)?;
    }
    let to_appellants = return_appeal_bonds(turn, played, settlement)?;
    turn.pay(Pot::Escrows, &open.task.requester, settlement.refund)?;
    turn.shift(Pot::Escrows, Pot::ToBurn, settlement.burned)?;
    if settlement.slash_withheld {
        let members = settlement.members.iter();
        let locks = members.filter(|it| it.conduct.forfeits()).count();
        turn.emit(SlashWithheld {
            task: id,
            locks: u32::try_from(locks).unwrap_or(u32::MAX),
        });
    }
    Ok(SettlementInfo {
        paid: Uint128::new(settlement.paid),
        refunded: Uint128::new(settlement.refund),
        forfeited: Uint128::new(settlement.forfeits),
        burned: Uint128::new(settlement.burned),
        miss_charges: Uint128::new(charged),
        slash_withheld: settlement.slash_withheld,
        appeal_bonds: Uint128::new(bonds),
        to_appellants: Uint128::new(to_appellants),
    })
}

/// Moves the bonds to where payments come from; returns their sum.
fn collect_appeal_bonds(turn: &mut Turn<'_>, played: &[Played]) -> Result<u128, ContractError> {
    let mut sum: u128 = 0;
    for played in played {
        if let Opener::Appeal { bond, .. } = played.round.opener {
            turn.shift(Pot::AppealBonds, Pot::Escrows, bond)?;
            sum = sum.checked_add(bond).ok_or(ContractError::Overflow)?;
        }
    }
    Ok(sum)
}

/// Pays what appeals get; returns the sum.
fn return_appeal_bonds(
    turn: &mut Turn<'_>,
    played: &[Played],
    settlement: &Settlement,
) -> Result<u128, ContractError> {
    let mut sum: u128 = 0;
    for appeal in &settlement.appeals {
        let round = played.get(usize::from(appeal.round));
        if let Some(Opener::Appeal { by, .. }) = round.map(|played| &played.round.opener) {
            let amount = appeal.returned.checked_add(appeal.reward);
            let amount = amount.ok_or(ContractError::Overflow)?;
            turn.pay(Pot::Escrows, by, amount)?;
            sum = sum.checked_add(amount).ok_or(ContractError::Overflow)?;
        }
    }
    Ok(sum)
}

/// Frees a member's lock, takes what is forfeited, then charges a miss. Returns the charge.
fn settle_member(
    turn: &mut Turn<'_>,
    id: u64,
    open: &OpenTask,
    worker: &CanonicalAddr,
    result: &MemberResult,
    base: u128,
) -> Result<u128, ContractError> {
    let mut stake = workers::stake_of(turn.storage, worker)?;
    stake.unlock(open.task.lock)?;
    if result.forfeited > 0 {
        let taken = stake.take(result.forfeited);
        if taken.total() != result.forfeited {
            return Err(ContractError::Overflow);
        }
        collect(turn, taken, Pot::Escrows)?;
        let text = turn.text(worker)?;
        turn.emit(Slashed {
            task: id,
            worker: text,
            amount: Uint128::new(result.forfeited),
        });
    }
    if result.conduct == Conduct::Right {
        stake.forget_misses();
    }
    let charge = match result.miss {
        true => miss(turn, id, worker, &mut stake, base)?,
        false => 0,
    };
    workers::set_stake(turn.storage, worker, &stake);
    Ok(charge)
}
