//! How tasks end, and who gets and loses what: the worked examples of protocol section 6.

use antiphon_api::*;

use crate::suite::network::{DENOM, find};
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options};

/// Plays a task with five members and asserts its money.
fn ends(says: [Says; 5], status: TaskStatus, money: [u128; 5]) -> (Network, u64) {
    let mut network = Network::five();
    let task = network.settle(&says);
    assert_money(&network, task, status, money);
    (network, task)
}

/// paid, refunded, forfeited, burned, miss charges.
fn assert_money(network: &Network, task: u64, status: TaskStatus, money: [u128; 5]) {
    let info = network.task(task);
    assert_eq!(info.status, status);
    let it = info.settlement.unwrap();
    let found = [
        it.paid,
        it.refunded,
        it.forfeited,
        it.burned,
        it.miss_charges,
    ];
    assert_eq!(found.map(|amount| amount.u128()), money);
}

fn conducts(network: &Network, task: u64, round: u8) -> Vec<ConductInfo> {
    let members = network.round(task, round).members;
    members.iter().map(|it| it.conduct.unwrap()).collect()
}

#[test]
fn a_withholder_loses_its_lock_and_the_others_are_paid() {
    let says = [
        Answer("a"),
        Answer("a"),
        Withholds,
        Answer("a"),
        Answer("a"),
    ];
    let (network, task) = ends(says, TaskStatus::Final, [240, 260, 3_000, 3_000, 0]);
    assert_eq!(conducts(&network, task, 0)[2], ConductInfo::Withheld);
    let member = network.round(task, 0).members[2].clone();
    assert_eq!(member.forfeited.u128(), 3_000);
    let worker = network.actor(&member.worker);
    assert_eq!(network.worker(&worker).bond.u128(), 7_000);
}

#[test]
fn one_is_silent_and_four_decide() {
    let says = [Silent, Answer("a"), Answer("a"), Answer("a"), Answer("a")];
    let (network, task) = ends(says, TaskStatus::Final, [240, 260, 0, 0, 10]);
    assert_eq!(conducts(&network, task, 0)[0], ConductInfo::Silent);
    let worker = network.actor(&network.round(task, 0).members[0].worker);
    let info = network.worker(&worker);
    assert_eq!((info.bond.u128(), info.misses), (9_990, 1));
    assert_eq!(network.totals().burned.u128(), 10);
}

#[test]
fn three_against_two_fails_and_everybody_who_worked_gets_the_base_fee() {
    let says = [
        Answer("a"),
        Answer("a"),
        Answer("a"),
        Answer("b"),
        Answer("b"),
    ];
    let (network, task) = ends(says, TaskStatus::Failed, [100, 400, 0, 0, 0]);
    assert_eq!(conducts(&network, task, 0), vec![ConductInfo::Revealer; 5]);
    assert_eq!(network.task(task).outcome, None);
}

#[test]
fn a_liar_against_four_loses_its_lock() {
    let says = [
        Answer("a"),
        Answer("lie"),
        Answer("a"),
        Answer("a"),
        Answer("a"),
    ];
    let (network, task) = ends(says, TaskStatus::Final, [240, 260, 3_000, 3_000, 0]);
    assert_eq!(conducts(&network, task, 0)[1], ConductInfo::Wrong);
}

#[test]
fn the_right_answer_with_another_trace_is_a_wrong_ballot() {
    let says = [
        Answer("a"),
        Untraced("a"),
        Answer("a"),
        Answer("a"),
        Answer("a"),
    ];
    let (network, task) = ends(says, TaskStatus::Final, [240, 260, 3_000, 3_000, 0]);
    assert_eq!(conducts(&network, task, 0)[1], ConductInfo::Wrong);
}

#[test]
fn five_different_ballots_fail_and_nobody_loses_a_lock() {
    let says = [Answer("a"), Answer("b"), Answer("c"), Answer("d"), Invalid];
    ends(says, TaskStatus::Failed, [100, 400, 0, 0, 0]);
}

