//! One test for each attack that the protocol closes: on the draw in `draws`, on votes in `votes`, by
//! who asks in `asking`, by contracts that are called in `calls`, by the owner in `owner`.

mod asking;
mod calls;
mod draws;
mod owner;
mod votes;

use antiphon_api::*;

use crate::suite::{Ask, Network, Options};

/// Sixteen workers: a committee of 5, and one of 11 for an appeal.
fn sixteen() -> Network {
    Network::start(&Options {
        workers: 16,
        bond: 20_000,
        ..Options::default()
    })
}

/// Posts and lets the randomness become public; nobody has drawn yet.
fn randomness_is_public(network: &mut Network) -> u64 {
    let task = network.ask(&Ask::default()).unwrap();
    let round = network.task(task).waits_for.unwrap();
    network.blocks(3);
    network.publish(round, 0).unwrap();
    task
}

/// The committee that a task gets, as addresses.
fn committee(network: &mut Network, task: u64) -> Vec<String> {
    network.advance(task);
    let members = network.round(task, 0).members;
    members.into_iter().map(|it| it.worker).collect()
}

/// The committee that it would get.
fn foreseen(network: &Network, task: u64) -> Vec<String> {
    let mut copy = network.copy();
    let tasks = vec![task];
    copy.execute(&network.stranger, &ExecuteMsg::Advance { tasks }, &[])
        .unwrap();
    let members = copy.round(task, 0).members;
    members.into_iter().map(|it| it.worker).collect()
}
