//! The fourteen defects of the nearest relative, FreeWillAI's `TaskRunner.sol` of 2023: the same idea,
//! asked of several nodes and paid by agreement. Each is tried here as it would be tried there.
//!
//! Two of them are no matter of a contract. 11, an engine whose answers depend on the machine: the
//! tests named in [`defect_11_answers_are_the_same_on_every_machine`]. 12, model files that run code
//! when loaded: those named in [`defect_12_no_model_file_runs_code`].

use std::collections::BTreeSet;

use antiphon_api::*;

use crate::suite::copy::answer_of;
use crate::suite::elsewhere::are_tested;
use crate::suite::network::{DENOM, all};
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options, Worker};

const TIE: [Says; 5] = [
    Answer("a"),
    Answer("a"),
    Answer("b"),
    Answer("b"),
    Withholds,
];

/// There: a refund without a flag, taken again and again out of the stakes of others.
#[test]
fn defect_01_a_refund_is_paid_once() {
    for says in [TIE, [Answer("a"); 5]] {
        let mut network = Network::five();
        let task = network.settle(&says);
        let settled = network.totals();
        let balance = network.balance(&network.requester);
        for blocks in [0, 1, 1_000, 100_000] {
            network.blocks(blocks);
            network.advance(task);
            let stranger = network.stranger.clone();
            let tasks = vec![task; 10];
            network
                .run(&stranger, &ExecuteMsg::Advance { tasks })
                .unwrap();
        }
        assert_eq!(network.balance(&network.requester), balance);
        assert_eq!(network.totals(), settled);
    }
}

/// There: one node submits twice and is its own majority.
#[test]
fn defect_02_a_worker_has_one_vote() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let one = network.members(task, 0)[0].clone();
    let again = vec![network.commit_of(&one, task, Answer("a")); 31];
    let answered = network.commit(again);
    assert_eq!(all::<VoteCommitted>(&answered.events).len(), 1);
    let refused = all::<VoteRefused>(&answered.events);
    assert!(refused.iter().all(|it| it.code == "already_committed"));
    assert_eq!((refused.len(), network.task(task).committed), (30, 1));
}

/// There: results lie open, and later nodes are paid for copies of them.
#[test]
fn defect_03_what_others_say_is_seen_too_late_to_copy() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let says = [Answer("a"), Answer("a"), Answer("a"), Answer("a"), Silent];
    let copier = network.members(task, 0)[4].clone();
    network.commit_all(task, &says);
    network.blocks(150);
    network.reveal_all(task, &says[..1]);
    let seen = network.round(task, 0).tally[0].ballot.clone();
    let digest = network.task(task).task_digest;
    let late = commit_item(&copier, task, digest, 0, &seen);
    let refused = network.commit(vec![late]);
    assert_eq!(all::<VoteRefused>(&refused.events)[0].code, "too_late");
    network.reveal_all(task, &says);
    network.blocks(61);
    network.advance(task);
    assert_eq!(network.balance(&copier.address), 0);
}

/// There: the result is stored before the threshold is tested, and served when it was missed.
#[test]
fn defect_04_a_failed_consensus_is_never_served() {
    let mut network = Network::five();
    let task = network.settle(&TIE);
    let info = network.task(task);
    assert_eq!((info.status, info.outcome), (TaskStatus::Failed, None));
    let prompt = Cid::of_raw(Ask::default().prompt.as_bytes());
    let answer: AnswerResponse = network.query(&QueryMsg::Answer { model: 1, prompt });
    assert_eq!(answer.answer, None);
}

/// There: a tie goes to whoever was first.
#[test]
fn defect_05_a_tie_has_no_winner_whoever_was_first() {
    for says in [
        [Answer("a"), Answer("a"), Answer("b"), Answer("b"), Silent],
        [Answer("b"), Answer("a"), Answer("a"), Answer("b"), Silent],
    ] {
        let mut network = Network::five();
        let task = network.settle(&says);
        assert_eq!(network.task(task).status, TaskStatus::Failed);
        let paid: BTreeSet<_> = network
            .round(task, 0)
            .members
            .iter()
            .map(|it| it.paid)
            .collect();
        assert_eq!(paid, BTreeSet::from([Uint128::zero(), Uint128::new(20)]));
    }
}

