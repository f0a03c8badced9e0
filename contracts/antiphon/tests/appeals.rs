//! Appeals: a larger, fresh committee for an outcome that stands, at the appellant's risk.

use antiphon_api::*;
use antiphon_contract::ContractError;
use cosmwasm_std::{Order, Storage, coins};

use crate::suite::copy::Copy;
use crate::suite::network::{DENOM, find};
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options};

/// Sixteen workers: a committee of 5, and one of 11 for an appeal.
fn sixteen() -> Network {
    Network::start(&Options {
        workers: 16,
        bond: 20_000,
        ..Options::default()
    })
}

/// A task whose round 0 says these and stands.
fn standing(network: &mut Network, says: &[Says]) -> u64 {
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    network.play(task, says);
    network.advance(task);
    assert_eq!(network.task(task).status, TaskStatus::Answered);
    task
}

fn appeal(network: &mut Network, task: u64, coins: u128) -> Result<TaskAppealed, String> {
    let response = network.pay(
        &network.requester.clone(),
        &ExecuteMsg::Appeal { task, round: None },
        coins,
    )?;
    Ok(find(&response.events).unwrap())
}

/// The next round says this, eleven times but for the last ones.
fn play_round(network: &mut Network, task: u64, text: &'static str, others: &[Says]) {
    network.draw(task);
    let mut says = vec![Answer(text); 11 - others.len()];
    says.extend(others);
    network.play(task, &says);
}

fn let_the_window_pass(network: &mut Network, task: u64) {
    let deadline = network.task(task).deadline.unwrap();
    let wait = deadline + 1 - network.height();
    network.blocks(wait);
    network.advance(task);
}

#[test]
fn an_appeal_takes_its_bond_and_opens_a_round_of_eleven() {
    let mut network = sixteen();
    let task = standing(&mut network, &[Answer("a"); 5]);
    assert_eq!(network.task(task).appeal_bond, Some(Uint128::new(4_100)));
    let told = appeal(&mut network, task, 4_100).unwrap();
    assert_eq!((told.round, told.size, told.bond.u128()), (1, 11, 4_100));
    let info = network.task(task);
    assert_eq!((info.status, info.round), (TaskStatus::Drawing, 1));
    assert_eq!(info.outcome_round, Some(0), "the outcome stands on");
    assert_eq!(network.totals().appeal_bonds.u128(), 4_100);
    let opened = network.round(task, 1).appeal.unwrap();
    assert_eq!(opened.by, network.requester.as_str());
}

#[test]
fn a_lost_appeal_pays_the_eleven_and_burns_the_rest() {
    let mut network = sixteen();
    let task = standing(
        &mut network,
        &[
            Answer("a"),
            Answer("a"),
            Answer("a"),
            Answer("a"),
            Answer("b"),
        ],
    );
    appeal(&mut network, task, 4_100).unwrap();
    play_round(&mut network, task, "a", &[Answer("b")]);
    let_the_window_pass(&mut network, task);
    let info = network.task(task);
    assert_eq!(info.status, TaskStatus::Final);
    // 4:1, the loser appeals (4,100), 10:1: 240 + 600 of the bond, 260 back (protocol, section 6).
    let money = info.settlement.unwrap();
    assert_eq!((money.paid.u128(), money.refunded.u128()), (840, 260));
    assert_eq!(money.burned.u128(), 9_500);
    assert_eq!(network.totals().appeal_bonds.u128(), 0);
}

#[test]
fn a_won_appeal_returns_its_bond_and_a_reward() {
    let mut network = sixteen();
    let task = standing(
        &mut network,
        &[
            Answer("b"),
            Answer("b"),
            Answer("b"),
            Answer("b"),
            Answer("a"),
        ],
    );
    let before = network.balance(&network.requester.clone());
    appeal(&mut network, task, 4_100).unwrap();
    play_round(&mut network, task, "a", &[Answer("b"); 3]);
    let_the_window_pass(&mut network, task);
    // 4 wrong : 1, appeal, 8:3: 60 + 480, 440 back, bond back + 4,100 reward, 16,420 burned; the
    // meter's cap of 16,000 is above the level before the forfeits.
    let money = network.task(task).settlement.unwrap();
    assert_eq!((money.paid.u128(), money.burned.u128()), (540, 16_420));
    let after = network.balance(&network.requester.clone());
    assert_eq!(after - before, 440 + 4_100 + 4_100 - 4_100 + 4_100);
}

#[test]
fn an_appeal_needs_a_standing_outcome_its_window_and_a_round() {
    let mut network = sixteen();
    let drawing = network.ask(&Ask::default()).unwrap();
    let refused = appeal(&mut network, drawing, 4_100).unwrap_err();
    assert!(refused.contains("E_NOT_ANSWERED"), "{refused}");
    let refused = appeal(&mut network, 99, 4_100).unwrap_err();
    assert!(refused.contains("E_UNKNOWN_TASK"), "{refused}");

    let task = standing(&mut network, &[Answer("a"); 5]);
    let refused = appeal(&mut network, task, 4_099).unwrap_err();
    assert!(refused.contains("E_FUNDS"), "{refused}");
    let deadline = network.task(task).deadline.unwrap();
    network.blocks(deadline + 1 - network.height());
    let refused = appeal(&mut network, task, 4_100).unwrap_err();
    assert!(refused.contains("E_APPEAL_OVER"), "{refused}");
    network.advance(task);
    let refused = appeal(&mut network, task, 4_100).unwrap_err();
    assert!(refused.contains("E_NOT_ANSWERED"), "{refused}");
}

