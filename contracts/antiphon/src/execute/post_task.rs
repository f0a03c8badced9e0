//! `post_task`: pays for one answer. There is no way back: who could withdraw once the beacon is
//! public could re-roll its committee.

use antiphon_api::{
    Callback as Wanted, Cid, MAX_CARRIED_BYTES, MAX_HOLDERS, Params, TaskAdded, Uint128,
};
use antiphon_documents::digest::{TaskIdentity, task_digest};
use antiphon_rules::{LockRule, rounds};
use cosmwasm_std::{CanonicalAddr, HexBinary};

use crate::error::ContractError;
use crate::flow::worker::rules_price;
use crate::flow::{open, owner};
use crate::state::books::Pot;
use crate::state::callbacks::{self, Callback};
use crate::state::models::{self, Model};
use crate::state::rounds::Opener;
use crate::state::tasks::{self, Task};
use crate::state::{carried, config, workers};
use crate::turn::Turn;
use crate::validate;

/// What is asked.
pub(crate) struct Request {
    pub(crate) model: u64,
    pub(crate) prompt: Cid,
    pub(crate) prompt_bytes: u32,
    pub(crate) max_output_tokens: u32,
    pub(crate) holders: Vec<String>,
    pub(crate) block: Option<HexBinary>,
    pub(crate) committee: Option<u32>,
    pub(crate) callback: Option<Wanted>,
}

impl Request {
    pub(crate) fn post(self, turn: &mut Turn<'_>) -> Result<(), ContractError> {
        run(turn, self)
    }
}

fn run(turn: &mut Turn<'_>, request: Request) -> Result<(), ContractError> {
    owner::check_running(turn)?;
    turn.take_coins()?;
    let params_version = config::params_version(turn.storage)?;
    let params = config::params_of(turn.storage, params_version)?;
    let model = check_model(turn, &request)?;
    check_block(&request)?;
    let holders = check_holders(turn, &request)?;
    let (committee, rounds_possible) = check_committee(turn, &request, &params)?;

    let full_fee =
        rules_price(&model.price).fee(request.prompt_bytes, request.max_output_tokens)?;
    let lock = lock_rule(&params).lock(full_fee)?;
    let id = config::next_task(turn.storage)?;
    let task = Task {
        model: request.model,
        requester: turn.sender.clone(),
        prompt: request.prompt,
        prompt_bytes: request.prompt_bytes,
        max_output_tokens: request.max_output_tokens,
        digest: digest(turn, id, &model, &request)?,
        params_version,
        committee,
        rounds_possible,
        posted: turn.height(),
        posted_time: turn.env.block.time.seconds(),
        full_fee,
        lock,
        holders,
        carried: request.block.is_some(),
    };
    let escrow = task.escrow()?;
    turn.charge_sender(Pot::Escrows, escrow)?;
    tasks::add(turn.storage, id, &task);
    if let Some(block) = &request.block {
        carried::set(turn.storage, id, block);
    }
    if let Some(wanted) = &request.callback {
        add_callback(turn, id, wanted, model.price.base.u128(), &params)?;
    }
    models::update_state(turn.storage, request.model, |state| {
        state.open_tasks = state.open_tasks.checked_add(1)?;
        Some(())
    })?;
    let waits_for = open::round(turn, id, &task, 0, Opener::Post, None)?;
    turn.emit(TaskAdded {
        task: id,
        model: request.model,
        requester: turn.sender_text().to_string(),
        prompt: request.prompt,
        prompt_bytes: request.prompt_bytes,
        max_output_tokens: request.max_output_tokens,
        committee: committee.into(),
        escrow: Uint128::new(escrow),
        waits_for,
        holders: request.holders,
    });
    Ok(())
}

/// The lock rule of a version of the parameters.
pub(crate) fn lock_rule(params: &Params) -> LockRule {
    LockRule {
        min_lock: params.min_lock.u128(),
        lock_multiple: params.lock_multiple,
    }
}