/// There: where too few answer, the stakes of those who did are never returned.
#[test]
fn defect_06_too_few_answers_keep_nobodys_stake() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    network.commit_all(task, &[Answer("a"), Answer("a"), Silent, Silent, Silent]);
    for _ in 0..4 {
        network.blocks(700);
        network.advance(task);
    }
    assert_eq!(network.task(task).status, TaskStatus::Failed);
    let worker = network.workers[0].clone();
    for worker in &network.workers {
        assert_eq!(network.worker(worker).locked.u128(), 0);
        assert!(network.worker(worker).bond.u128() >= 9_990);
    }
    let steps = [
        ExecuteMsg::LeaveModel { model: 1 },
        ExecuteMsg::Unbond {
            amount: network.worker(&worker).bond,
        },
    ];
    for msg in &steps {
        network.run(&worker.address, msg).unwrap();
    }
    network.step(1, 60);
    network
        .run(&worker.address, &ExecuteMsg::ClaimUnbonded {})
        .unwrap();
}

/// There: every node may answer, and a majority costs two small stakes.
#[test]
fn defect_07_nobody_votes_who_was_not_drawn() {
    let mut network = Network::start(&Options::workers(12));
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let members = network.members(task, 0);
    let drawn: BTreeSet<_> = members.iter().map(|it| it.address.clone()).collect();
    let others = network
        .workers
        .iter()
        .filter(|it| !drawn.contains(&it.address));
    let commits: Vec<_> = others
        .map(|it| network.commit_of(it, task, Answer("lie")))
        .collect();
    assert_eq!(commits.len(), 7);
    let refused = all::<VoteRefused>(&network.commit(commits).events);
    assert!(refused.iter().all(|it| it.code == "not_a_member"));
    assert_eq!((refused.len(), network.task(task).committed), (7, 0));
    // A seat costs a bond of at least the largest lock of its model.
    let poor = Worker::new(network.stranger.clone(), 99);
    network
        .pay(&poor.address, &ExecuteMsg::Bond {}, 2_999)
        .unwrap();
    let update = ExecuteMsg::UpdateWorker {
        endpoint: None,
        moniker: None,
        voter: Some(poor.public_key()),
    };
    network.run(&poor.address, &update).unwrap();
    let join = ExecuteMsg::JoinModel { model: 1 };
    let refused = network.run(&poor.address, &join).unwrap_err();
    assert!(refused.contains("E_BOND"), "{refused}");
}

/// There: what a division leaves over is stuck.
#[test]
fn defect_08_nothing_is_left_over_by_a_division() {
    let mut network = Network::start(&Options::workers(16));
    let first = [
        Answer("a"),
        Answer("b"),
        Answer("a"),
        Answer("b"),
        Answer("a"),
    ];
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    network.play(task, &first);
    network.advance(task);
    network.draw(task);
    let mut second = vec![Answer("a"); 11];
    (second[0], second[1], second[2]) = (Answer("b"), Withholds, Answer("b"));
    network.play(task, &second);
    network.advance(task);
    let info = network.task(task);
    let moved = info.settlement.unwrap();
    let in_all = info.escrow + moved.forfeited + moved.appeal_bonds;
    let out = moved.paid + moved.refunded + moved.burned + moved.to_appellants;
    assert_eq!(in_all, out);
    assert!(moved.forfeited.u128() > 0);
    let totals = network.totals();
    assert_eq!((totals.escrows.u128(), totals.to_burn.u128()), (0, 0));
}

/// There: three signatures for each question, the last one after the answer.
#[test]
fn defect_09_one_message_asks_and_strangers_finish() {
    let mut network = Network::five();
    let requester = network.requester.clone();
    let task = network.ask(&Ask::default()).unwrap();
    let purse = |network: &Network| network.app.wrap().query_balance(&requester, DENOM).unwrap();
    let before = purse(&network);
    // From here on only the stranger sends anything.
    network.draw(task);
    network.play(task, &[Answer("a"); 5]);
    network.advance(task);
    assert_eq!(network.task(task).status, TaskStatus::Final);
    assert_eq!(network.balance(&requester), 200, "its refund waits for it");
    assert_eq!(purse(&network), before);
}

/// There: a node listens from the newest block on, and never hears of what came before.
#[test]
fn defect_10_a_worker_that_was_away_finds_its_tasks() {
    let mut network = Network::five();
    let tasks: Vec<_> = (0..3)
        .map(|_| network.ask(&Ask::default()).unwrap())
        .collect();
    network.draw(tasks[0]);
    network.blocks(50);
    // It starts now, and has seen no event.
    let worker = network.workers[0].clone();
    let duties: DutiesResponse = network.query(&QueryMsg::Duties {
        worker: worker.address.to_string(),
        start_after: None,
        limit: None,
    });
    let found: Vec<_> = duties
        .duties
        .iter()
        .map(|it| (it.task, it.action))
        .collect();
    let want: Vec<_> = tasks.iter().map(|it| (*it, DutyAction::Commit)).collect();
    assert_eq!(found, want);
    let duty = &duties.duties[2];
    let said = answer("a", &duty.task_digest.0, duty.round);
    let item = commit_item(&worker, duty.task, duty.task_digest, duty.round, &said);
    network.commit(vec![item]);
    assert_eq!(network.task(duty.task).committed, 1);
    are_tested(&[(
        "packages/chain/tests/chain/blocks.rs",
        "blocks_come_in_order_and_go_on_after_the_cursor",
    )]);
}

