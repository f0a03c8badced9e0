//! Every message once or more, each fine in the world for whoever may send it.

use antiphon_api::*;
use cosmwasm_std::Addr;

use super::world::{IDLE_MODEL, World};
use crate::suite::network::{manifest, price};
use crate::suite::votes::*;
use crate::suite::{Options, Worker};

/// A message, what it costs, and who may send it in the table of coins.
pub struct Row {
    /// Its key, and after a slash what is special about it.
    pub name: &'static str,
    /// Coins that it needs, in the network's denom.
    pub coins: u128,
    /// A role that may send it.
    pub fine_for: &'static str,
    /// The message as a role sends it.
    pub make: fn(&World, &Addr) -> ExecuteMsg,
}

/// The key of a message. A new message does not compile here before it has a name; and then it is
/// missed in [`ROWS`].
pub fn key(msg: &ExecuteMsg) -> &'static str {
    match msg {
        ExecuteMsg::RegisterModel { .. } => "register_model",
        ExecuteMsg::RetireModel { .. } => "retire_model",
        ExecuteMsg::Bond {} => "bond",
        ExecuteMsg::Unbond { .. } => "unbond",
        ExecuteMsg::ClaimUnbonded {} => "claim_unbonded",
        ExecuteMsg::Unjail {} => "unjail",
        ExecuteMsg::JoinModel { .. } => "join_model",
        ExecuteMsg::LeaveModel { .. } => "leave_model",
        ExecuteMsg::UpdateWorker { .. } => "update_worker",
        ExecuteMsg::PostTask { .. } => "post_task",
        ExecuteMsg::Appeal { .. } => "appeal",
        ExecuteMsg::Rate { .. } => "rate",
        ExecuteMsg::Deliver { .. } => "deliver",
        ExecuteMsg::Deposit {} => "deposit",
        ExecuteMsg::Withdraw { .. } => "withdraw",
        ExecuteMsg::Commit { .. } => "commit",
        ExecuteMsg::Reveal { .. } => "reveal",
        ExecuteMsg::Advance { .. } => "advance",
        ExecuteMsg::PublishBeacon { .. } => "publish_beacon",
        ExecuteMsg::UpdateParams { .. } => "update_params",
        ExecuteMsg::SetPaused { .. } => "set_paused",
        ExecuteMsg::TransferOwnership { .. } => "transfer_ownership",
        ExecuteMsg::AcceptOwnership {} => "accept_ownership",
        ExecuteMsg::RenounceOwnership {} => "renounce_ownership",
    }
}

const fn row(
    name: &'static str,
    coins: u128,
    fine_for: &'static str,
    make: fn(&World, &Addr) -> ExecuteMsg,
) -> Row {
    Row {
        name,
        coins,
        fine_for,
        make,
    }
}

