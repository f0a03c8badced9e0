//! What changes while a task is open, and what does not.

use antiphon_api::*;

use super::pass_window;
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options};

/// Everything that a task keeps from its own version, as far away as an update may go.
fn others(params: &Params) -> Params {
    Params {
        committee: 15,
        max_rounds: 1,
        max_draws: 1,
        draw_window_blocks: 5,
        draw_window_seconds: 5,
        commit_window_blocks: 5,
        commit_tokens_per_block: 4_096,
        reveal_window_blocks: 5,
        appeal_window_blocks: 7,
        lock_multiple: 100,
        min_lock: params.min_lock * Uint128::new(2),
        min_base: params.min_base * Uint128::new(2),
        model_deposit: params.model_deposit * Uint128::new(2),
        max_callback_gas: 0,
        deliver_window_blocks: 10,
        ..params.clone()
    }
}

/// A long life of one task; what the owner does comes before each step. Returns what was seen of the
/// task after each.
fn life(mut owner: impl FnMut(&mut Network, usize)) -> Vec<(TaskResponse, RoundResponse)> {
    let options = Options::default();
    let mut network = Network::start(&Options {
        workers: 20,
        bond: 50_000,
        owned: true,
        params: Params {
            appeal_window_blocks: 20,
            ..options.params.clone()
        },
        ..options
    });
    let task = network.ask(&Ask::default()).unwrap();
    let split = [
        Answer("a"),
        Answer("a"),
        Answer("a"),
        Answer("a"),
        Answer("b"),
    ];
    let steps: [&dyn Fn(&mut Network); 10] = [
        &|network| drop(network.draw(task)),
        &|network| drop(network.commit_all(task, &[Answer("a"), Silent, Answer("a")])),
        &|network| pass_window(network, task),
        &|network| drop(network.advance(task)),
        &|network| drop(network.draw(task)),
        &|network| {
            let members = network.members(task, 0);
            let commits = [1, 3, 4].map(|it| network.commit_of(&members[it], task, split[it]));
            network.commit(commits.to_vec());
            network.blocks(30);
        },
        &|network| drop(network.reveal_all(task, &split)),
        &|network| {
            network.blocks(20);
            let requester = network.requester.clone();
            let appeal = ExecuteMsg::Appeal { task, round: None };
            network.pay(&requester, &appeal, 4_100).unwrap();
        },
        &|network| {
            network.draw(task);
            network.play(task, &[Answer("a"); 11]);
        },
        &|network| {
            pass_window(network, task);
            network.advance(task);
        },
    ];
    let mut seen = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        owner(&mut network, number);
        step(&mut network);
        let info = network.task(task);
        let round = network.round(task, info.round);
        seen.push((info, round));
    }
    seen
}

#[test]
fn invariant_12_a_parameter_change_never_alters_an_open_task() {
    let quiet = life(|_, _| {});
    let ended = &quiet.last().unwrap().0;
    assert_eq!(ended.status, TaskStatus::Final);
    assert_eq!(ended.params_version, 1);
    for at in 0..10 {
        let changed = life(|network, number| {
            if number == at {
                let current: ParamsResponse = network.query(&QueryMsg::Params { version: None });
                let params = others(&current.params);
                let owner = network.requester.clone();
                let update = ExecuteMsg::UpdateParams { params };
                network.run(&owner, &update).unwrap();
            }
        });
        assert_eq!(changed, quiet, "an update before step {at}");
    }
}

/// The meter of the protocol, section 6, written once more.
#[derive(Default)]
struct Bucket {
    level: u128,
    height: u128,
}

impl Bucket {
    /// Whether the forfeits of a task that ends at `height` are taken.
    fn takes(&mut self, height: u64, bonds: u128, forfeits: u128) -> bool {
        let (cap, height) = (bonds * 50 / 1_000, u128::from(height));
        let leaked = cap * (height - self.height) / 720;
        let level = self.level.saturating_sub(leaked);
        if forfeits == 0 || level >= cap {
            return false;
        }
        (self.level, self.height) = (level + forfeits, height);
        true
    }
}

#[test]
fn invariant_13_the_meter_takes_all_of_a_tasks_forfeits_or_none() {
    let mut network = Network::start(&Options {
        bond: 100_000,
        ..Options::default()
    });
    let mut bucket = Bucket::default();
    let (mut taken, mut withheld) = (0, 0);
    for number in 0_usize..60 {
        let withholders = [0, 1, 0, 2, 3, 1, 5, 0, 4, 2][number * 7 % 10];
        let mut says = vec![Answer("a"); 5 - withholders];
        says.extend(vec![Withholds; withholders]);
        let totals = network.totals();
        let bonds = totals.bonds.u128() + totals.unbonding.u128();
        if bonds < 200_000 {
            break;
        }
        let task = network.settle(&says);
        if network.round(task, 0).members.len() < 5 {
            break;
        }
        let due = u128::try_from(withholders).unwrap() * 3_000;
        let takes = bucket.takes(network.height(), bonds, due);
        let moved = network.task(task).settlement.unwrap();
        let want = if takes { due } else { 0 };
        assert_eq!(moved.forfeited.u128(), want, "task {number}");
        assert_eq!(moved.slash_withheld, due > 0 && !takes);
        taken += u32::from(takes);
        withheld += u32::from(moved.slash_withheld);
        network.blocks([0, 10, 0, 60, 300][number % 5]);
    }
    assert!(
        taken > 5 && withheld > 5,
        "{taken} taken, {withheld} withheld"
    );
}
