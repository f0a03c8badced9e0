//! The ledger notices a contract that is wrong: each test plants one error and must see games fail.

use std::panic::{AssertUnwindSafe, catch_unwind};

use antiphon_api::ExecuteMsg;
use antiphon_contract::{ContractError, contract};
use cosmwasm_std::testing::MockApi;
use cosmwasm_std::{DepsMut, Env, MessageInfo, Response, Uint256};

use super::game::Game;
use super::world::Execute;

/// Games that an error may hide from.
const SEEDS: u64 = 6;
const OPERATIONS: u64 = 1_500;

/// Plays until a game fails; what it failed with.
fn failure(execute: Execute, forfeit_divisor: i128) -> Option<String> {
    (1..=SEEDS).find_map(|seed| {
        let played = catch_unwind(AssertUnwindSafe(|| {
            let mut game = Game::new(seed, execute);
            game.ledger.forfeit_divisor = forfeit_divisor;
            game.play(OPERATIONS);
        }));
        let said = played.err()?;
        Some(said.downcast_ref::<String>().cloned().unwrap_or_default())
    })
}

/// An error in the contract is noticed, and by what it breaks.
fn noticed(execute: Execute, by: &[&str]) {
    let said = failure(execute, 2).expect("no game noticed the error");
    let fitting = by.iter().any(|it| said.contains(it));
    assert!(fitting, "want a failure by one of {by:?}, got {said}");
}

#[test]
fn a_coin_too_many_is_noticed() {
    fn generous(
        deps: DepsMut<'_>,
        env: Env,
        mut info: MessageInfo,
        msg: ExecuteMsg,
    ) -> Result<Response, ContractError> {
        if let (ExecuteMsg::Bond {}, [coin]) = (&msg, info.funds.as_mut_slice()) {
            coin.amount += Uint256::one();
        }
        contract::execute(deps, env, info, msg)
    }
    noticed(generous, &["totals"]);
}

#[test]
fn a_withdrawal_that_sends_nothing_is_noticed() {
    fn keeps(
        deps: DepsMut<'_>,
        env: Env,
        info: MessageInfo,
        msg: ExecuteMsg,
    ) -> Result<Response, ContractError> {
        let withdraws = matches!(msg, ExecuteMsg::Withdraw { .. });
        let mut response = contract::execute(deps, env, info, msg)?;
        if withdraws {
            response.messages.clear();
        }
        Ok(response)
    }
    noticed(keeps, &["coins on chain"]);
}

#[test]
fn a_claim_before_its_time_is_noticed() {
    fn hasty(
        deps: DepsMut<'_>,
        mut env: Env,
        info: MessageInfo,
        msg: ExecuteMsg,
    ) -> Result<Response, ContractError> {
        if msg == (ExecuteMsg::ClaimUnbonded {}) {
            env.block.time = env.block.time.plus_seconds(30);
        }
        contract::execute(deps, env, info, msg)
    }
    noticed(hasty, &["E_UNBONDING"]);
}

#[test]
fn a_transition_before_its_height_is_noticed() {
    fn early(
        deps: DepsMut<'_>,
        mut env: Env,
        info: MessageInfo,
        msg: ExecuteMsg,
    ) -> Result<Response, ContractError> {
        if matches!(msg, ExecuteMsg::Advance { .. }) {
            env.block.height += 1;
        }
        contract::execute(deps, env, info, msg)
    }
    noticed(early, &["left == right", "want "]);
}

#[test]
fn an_owner_that_is_anybody_is_noticed() {
    fn obedient(
        deps: DepsMut<'_>,
        env: Env,
        mut info: MessageInfo,
        msg: ExecuteMsg,
    ) -> Result<Response, ContractError> {
        if matches!(msg, ExecuteMsg::SetPaused { .. }) {
            info.sender = MockApi::default().with_prefix("wasm").addr_make("person 0");
        }
        contract::execute(deps, env, info, msg)
    }
    noticed(obedient, &["E_NOT_OWNER"]);
}

#[test]
fn a_vote_that_is_not_looked_at_is_noticed() {
    fn careless(
        deps: DepsMut<'_>,
        env: Env,
        info: MessageInfo,
        msg: ExecuteMsg,
    ) -> Result<Response, ContractError> {
        let msg = match msg {
            ExecuteMsg::Commit { mut commits } if commits.len() > 1 => {
                commits.pop();
                ExecuteMsg::Commit { commits }
            }
            other => other,
        };
        contract::execute(deps, env, info, msg)
    }
    noticed(careless, &["left == right", "is accepted"]);
}

#[test]
fn another_settlement_is_noticed() {
    // The ledger shares out a quarter of the forfeits where the contract shares out half.
    let said = failure(contract::execute, 4).expect("no game noticed the settlement");
    assert!(said.contains("totals"), "{said}");
}
