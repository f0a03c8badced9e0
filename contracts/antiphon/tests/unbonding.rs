//! Bonds on their way out: slashable until claimed, and never below what is locked.

use antiphon_api::*;

use crate::suite::network::find;
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options, Worker};

fn unbond(network: &mut Network, worker: &Worker, amount: u128) -> Result<Unbonding, String> {
    let msg = ExecuteMsg::Unbond {
        amount: Uint128::new(amount),
    };
    let response = network.run(&worker.address, &msg)?;
    Ok(find(&response.events).unwrap())
}

fn claim(network: &mut Network, worker: &Worker) -> Result<u128, String> {
    let response = network.run(&worker.address, &ExecuteMsg::ClaimUnbonded {})?;
    let claimed: UnbondedClaimed = find(&response.events).unwrap();
    Ok(claimed.amount.u128())
}

fn leave(network: &mut Network, worker: &Worker) {
    let msg = ExecuteMsg::LeaveModel { model: 1 };
    network.run(&worker.address, &msg).unwrap();
}

#[test]
fn a_worker_that_left_gets_its_whole_bond_back_after_the_time() {
    let mut network = Network::five();
    let worker = network.workers[0].clone();
    leave(&mut network, &worker);
    assert_eq!(network.worker(&worker).claimable, None);
    let told = unbond(&mut network, &worker, 10_000).unwrap();
    let now = network.app.block_info().time.seconds();
    assert_eq!(told.claimable, now + 60);
    assert_eq!(network.worker(&worker).claimable, Some(now + 60));
    let early = claim(&mut network, &worker).unwrap_err();
    assert!(early.contains("E_UNBONDING"), "{early}");
    network.step(1, 59);
    assert!(claim(&mut network, &worker).is_err(), "a second too early");
    network.step(1, 1);
    assert_eq!(claim(&mut network, &worker).unwrap(), 10_000);
    assert_eq!(network.balance(&worker.address), 10_000);
    assert_eq!(network.worker(&worker).claimable, None);
    let again = claim(&mut network, &worker).unwrap_err();
    assert!(again.contains("E_NOTHING_UNBONDING"), "{again}");
}

#[test]
fn unbonding_more_restarts_the_clock_of_the_one_entry() {
    let mut network = Network::five();
    let worker = network.workers[0].clone();
    leave(&mut network, &worker);
    unbond(&mut network, &worker, 1_000).unwrap();
    network.step(1, 50);
    let second = unbond(&mut network, &worker, 2_000).unwrap();
    assert_eq!(second.unbonding.u128(), 3_000);
    network.step(1, 10);
    assert!(claim(&mut network, &worker).is_err());
    network.step(1, 50);
    assert_eq!(claim(&mut network, &worker).unwrap(), 3_000);
}

#[test]
fn a_seat_keeps_its_lock_in_the_bond() {
    let mut network = Network::five();
    let worker = network.workers[0].clone();
    // The seat lock: 30 · F at the model's limits, F = 100.
    let refused = unbond(&mut network, &worker, 7_001).unwrap_err();
    assert!(refused.contains("E_SEATS_NEED"), "{refused}");
    unbond(&mut network, &worker, 7_000).unwrap();
    assert_eq!(network.worker(&worker).bond.u128(), 3_000);
}

#[test]
fn amounts_of_zero_or_above_the_bond_are_refused() {
    let mut network = Network::five();
    let worker = network.workers[0].clone();
    for amount in [0, 10_001] {
        let refused = unbond(&mut network, &worker, amount).unwrap_err();
        assert!(refused.contains("E_AMOUNT"), "{refused}");
    }
    let nobody = network.stranger.clone();
    let msg = ExecuteMsg::Unbond {
        amount: Uint128::new(1),
    };
    let refused = network.run(&nobody, &msg).unwrap_err();
    assert!(refused.contains("E_UNKNOWN_WORKER"), "{refused}");
}

#[test]
fn a_forfeit_finds_its_coins_in_the_unbonding_entry() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let liar = network.members(task, 0)[4].clone();
    leave(&mut network, &liar);
    unbond(&mut network, &liar, 9_000).unwrap();
    network.step(1, 61);
    let locked = claim(&mut network, &liar).unwrap_err();
    assert!(locked.contains("E_LOCKED"), "{locked}");
    let says = [
        Answer("a"),
        Answer("a"),
        Answer("a"),
        Answer("a"),
        Answer("b"),
    ];
    network.play(task, &says);
    network.advance(task);
    let info = network.worker(&liar);
    assert_eq!((info.bond.u128(), info.unbonding.u128()), (0, 7_000));
    assert_eq!(claim(&mut network, &liar).unwrap(), 7_000);
}

#[test]
fn a_jailed_worker_may_leave_and_take_its_bond_along() {
    let mut network = Network::start(&Options {
        bond: 20_000,
        ..Options::default()
    });
    let worker = network.workers[0].clone();
    leave(&mut network, &worker);
    unbond(&mut network, &worker, 20_000).unwrap();
    network.step(1, 60);
    assert_eq!(claim(&mut network, &worker).unwrap(), 20_000);
}