#[test]
fn an_appeal_that_names_a_round_is_taken_only_while_that_round_is_the_last() {
    let mut network = sixteen();
    let task = standing(&mut network, &[Answer("a"); 5]);
    let of = |round| ExecuteMsg::Appeal {
        task,
        round: Some(round),
    };
    let requester = network.requester.clone();
    let mut copy = network.copy();
    let kept =
        |copy: &Copy| -> Vec<_> { copy.storage.range(None, None, Order::Ascending).collect() };
    let before = kept(&copy);
    let refused = copy.execute_and_keep(&requester, &of(1), &coins(4_100, DENOM));
    assert!(
        matches!(
            refused,
            Err(ContractError::OutcomeChanged {
                got: 1,
                want: 0,
                ..
            })
        ),
        "{refused:?}"
    );
    assert_eq!(kept(&copy), before, "what is refused stores nothing");
    network.pay(&requester, &of(0), 4_100).unwrap();
    assert_eq!(network.task(task).round, 1);
}

#[test]
fn the_last_block_of_the_window_takes_an_appeal() {
    let mut network = sixteen();
    let task = standing(&mut network, &[Answer("a"); 5]);
    let deadline = network.task(task).deadline.unwrap();
    network.blocks(deadline - network.height());
    appeal(&mut network, task, 4_100).unwrap();
}

#[test]
fn a_task_with_no_round_left_cannot_be_appealed() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    network.play(task, &[Answer("a"); 5]);
    assert_eq!(network.task(task).appeal_bond, None);
    let refused = appeal(&mut network, task, 4_100).unwrap_err();
    assert!(refused.contains("E_NO_ROUND_LEFT"), "{refused}");
}

#[test]
fn nobody_serves_twice_in_a_task() {
    let mut network = sixteen();
    let task = standing(&mut network, &[Answer("a"); 5]);
    appeal(&mut network, task, 4_100).unwrap();
    network.draw(task);
    let first = network.members(task, 0);
    let second = network.members(task, 1);
    assert_eq!((first.len(), second.len()), (5, 11));
    assert!(
        second
            .iter()
            .all(|it| first.iter().all(|other| other.address != it.address))
    );
}

#[test]
fn an_undecided_appeal_leaves_the_outcome_contested_and_returns_what_it_did_not_pay() {
    let mut network = sixteen();
    let task = standing(&mut network, &[Answer("a"); 5]);
    appeal(&mut network, task, 4_100).unwrap();
    play_round(&mut network, task, "a", &[Answer("b"); 5]);
    network.advance(task);
    let info = network.task(task);
    assert_eq!((info.status, info.contested), (TaskStatus::Final, true));
    let money = info.settlement.unwrap();
    // Five right at 60 from the escrow, eleven at g = 20 from the bond; nobody loses a lock.
    assert_eq!(money.paid.u128(), 5 * 60 + 11 * 20);
    assert_eq!((money.forfeited.u128(), money.burned.u128()), (0, 0));
    let answer: AnswerResponse = network.query(&QueryMsg::Answer {
        model: 1,
        prompt: Cid::of_raw(b"0123456789"),
    });
    assert_eq!(
        answer.answer, None,
        "a contested answer is not in the index"
    );
}

#[test]
fn an_open_task_is_contested_from_an_undecided_appeal_until_a_larger_round_decides() {
    let mut network = Network::start(&Options {
        workers: 39,
        bond: 20_000,
        ..Options::default()
    });
    let task = standing(&mut network, &[Answer("a"); 5]);
    let told = |network: &Network| {
        let open = network.task(task);
        (open.status, open.round, open.contested)
    };
    let again = |network: &mut Network| {
        let bond = network.task(task).appeal_bond.unwrap().u128();
        appeal(network, task, bond).unwrap();
    };
    again(&mut network);
    assert_eq!(told(&network), (TaskStatus::Drawing, 1, false));
    play_round(&mut network, task, "a", &[Answer("b"); 5]);
    network.advance(task);
    assert_eq!(told(&network), (TaskStatus::Answered, 1, true));
    again(&mut network);
    assert_eq!(told(&network), (TaskStatus::Drawing, 2, true));
    network.draw(task);
    network.play(task, &[Answer("a"); 23]);
    network.advance(task);
    let decided = network.task(task);
    assert_eq!((decided.outcome_round, decided.contested), (Some(2), false));
}

#[test]
fn security_names_an_appeals_bond_where_a_larger_round_can_be_drawn_and_nowhere_else() {
    let asked = |workers: u8| {
        let network = Network::start(&Options {
            workers,
            bond: 20_000,
            ..Options::default()
        });
        let found: SecurityResponse = network.query(&QueryMsg::Security {
            model: network.model,
            committee: Some(5),
        });
        (found.rounds_possible, found.appeal_bond.is_some())
    };
    assert_eq!(asked(5), (1, false));
    assert_eq!(asked(15), (1, false));
    assert_eq!(asked(16), (2, true));
}
