//! What an owner that turns against its users cannot do.

use antiphon_api::*;
use cosmwasm_std::Addr;

use crate::messages::assert_code;
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options};

fn owned() -> (Network, Addr) {
    let mut network = Network::start(&Options {
        owned: true,
        workers: 16,
        bond: 20_000,
        ..Options::default()
    });
    let owner = network.publisher.clone();
    let first = network.requester.clone();
    let to = Some(owner.to_string());
    network
        .run(&first, &ExecuteMsg::TransferOwnership { to })
        .unwrap();
    network
        .run(&owner, &ExecuteMsg::AcceptOwnership {})
        .unwrap();
    (network, owner)
}

fn pause(network: &mut Network, owner: &Addr, paused: bool) {
    network
        .run(owner, &ExecuteMsg::SetPaused { paused })
        .unwrap();
}

#[test]
fn a_pause_cannot_stop_open_tasks() {
    let (mut network, owner) = owned();
    let task = network.ask(&Ask::default()).unwrap();
    pause(&mut network, &owner, true);
    assert_code(network.ask(&Ask::default()), "E_PAUSED");
    network.draw(task);
    network.play(task, &[Answer("a"); 5]);
    let requester = network.requester.clone();
    let appeal = ExecuteMsg::Appeal { task, round: None };
    network.pay(&requester, &appeal, 4_100).unwrap();
    network.draw(task);
    network.play(task, &[Answer("a"); 11]);
    network.blocks(6);
    network.advance(task);
    assert_eq!(network.task(task).status, TaskStatus::Final);
    // Nor keep anybody's money or seat.
    let worker = network.members(task, 0)[0].clone();
    let own = [
        ExecuteMsg::Withdraw { amount: None },
        ExecuteMsg::LeaveModel { model: 1 },
        ExecuteMsg::JoinModel { model: 1 },
        ExecuteMsg::LeaveModel { model: 1 },
        ExecuteMsg::Unbond {
            amount: Uint128::new(20_000),
        },
    ];
    for msg in &own {
        network.run(&worker.address, msg).unwrap();
    }
    network.step(1, 60);
    network
        .run(&worker.address, &ExecuteMsg::ClaimUnbonded {})
        .unwrap();
    let rate = ExecuteMsg::Rate { task, good: true };
    network.run(&requester, &rate).unwrap();
    assert_eq!(network.totals().escrows.u128(), 0);
}

#[test]
fn renouncing_clears_the_pause_and_the_offer_for_ever() {
    let (mut network, owner) = owned();
    pause(&mut network, &owner, true);
    let heir = network.stranger.clone();
    let to = Some(heir.to_string());
    network
        .run(&owner, &ExecuteMsg::TransferOwnership { to })
        .unwrap();
    network
        .run(&owner, &ExecuteMsg::RenounceOwnership {})
        .unwrap();
    network.ask(&Ask::default()).unwrap();
    assert_code(
        network.run(&heir, &ExecuteMsg::AcceptOwnership {}),
        "E_NOT_OFFERED",
    );
    for sender in [&owner, &heir] {
        let msg = ExecuteMsg::SetPaused { paused: true };
        assert_code(network.run(sender, &msg), "E_NOT_OWNER");
    }
}

/// An owner that is a member of the losing side shortens the windows and raises the locks.
#[test]
fn parameters_changed_in_mid_task_help_nobody_in_it() {
    let (mut network, owner) = owned();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let before = network.task(task);
    let current: ParamsResponse = network.query(&QueryMsg::Params { version: None });
    let params = Params {
        reveal_window_blocks: 5,
        appeal_window_blocks: 5,
        commit_window_blocks: 5,
        commit_tokens_per_block: 4_096,
        lock_multiple: 100,
        max_rounds: 1,
        ..current.params
    };
    network
        .run(&owner, &ExecuteMsg::UpdateParams { params })
        .unwrap();
    assert_eq!(network.task(task), before);
    network.blocks(100);
    let says = [
        Answer("a"),
        Answer("a"),
        Answer("a"),
        Answer("a"),
        Withholds,
    ];
    network.commit_all(task, &says);
    assert_eq!(
        network.task(task).committed,
        5,
        "the window is as long as it was"
    );
    network.blocks(50);
    network.reveal_all(task, &says);
    network.blocks(11);
    network.advance(task);
    let info = network.task(task);
    assert_eq!(
        info.status,
        TaskStatus::Answered,
        "it can still be appealed"
    );
    network.blocks(6);
    network.advance(task);
    let moved = network.task(task).settlement.unwrap();
    assert_eq!((moved.paid.u128(), moved.forfeited.u128()), (240, 3_000));
}
