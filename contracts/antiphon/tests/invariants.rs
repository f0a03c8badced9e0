//! The invariants of the protocol (section 12), each as a readable test of its own. What random and
//! exhaustive runs show beyond this is in `simulation` and `explore`; invariant 16 is in `queries`.

mod crossing;
mod endings;
mod largest;
mod locks;
mod money;
mod order;
mod places;
mod share;
mod time;
mod versions;
mod votes;

use antiphon_api::*;

use crate::suite::votes::*;
use crate::suite::{Ask, Copy, Network, Options, Worker};

/// Sixteen workers: a committee of 5, and one of 11 for a second round.
fn sixteen() -> Network {
    Network::start(&Options {
        workers: 16,
        bond: 20_000,
        ..Options::default()
    })
}

/// Waits until the window of the task's state is over, in whose last block things still happen.
fn pass_window(network: &mut Network, task: u64) {
    let deadline = network.task(task).deadline.unwrap();
    let wait = deadline + 1 - network.height();
    network.blocks(wait);
}

/// A drawn task and its members, at the same height in a network and in a copy.
fn drawn() -> (Network, u64, Vec<Worker>) {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let members = network.members(task, 0);
    (network, task, members)
}

/// The commits of members who do what is said of them.
fn commits(network: &Network, task: u64, members: &[Worker], says: &[Says]) -> ExecuteMsg {
    let commits = members.iter().zip(says);
    let commits = commits
        .filter(|(_, says)| **says != Silent)
        .map(|(worker, says)| network.commit_of(worker, task, *says))
        .collect();
    ExecuteMsg::Commit { commits }
}

/// The reveals of the same.
fn reveals(network: &Network, task: u64, members: &[Worker], says: &[Says]) -> ExecuteMsg {
    let reveals = members.iter().zip(says);
    let reveals = reveals
        .filter(|(_, says)| !matches!(says, Silent | Withholds))
        .map(|(worker, says)| network.reveal_of(worker, task, *says))
        .collect();
    ExecuteMsg::Reveal { reveals }
}

/// Sends a message that may hold no votes at all: then it is not sent.
fn send(copy: &mut Copy, network: &Network, msg: &ExecuteMsg) {
    let empty = match msg {
        ExecuteMsg::Commit { commits } => commits.is_empty(),
        ExecuteMsg::Reveal { reveals } => reveals.is_empty(),
        _ => false,
    };
    if !empty {
        copy.execute(&network.stranger, msg, &[]).unwrap();
    }
}

/// A stranger's `advance`, after so many blocks.
fn advance_after(copy: &mut Copy, network: &Network, task: u64, blocks: u64) {
    copy.blocks(blocks);
    let advance = ExecuteMsg::Advance { tasks: vec![task] };
    send(copy, network, &advance);
}