/// There: twelve tokens, no template, and whatever the processor makes of it. Here the engine is
/// tested; the contract names model and template by the digest of the manifest in every task.
#[test]
fn defect_11_answers_are_the_same_on_every_machine() {
    are_tested(&[
        (
            "packages/engine/tests/engine/golden.rs",
            "every_kernel_and_number_of_threads_reproduces_the_same_answers",
        ),
        (
            "packages/engine/tests/engine/model.rs",
            "the_first_steps_of_the_short_run_on_the_scalar_reference",
        ),
        (
            "packages/engine/tests/engine/template.rs",
            "chatml_and_its_defaults_are_written_as_specified",
        ),
        (
            "packages/numerics/tests/model.rs",
            "kernels_threads_and_chunks_give_the_same_bits",
        ),
    ]);
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    let model: ModelResponse = network.query(&QueryMsg::Model { model: 1 });
    assert_eq!(network.task(task).manifest, model.manifest);
}

/// There: a zip of anybody's, unpickled by every node. Here a model is a checked GGUF file and a
/// manifest of one raw block.
#[test]
fn defect_12_no_model_file_runs_code() {
    let file = "packages/engine/tests/engine/damaged.rs";
    are_tested(&[
        (
            file,
            "a_file_cut_short_anywhere_is_an_error_and_never_a_panic",
        ),
        (file, "a_flipped_byte_anywhere_in_the_header_never_panics"),
        (file, "keys_occur_once_and_are_on_the_list"),
        (
            "packages/engine/tests/engine/template.rs",
            "an_unknown_template_is_named_with_the_known_ones",
        ),
    ]);
    let network = Network::five();
    let mut msg = crate::matrix::messages::register();
    if let ExecuteMsg::RegisterModel { manifest, .. } = &mut msg {
        *manifest = Cid::of_dag_pb(b"an archive");
    }
    let funds = cosmwasm_std::coins(1_000, DENOM);
    let answered = network.copy().execute(&network.publisher, &msg, &funds);
    assert_eq!(answer_of(answered), "E_CODEC");
}

/// There: a stake is withdrawn in the moment in which its owner is found out.
#[test]
fn defect_13_a_stake_leaves_slowly_and_never_from_under_a_task() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let liar = network.members(task, 0)[0].clone();
    let says = [
        Answer("lie"),
        Answer("a"),
        Answer("a"),
        Answer("a"),
        Answer("a"),
    ];
    network.commit_all(task, &says);
    let bond = network.worker(&liar).bond;
    let flee = [
        ExecuteMsg::LeaveModel { model: 1 },
        ExecuteMsg::Unbond { amount: bond },
    ];
    for msg in &flee {
        network.run(&liar.address, msg).unwrap();
    }
    let claim = |network: &mut Network| network.run(&liar.address, &ExecuteMsg::ClaimUnbonded {});
    assert!(claim(&mut network).unwrap_err().contains("E_UNBONDING"));
    network.step(1, 60);
    assert!(claim(&mut network).unwrap_err().contains("E_LOCKED"));
    network.reveal_all(task, &says);
    network.advance(task);
    claim(&mut network).unwrap();
    assert_eq!(network.balance(&liar.address), 7_000, "3,000 are lost");
}

/// There: no event tells of a result or of an end.
#[test]
fn defect_14_every_step_of_a_task_is_told_and_can_be_read_back() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    network.play(task, &[Answer("a"); 5]);
    network.advance(task);
    let want = [
        "task_added",
        "beacon_published",
        "committee_drawn",
        "vote_committed",
        "reveal_opened",
        "vote_revealed",
        "task_answered",
        "task_finalised",
    ];
    for kind in want {
        assert!(
            network.told.contains(&format!("wasm-{kind}")),
            "{kind} was not told"
        );
        assert!(ContractEvent::KINDS.contains(&kind));
    }
    are_tested(&[(
        "packages/api/tests/events.rs",
        "events_are_read_back_from_what_a_node_shows",
    )]);
}