fn check_model(turn: &Turn<'_>, request: &Request) -> Result<Model, ContractError> {
    let model = models::get(turn.storage, request.model)?;
    if models::state(turn.storage, request.model)?.retired {
        return Err(ContractError::ModelRetired {
            model: request.model,
        });
    }
    validate::raw("prompt", &request.prompt)?;
    let most = model.limits.max_prompt_bytes;
    if !(1..=most).contains(&request.prompt_bytes) {
        let got = request.prompt_bytes;
        return Err(ContractError::PromptBytes { got, most });
    }
    let most = model.limits.max_output_tokens;
    if !(1..=most).contains(&request.max_output_tokens) {
        let got = request.max_output_tokens;
        return Err(ContractError::OutputTokens { got, most });
    }
    Ok(model)
}

/// The carried block is the prompt itself.
fn check_block(request: &Request) -> Result<(), ContractError> {
    let Some(block) = request.block.as_deref() else {
        return Ok(());
    };
    let length = u32::try_from(block.len()).unwrap_or(u32::MAX);
    let fine = block.len() <= MAX_CARRIED_BYTES
        && length == request.prompt_bytes
        && request.prompt.matches(block);
    match fine {
        true => Ok(()),
        false => Err(ContractError::Block {
            got: format!("{length} bytes"),
            want: format!(
                "the {} bytes of {}, at most {MAX_CARRIED_BYTES}",
                request.prompt_bytes, request.prompt
            ),
        }),
    }
}

/// Keeps a callback and its fee apart from the escrow.
fn add_callback(
    turn: &mut Turn<'_>,
    id: u64,
    wanted: &Wanted,
    fee: u128,
    params: &Params,
) -> Result<(), ContractError> {
    let most = params.max_callback_gas;
    if !(1..=most).contains(&wanted.gas_limit) {
        return Err(ContractError::CallbackGas {
            got: wanted.gas_limit,
            most,
        });
    }
    turn.charge_sender(Pot::DeliverFees, fee)?;
    let callback = Callback {
        gas_limit: wanted.gas_limit,
        with_text: wanted.with_text,
        fee,
        deadline: 0,
    };
    callbacks::set(turn.storage, id, &callback);
    Ok(())
}

fn check_holders(turn: &Turn<'_>, request: &Request) -> Result<Vec<CanonicalAddr>, ContractError> {
    let holders = &request.holders;
    let refused = ContractError::Holders {
        got: holders.len(),
        most: MAX_HOLDERS,
    };
    let least = usize::from(request.block.is_none());
    if !(least..=MAX_HOLDERS).contains(&holders.len()) {
        return Err(refused);
    }
    let mut accounts = Vec::with_capacity(holders.len());
    for holder in holders {
        let account = validate::account(turn.api, holder)?;
        if workers::profile(turn.storage, &account)?.endpoint.is_none() {
            return Err(ContractError::Holder {
                holder: holder.clone(),
            });
        }
        if accounts.contains(&account) {
            return Err(refused);
        }
        accounts.push(account);
    }
    Ok(accounts)
}

/// The size of round 0, and how many rounds the pool allows.
fn check_committee(
    turn: &Turn<'_>,
    request: &Request,
    params: &Params,
) -> Result<(u8, u8), ContractError> {
    let asked = request.committee.unwrap_or(params.committee);
    let committee = validate::committee(asked, config::get(turn.storage)?.insecure)?;
    let occupied = models::state(turn.storage, request.model)?.seats;
    let possible = rounds::rounds_possible(asked, occupied, params.max_rounds).map_err(|_| {
        ContractError::PoolTooSmall {
            occupied,
            needed: asked,
        }
    })?;
    Ok((committee, possible))
}

fn digest(
    turn: &Turn<'_>,
    id: u64,
    model: &Model,
    request: &Request,
) -> Result<[u8; 32], ContractError> {
    let contract = turn
        .api
        .addr_canonicalize(turn.env.contract.address.as_str())?;
    Ok(task_digest(&TaskIdentity {
        chain_id: &turn.env.block.chain_id,
        contract: contract.as_slice(),
        task: id,
        requester: turn.sender.as_slice(),
        manifest: &model.manifest,
        prompt: &request.prompt,
        max_output_tokens: request.max_output_tokens,
        prompt_bytes: request.prompt_bytes,
    }))
}
