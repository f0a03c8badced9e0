//! Where the money is, and who gets it.

use std::collections::BTreeMap;

use antiphon_api::*;
use cosmwasm_std::{Addr, coins};
use cw_multi_test::Executor;

use super::{pass_window, sixteen};
use crate::matrix::messages::post;
use crate::suite::network::{DENOM, find};
use crate::suite::votes::*;
use crate::suite::{Ask, Network};

/// Every pot by its name.
fn pots(totals: &TotalsResponse) -> BTreeMap<String, u128> {
    let value = serde_json::to_value(totals).unwrap();
    let fields = value.as_object().unwrap().clone();
    let amount = |value: serde_json::Value| value.as_str().unwrap().parse::<u128>().unwrap();
    fields
        .into_iter()
        .map(|(name, it)| (name, amount(it)))
        .collect()
}

fn bank(network: &Network, account: &Addr) -> u128 {
    let held = network.app.wrap().query_balance(account, DENOM).unwrap();
    held.amount.to_string().parse().unwrap()
}

/// A task that failed by a beacon that came too late: its forfeit is burned by the next `advance`.
fn fill_the_pot_to_burn(network: &mut Network) {
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let says = [
        Answer("a"),
        Answer("b"),
        Answer("a"),
        Answer("b"),
        Withholds,
    ];
    network.play(task, &says);
    network.advance(task);
    let round = network.task(task).waits_for.unwrap();
    network.blocks(601);
    network.publish(round, 1).unwrap();
    assert_eq!(network.task(task).status, TaskStatus::Failed);
}

/// A task with a callback whose outcome is appealed.
fn appealed(network: &mut Network) -> u64 {
    let requester = network.requester.clone();
    let mut msg = post(&network.workers[0].address);
    if let ExecuteMsg::PostTask { callback, .. } = &mut msg {
        *callback = Some(Callback {
            gas_limit: 1,
            with_text: false,
        });
    }
    let posted = network.pay(&requester, &msg, 510).unwrap();
    let task = find::<TaskAdded>(&posted.events).unwrap().task;
    network.draw(task);
    network.play(task, &[Answer("a"); 5]);
    network
        .pay(&requester, &ExecuteMsg::Appeal { task, round: None }, 4_100)
        .unwrap();
    task
}

#[test]
fn invariant_01_the_pots_are_what_came_in_less_what_left() {
    let mut network = sixteen();
    fill_the_pot_to_burn(&mut network);
    appealed(&mut network);
    let worker = network.workers[0].address.clone();
    let unbond = ExecuteMsg::Unbond {
        amount: Uint128::new(1_000),
    };
    network.run(&worker, &unbond).unwrap();
    let stranger = network.stranger.clone();
    network.pay(&stranger, &ExecuteMsg::Deposit {}, 70).unwrap();
    let some = ExecuteMsg::Withdraw {
        amount: Some(Uint128::new(30)),
    };
    network.run(&stranger, &some).unwrap();

    let totals = network.totals();
    let mut pots = pots(&totals);
    let flows = ["coins_in", "withdrawn", "burned"].map(|it| pots.remove(it).unwrap());
    assert_eq!(pots.len(), 8);
    for (name, amount) in &pots {
        assert!(*amount > 0, "nothing in {name}: this shows nothing");
    }
    let sum: u128 = pots.values().sum();
    assert_eq!(sum, flows[0] - flows[1] - flows[2]);
    assert_eq!(sum, bank(&network, &network.contract));
}

/// Coins that somebody sends to the contract without a message belong to nobody there.
#[test]
fn invariant_01_a_donation_moves_no_pot() {
    let mut network = sixteen();
    let before = network.totals();
    let (stranger, contract) = (network.stranger.clone(), network.contract.clone());
    let gift = coins(777, DENOM);
    network.app.send_tokens(stranger, contract, &gift).unwrap();
    assert_eq!(network.totals(), before);
    let flow = before.coins_in.u128() - before.withdrawn.u128() - before.burned.u128();
    assert_eq!(bank(&network, &network.contract), flow + 777);
}

/// All that an account has, in its purse and in the contract.
fn wealth(network: &Network, account: &Addr) -> i128 {
    let mut all = bank(network, account) + network.balance(account);
    let worker = network.workers.iter().find(|it| it.address == *account);
    if let Some(worker) = worker {
        let info = network.worker(worker);
        all += info.bond.u128() + info.unbonding.u128();
    }
    i128::try_from(all).unwrap()
}

