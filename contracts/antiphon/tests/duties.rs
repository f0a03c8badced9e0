//! What workers are told to do.

use antiphon_api::*;

use crate::suite::network::manifest;
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options, Worker};

fn duties(network: &Network, worker: &Worker) -> Vec<Duty> {
    let msg = QueryMsg::Duties {
        worker: worker.address.to_string(),
        start_after: None,
        limit: None,
    };
    network.query::<DutiesResponse>(&msg).duties
}

fn actions(network: &Network, worker: &Worker) -> Vec<DutyAction> {
    duties(network, worker).iter().map(|it| it.action).collect()
}

#[test]
fn a_member_is_led_through_its_task() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    let worker = network.workers[0].clone();
    assert_eq!(duties(&network, &worker), []);
    network.draw(task);
    let duty = duties(&network, &worker)[0].clone();
    let info = network.task(task);
    assert_eq!((duty.task, duty.action), (task, DutyAction::Commit));
    assert_eq!(Some(duty.deadline), info.deadline);
    assert_eq!(duty.task_digest, info.task_digest);
    assert_eq!(duty.manifest, manifest());
    assert_eq!(duty.holders, info.holders);
    let position = usize::try_from(duty.position).unwrap();
    assert_eq!(network.members(task, 0)[position].address, worker.address);

    let item = network.commit_of(&worker, task, Answer("a"));
    network.commit(vec![item.clone()]);
    let duty = duties(&network, &worker)[0].clone();
    assert_eq!(duty.action, DutyAction::Wait);
    assert_eq!(duty.commitment, Some(item.commitment));

    let others: Vec<_> = network
        .members(task, 0)
        .iter()
        .filter(|it| it.address != worker.address)
        .map(|it| network.commit_of(it, task, Answer("a")))
        .collect();
    network.commit(others);
    assert_eq!(actions(&network, &worker), [DutyAction::Reveal]);
    let item = network.reveal_of(&worker, task, Answer("a"));
    network.reveal(vec![item]);
    assert_eq!(duties(&network, &worker), []);
}

#[test]
fn after_the_commit_window_a_quorum_may_reveal_at_once() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let members = network.members(task, 0);
    network.commit_all(
        task,
        &[Silent, Answer("a"), Answer("a"), Answer("a"), Answer("a")],
    );
    let deadline = network.task(task).deadline.unwrap();
    let wait = deadline - 1 - network.height();
    network.blocks(wait);
    assert_eq!(actions(&network, &members[0]), [DutyAction::Commit]);
    network.blocks(1);
    assert_eq!(actions(&network, &members[0]), []);
    let duty = duties(&network, &members[1])[0].clone();
    assert_eq!(duty.action, DutyAction::Reveal);
    network.blocks(1);
    let item = network.reveal_of(&members[1], task, Answer("a"));
    network.reveal(vec![item]);
    assert_eq!(network.task(task).deadline, Some(duty.deadline));
}

#[test]
fn duties_page_by_task() {
    let mut network = Network::start(&Options {
        bond: 100_000,
        ..Options::default()
    });
    let tasks: Vec<_> = (0..12)
        .map(|_| network.ask(&Ask::default()).unwrap())
        .collect();
    network.draw(tasks[0]);
    for task in &tasks {
        network.advance(*task);
    }
    let page = |after: Option<u64>, limit: Option<u32>| {
        let msg = QueryMsg::Duties {
            worker: network.workers[0].address.to_string(),
            start_after: after,
            limit,
        };
        let found = network.query::<DutiesResponse>(&msg).duties;
        found.iter().map(|it| it.task).collect::<Vec<_>>()
    };
    assert_eq!(page(None, None), tasks[..10]);
    assert_eq!(page(Some(tasks[9]), None), tasks[10..]);
    assert_eq!(page(None, Some(2)), tasks[..2]);
    assert_eq!(page(None, Some(u32::MAX)), tasks);
    assert_eq!(page(None, Some(0)), tasks[..1]);
    let next = |after: Option<u64>| {
        let msg = QueryMsg::Duties {
            worker: network.workers[0].address.to_string(),
            start_after: after,
            limit: None,
        };
        network.query::<DutiesResponse>(&msg).next
    };
    assert_eq!(next(None), Some(tasks[9]));
    assert_eq!(next(Some(tasks[9])), None);
    assert_eq!(next(Some(tasks[1])), None, "a full page may be the last");
}

#[test]
fn queries_of_unknown_things_are_typed_errors() {
    let network = Network::five();
    let stranger = network.stranger.to_string();
    let cases = [
        (QueryMsg::Task { task: 1 }, "E_UNKNOWN_TASK"),
        (QueryMsg::Round { task: 1, round: 0 }, "E_UNKNOWN_TASK"),
        (QueryMsg::Model { model: 9 }, "E_UNKNOWN_MODEL"),
        (QueryMsg::Worker { worker: stranger }, "E_UNKNOWN_WORKER"),
        (
            QueryMsg::Worker {
                worker: "x".to_owned(),
            },
            "E_ADDRESS",
        ),
        (QueryMsg::Params { version: Some(2) }, "E_UNKNOWN_PARAMS"),
        (
            QueryMsg::Seats {
                model: 9,
                start_after: None,
                limit: None,
            },
            "E_UNKNOWN_MODEL",
        ),
        (
            QueryMsg::EstimateFee {
                model: 1,
                prompt_bytes: 1,
                max_output_tokens: 1,
                committee: Some(4),
            },
            "E_COMMITTEE",
        ),
    ];
    for (msg, code) in cases {
        let error = network.try_query::<serde_json::Value>(&msg).unwrap_err();
        assert!(error.contains(code), "{error}");
    }
}

#[test]
fn what_was_fixed_can_be_read() {
    let mut network = Network::five();
    let config: ConfigResponse = network.query(&QueryMsg::Config {});
    assert_eq!((config.denom.as_str(), config.params_version), ("uanti", 1));
    let params: ParamsResponse = network.query(&QueryMsg::Params { version: None });
    assert_eq!(params.params, Options::default().params);
    let fee: EstimateFeeResponse = network.query(&QueryMsg::EstimateFee {
        model: 1,
        prompt_bytes: 10,
        max_output_tokens: 80,
        committee: None,
    });
    let amounts = [fee.full_fee, fee.escrow, fee.lock].map(|it| it.u128());
    assert_eq!(amounts, [100, 500, 3_000]);
    let task = network.ask(&Ask::default()).unwrap();
    let info = network.task(task);
    assert_eq!(
        [info.full_fee, info.escrow, info.lock].map(|it| it.u128()),
        amounts
    );
    let workers: WorkersResponse = network.query(&QueryMsg::Workers {
        start_after: None,
        limit: Some(3),
    });
    let rest: WorkersResponse = network.query(&QueryMsg::Workers {
        start_after: workers.workers.last().map(|it| it.worker.clone()),
        limit: None,
    });
    assert_eq!((workers.workers.len(), rest.workers.len()), (3, 2));
}