pub const ROWS: [Row; 26] = [
    row("accept_ownership", 0, "pending owner", |_, _| {
        ExecuteMsg::AcceptOwnership {}
    }),
    row("advance", 0, "stranger", |world, _| ExecuteMsg::Advance {
        tasks: vec![world.due],
    }),
    row("appeal", 4_100, "stranger", |world, _| ExecuteMsg::Appeal {
        task: world.answered,
        round: None,
    }),
    row("bond", 1, "stranger", |_, _| ExecuteMsg::Bond {}),
    row("claim_unbonded", 0, "worker without a seat", |_, _| {
        ExecuteMsg::ClaimUnbonded {}
    }),
    row("commit", 0, "stranger", |world, _| {
        commit(world, &world.member)
    }),
    row(
        "commit/its own",
        0,
        "member of the committee",
        |world, it| commit(world, &as_worker(world, it)),
    ),
    row("deliver", 0, "stranger", |world, _| ExecuteMsg::Deliver {
        task: world.untold,
        text: Some("a".to_owned()),
    }),
    row("deposit", 1, "stranger", |_, _| ExecuteMsg::Deposit {}),
    row("join_model", 0, "member of the committee", |_, _| {
        ExecuteMsg::JoinModel { model: IDLE_MODEL }
    }),
    row("leave_model", 0, "member of the committee", |_, _| {
        ExecuteMsg::LeaveModel { model: 1 }
    }),
    row("post_task", 500, "stranger", |world, _| {
        post(&world.network.workers[0].address)
    }),
    row("publish_beacon", 0, "stranger", |world, _| publish(world)),
    row("rate", 0, "requester", |world, _| ExecuteMsg::Rate {
        task: world.ended,
        good: true,
    }),
    row("register_model", 1_000, "stranger", |_, _| register()),
    row("renounce_ownership", 0, "owner", |_, _| {
        ExecuteMsg::RenounceOwnership {}
    }),
    row("retire_model", 0, "publisher", |_, _| {
        ExecuteMsg::RetireModel { model: IDLE_MODEL }
    }),
    row("reveal", 0, "stranger", |world, _| {
        reveal(world, &world.member)
    }),
    row(
        "reveal/its own",
        0,
        "member of the committee",
        |world, it| reveal(world, &as_worker(world, it)),
    ),
    row("set_paused", 0, "owner", |_, _| ExecuteMsg::SetPaused {
        paused: true,
    }),
    row("transfer_ownership", 0, "owner", |_, it| {
        ExecuteMsg::TransferOwnership {
            to: Some(it.to_string()),
        }
    }),
    row("unbond", 0, "member of the committee", |_, _| {
        ExecuteMsg::Unbond {
            amount: Uint128::new(1),
        }
    }),
    row("unjail", 0, "jailed worker", |_, _| ExecuteMsg::Unjail {}),
    row("update_params", 0, "owner", |_, _| {
        ExecuteMsg::UpdateParams {
            params: Options::default().params,
        }
    }),
    row("update_worker", 0, "jailed worker", |_, _| {
        ExecuteMsg::UpdateWorker {
            endpoint: None,
            moniker: Some("a name".to_owned()),
            voter: None,
        }
    }),
    row("withdraw", 0, "stranger", |_, _| ExecuteMsg::Withdraw {
        amount: None,
    }),
];

/// A role as a voter: its own key if it is a worker, some key otherwise.
fn as_worker(world: &World, address: &Addr) -> Worker {
    let mut workers = world.network.workers.iter();
    match workers.find(|it| it.address == *address) {
        Some(worker) => worker.clone(),
        None => Worker::new(address.clone(), 200),
    }
}

fn commit(world: &World, worker: &Worker) -> ExecuteMsg {
    let item = world
        .network
        .commit_of(worker, world.committing, Answer("a"));
    ExecuteMsg::Commit {
        commits: vec![item],
    }
}

fn reveal(world: &World, worker: &Worker) -> ExecuteMsg {
    let item = world
        .network
        .reveal_of(worker, world.revealing, Answer("a"));
    ExecuteMsg::Reveal {
        reveals: vec![item],
    }
}

/// A task of the usual size; the holder has an endpoint.
pub fn post(holder: &Addr) -> ExecuteMsg {
    ExecuteMsg::PostTask {
        model: 1,
        prompt: Cid::of_raw(b"0123456789"),
        prompt_bytes: 10,
        max_output_tokens: 80,
        holders: vec![holder.to_string()],
        block: None,
        committee: None,
        callback: None,
    }
}

fn publish(world: &World) -> ExecuteMsg {
    let round = world.network.task(world.drawing).waits_for.unwrap();
    ExecuteMsg::PublishBeacon {
        round,
        signature: world.network.beacon.sign(round),
        draws: 1,
    }
}

pub fn register() -> ExecuteMsg {
    ExecuteMsg::RegisterModel {
        manifest: manifest(),
        price: price(),
        limits: Limits {
            max_prompt_bytes: 10,
            max_output_tokens: 80,
        },
        endpoint: None,
    }
}