#[test]
fn an_unavailable_prompt_costs_the_base_fees() {
    let (network, task) = ends([Unavailable; 5], TaskStatus::Final, [100, 400, 0, 0, 0]);
    assert_eq!(network.task(task).outcome, Some(Ballot::Unavailable {}));
}

#[test]
fn an_answer_against_four_unavailable_is_neutral() {
    let says = [
        Unavailable,
        Unavailable,
        Unavailable,
        Unavailable,
        Answer("a"),
    ];
    let (network, task) = ends(says, TaskStatus::Final, [80, 420, 0, 0, 0]);
    assert_eq!(conducts(&network, task, 0)[4], ConductInfo::Neutral);
}

#[test]
fn unavailable_against_four_answers_is_a_miss() {
    let says = [
        Answer("a"),
        Answer("a"),
        Answer("a"),
        Answer("a"),
        Unavailable,
    ];
    let (network, task) = ends(says, TaskStatus::Final, [240, 260, 0, 0, 10]);
    assert_eq!(conducts(&network, task, 0)[4], ConductInfo::Unavailable);
}

#[test]
fn an_answer_against_four_invalid_is_wrong() {
    let says = [Invalid, Invalid, Invalid, Invalid, Answer("a")];
    let (network, task) = ends(says, TaskStatus::Final, [80, 420, 3_000, 3_000, 0]);
    assert_eq!(conducts(&network, task, 0)[4], ConductInfo::Wrong);
}

#[test]
fn withholders_of_a_failed_task_are_burned_whole() {
    let says = [Answer("a"), Answer("b"), Unavailable, Withholds, Withholds];
    let (network, task) = ends(says, TaskStatus::Failed, [40, 460, 6_000, 6_000, 0]);
    assert_eq!(conducts(&network, task, 0)[2], ConductInfo::Unavailable);
}

#[test]
fn forfeits_leave_the_supply_of_the_chain() {
    let mut network = Network::five();
    let supply = |network: &Network| network.app.wrap().query_supply(DENOM).unwrap().amount;
    let before = supply(&network);
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let says = [
        Withholds,
        Answer("a"),
        Answer("a"),
        Answer("a"),
        Answer("a"),
    ];
    network.play(task, &says);
    let ended = network.advance(task);
    assert_eq!(find::<Burned>(&ended.events).unwrap().amount.u128(), 3_000);
    assert_eq!(find::<Slashed>(&ended.events).unwrap().amount.u128(), 3_000);
    assert_eq!((before - supply(&network)).to_string(), "3000");
    assert_eq!(network.totals().to_burn.u128(), 0);
    assert_eq!(network.totals().burned.u128(), 3_000);
}

/// A network in which a task can have two rounds: 5 and 11 members.
fn sixteen() -> Network {
    Network::start(&Options::workers(16))
}

/// Plays round 0 until it is undecided, then round 1.
fn two_rounds(network: &mut Network, first: [Says; 5], second: [Says; 11]) -> u64 {
    let task = network.ask(&Ask::default()).unwrap();
    assert_eq!(network.task(task).rounds_possible, 2);
    network.draw(task);
    network.play(task, &first);
    assert!(network.task(task).undecided);
    let opened = network.advance(task);
    assert_eq!(find::<RoundOpened>(&opened.events).unwrap().size, 11);
    network.draw(task);
    network.play(task, &second);
    network.advance(task);
    task
}

fn nine_to_two() -> [Says; 11] {
    let mut says = [Answer("a"); 11];
    says[3] = Answer("b");
    says[7] = Answer("b");
    says
}

const THREE_TO_TWO: [Says; 5] = [
    Answer("a"),
    Answer("b"),
    Answer("a"),
    Answer("b"),
    Answer("a"),
];

#[test]
fn three_to_two_then_nine_to_two_judges_both_rounds() {
    let mut network = sixteen();
    let task = two_rounds(&mut network, THREE_TO_TWO, nine_to_two());
    assert_money(
        &network,
        task,
        TaskStatus::Final,
        [720, 320, 12_000, 11_460, 0],
    );
    let first = conducts(&network, task, 0);
    assert_eq!(first[0], ConductInfo::Right);
    assert_eq!(first[1], ConductInfo::Wrong);
    assert_eq!(network.task(task).outcome_round, Some(1));
    let served: Vec<_> = (0..2)
        .flat_map(|round| network.round(task, round).members)
        .map(|member| member.worker)
        .collect();
    let distinct: std::collections::BTreeSet<_> = served.iter().collect();
    assert_eq!(distinct.len(), 16, "nobody serves twice in a task");
}