/// What the tasks say everybody earned as a member.
fn fees(network: &Network, tasks: &[u64]) -> BTreeMap<String, u128> {
    let mut earned = BTreeMap::new();
    for task in tasks {
        for round in 0..=network.task(*task).round {
            for member in network.round(*task, round).members {
                *earned.entry(member.worker).or_default() += member.paid.u128();
            }
        }
    }
    earned
}

#[test]
fn invariant_04_nobody_receives_more_than_it_put_in_and_earned() {
    let mut network = sixteen();
    let mut accounts = vec![
        network.requester.clone(),
        network.stranger.clone(),
        network.publisher.clone(),
    ];
    accounts.extend(network.workers.iter().map(|it| it.address.clone()));
    let before: Vec<_> = accounts.iter().map(|it| wealth(&network, it)).collect();
    // Four liars against one; a stranger appeals, and eleven see it right.
    let won = network.ask(&Ask::default()).unwrap();
    network.draw(won);
    let lies = [
        Answer("b"),
        Answer("b"),
        Answer("b"),
        Answer("b"),
        Answer("a"),
    ];
    network.play(won, &lies);
    let stranger = network.stranger.clone();
    let appeal = ExecuteMsg::Appeal {
        task: won,
        round: None,
    };
    network.pay(&stranger, &appeal, 4_100).unwrap();
    network.draw(won);
    let mut says = vec![Answer("a"); 11];
    (says[1], says[2], says[3]) = (Withholds, Answer("b"), Silent);
    network.play(won, &says);
    network.advance(won);
    // And one that fails.
    let failed = network.ask(&Ask::default()).unwrap();
    network.blocks(61);
    network.advance(failed);
    for _ in 0..3 {
        network.blocks(1_000);
        network.advance(failed);
    }
    assert_eq!(network.task(won).status, TaskStatus::Final);
    assert_eq!(network.task(failed).status, TaskStatus::Failed);
    let earned = fees(&network, &[won, failed]);
    let reward = network.task(won).settlement.unwrap().to_appellants.u128() - 4_100;
    assert!(reward > 0);
    let mut sum = 0;
    for (account, before) in accounts.iter().zip(before) {
        let gain = wealth(&network, account) - before;
        let mut most = earned.get(account.as_str()).copied().unwrap_or(0);
        if *account == stranger {
            most += reward;
        }
        assert!(
            gain <= i128::try_from(most).unwrap(),
            "{account}: {gain} of {most}"
        );
        sum += gain;
    }
    let burned = i128::try_from(network.totals().burned.u128()).unwrap();
    assert_eq!(sum, -burned, "what nobody has was burned");
}

#[test]
fn invariant_14_when_all_is_over_and_withdrawn_bonds_and_deposits_are_left() {
    let mut network = sixteen();
    fill_the_pot_to_burn(&mut network);
    let task = appealed(&mut network);
    network.draw(task);
    network.play(task, &[Answer("a"); 11]);
    pass_window(&mut network, task);
    network.advance(task);
    network.blocks(17_281);
    network.advance(task);
    let worker = network.workers[0].address.clone();
    let unbond = ExecuteMsg::Unbond {
        amount: Uint128::new(1_000),
    };
    network.run(&worker, &unbond).unwrap();
    let mut accounts = vec![network.requester.clone()];
    accounts.extend(network.workers.iter().map(|it| it.address.clone()));
    for account in &accounts {
        if network.balance(account) > 0 {
            let all = ExecuteMsg::Withdraw { amount: None };
            network.run(account, &all).unwrap();
        }
    }
    let totals = network.totals();
    let (bonds, unbonding) = (totals.bonds.u128(), totals.unbonding.u128());
    assert_eq!((unbonding, totals.model_deposits.u128()), (1_000, 1_000));
    assert_eq!(bonds + unbonding + 1_000, bank(&network, &network.contract));
    let held = [
        totals.balances,
        totals.escrows,
        totals.deliver_fees,
        totals.appeal_bonds,
        totals.to_burn,
    ];
    assert_eq!(held.map(|it| it.u128()), [0; 5]);
}