#[test]
fn with_the_meter_full_no_lock_is_taken_and_the_pot_is_shared() {
    let mut network = sixteen();
    two_rounds(&mut network, THREE_TO_TWO, nine_to_two());
    let task = two_rounds(&mut network, THREE_TO_TWO, nine_to_two());
    assert_money(&network, task, TaskStatus::Final, [492, 8, 0, 0, 0]);
    assert!(network.task(task).settlement.unwrap().slash_withheld);
}

#[test]
fn in_an_undecided_round_the_answer_counts_and_not_its_trace() {
    let mut network = sixteen();
    let first = [
        Answer("a"),
        Untraced("a"),
        Answer("a"),
        Untraced("a"),
        Answer("a"),
    ];
    let task = two_rounds(&mut network, first, [Answer("a"); 11]);
    assert_eq!(conducts(&network, task, 0), vec![ConductInfo::Right; 5]);
}

#[test]
fn unavailable_in_a_later_round_decides_nothing() {
    let mut network = sixteen();
    let task = two_rounds(&mut network, THREE_TO_TWO, [Unavailable; 11]);
    assert_money(&network, task, TaskStatus::Failed, [100, 400, 0, 0, 0]);
}

fn answer_of(network: &Network, prompt: &str) -> Option<AnswerEntry> {
    let msg = QueryMsg::Answer {
        model: network.model,
        prompt: Cid::of_raw(prompt.as_bytes()),
    };
    network.query::<AnswerResponse>(&msg).answer
}

#[test]
fn a_different_later_answer_marks_a_conflict_and_a_larger_committee_clears_it() {
    let mut network = Network::start(&Options::workers(7));
    let prompt = Ask::default().prompt;
    assert_eq!(answer_of(&network, prompt), None);
    let first = network.settle(&[Answer("a"); 5]);
    network.settle(&[Answer("a"); 5]);
    let entry = answer_of(&network, prompt).unwrap();
    assert_eq!((entry.task, entry.conflict), (first, false));

    network.settle(&[Answer("b"); 5]);
    let entry = answer_of(&network, prompt).unwrap();
    assert_eq!((entry.task, entry.conflict), (first, true));

    let ask = Ask {
        committee: Some(7),
        coins: 700,
        ..Ask::default()
    };
    let larger = network.ask(&ask).unwrap();
    network.draw(larger);
    network.play(larger, &[Answer("b"); 7]);
    network.advance(larger);
    let entry = answer_of(&network, prompt).unwrap();
    assert_eq!((entry.task, entry.conflict), (larger, false));
    assert_eq!((entry.committee, entry.votes), (7, 7));
}

#[test]
fn a_failed_task_enters_no_answer() {
    let mut network = Network::five();
    network.settle(&THREE_TO_TWO);
    network.settle(&[Invalid; 5]);
    assert_eq!(answer_of(&network, Ask::default().prompt), None);
}

#[test]
fn when_all_is_withdrawn_the_contract_holds_bonds_and_deposits() {
    let mut network = Network::five();
    network.settle(&[Answer("a"); 5]);
    network.settle(&THREE_TO_TWO);
    let mut accounts = vec![network.requester.clone()];
    accounts.extend(network.workers.iter().map(|it| it.address.clone()));
    for account in accounts {
        network
            .run(&account, &ExecuteMsg::Withdraw { amount: None })
            .unwrap();
    }
    let totals = network.totals();
    assert_eq!(totals.balances.u128(), 0);
    assert_eq!(totals.escrows.u128(), 0);
    let held = network
        .app
        .wrap()
        .query_balance(&network.contract, DENOM)
        .unwrap();
    assert_eq!(held.amount.to_string(), "51000");
}
