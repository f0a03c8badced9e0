//! The conservation law and the locks, from queries alone (protocol, section 12: invariants 1 and
//! 2).

use std::collections::BTreeMap;

use antiphon_api::*;
use cosmwasm_std::Event;

use super::network::{DENOM, Network};

/// Asserts that every pot is what its parts add up to; returns the totals.
pub fn books(network: &Network) -> TotalsResponse {
    let totals = network.totals();
    let pots = pots(&totals);
    let flow = totals.coins_in.u128() - totals.withdrawn.u128() - totals.burned.u128();
    assert_eq!(pots, flow, "the pots are not what came in: {totals:?}");
    let held = network
        .app
        .wrap()
        .query_balance(&network.contract, DENOM)
        .unwrap();
    assert_eq!(held.amount.to_string(), pots.to_string(), "{totals:?}");
    assert_eq!(totals.balances.u128(), balances(network), "Σ balances");
    assert_eq!(totals.model_deposits.u128(), deposits(network));
    let open = open_tasks(network);
    let escrows: u128 = open.iter().map(|task| task.escrow.u128()).sum();
    assert_eq!(totals.escrows.u128(), escrows, "Σ escrows");
    locks(network, &open, &totals);
    totals
}

/// Asserts that every event of the contract can be read back, and is told again as it was.
pub fn events(events: &[Event]) {
    for event in events.iter().filter(|it| it.ty.starts_with("wasm-")) {
        let pairs: Vec<_> = event
            .attributes
            .iter()
            .map(|it| (it.key.as_str(), it.value.as_str()))
            .filter(|(key, _)| !key.starts_with('_'))
            .collect();
        let read = ContractEvent::parse(&event.ty, &pairs).unwrap();
        let again: Event = read.unwrap_or_else(|| panic!("unknown: {event:?}")).into();
        let again = again.attributes.iter();
        let again: Vec<_> = again
            .map(|it| (it.key.as_str(), it.value.as_str()))
            .collect();
        assert_eq!(again, pairs);
    }
}

fn pots(totals: &TotalsResponse) -> u128 {
    [
        totals.balances,
        totals.bonds,
        totals.unbonding,
        totals.escrows,
        totals.deliver_fees,
        totals.appeal_bonds,
        totals.model_deposits,
        totals.to_burn,
    ]
    .iter()
    .map(|pot| pot.u128())
    .sum()
}

fn balances(network: &Network) -> u128 {
    let mut accounts = vec![
        network.requester.clone(),
        network.publisher.clone(),
        network.stranger.clone(),
    ];
    accounts.extend(network.others.clone());
    accounts.extend(network.workers.iter().map(|it| it.address.clone()));
    accounts.iter().map(|it| network.balance(it)).sum()
}

/// All of a paged query: `page` gives what follows the last one read.
fn all<T>(page: impl Fn(Option<&T>) -> Vec<T>) -> Vec<T> {
    let mut read = Vec::new();
    loop {
        let next = page(read.last());
        if next.is_empty() {
            return read;
        }
        read.extend(next);
    }
}

fn deposits(network: &Network) -> u128 {
    let models = all(|last: Option<&ModelResponse>| {
        let page: ModelsResponse = network.query(&QueryMsg::Models {
            start_after: last.map(|model| model.model),
            limit: Some(30),
        });
        page.models
    });
    models.iter().map(|it| it.deposit.u128()).sum()
}

fn workers(network: &Network) -> Vec<WorkerResponse> {
    all(|last: Option<&WorkerResponse>| {
        let page: WorkersResponse = network.query(&QueryMsg::Workers {
            start_after: last.map(|it| it.worker.clone()),
            limit: Some(30),
        });
        page.workers
    })
}

fn open_tasks(network: &Network) -> Vec<TaskResponse> {
    all(|last: Option<&TaskResponse>| {
        let page: TasksResponse = network.query(&QueryMsg::Tasks {
            filter: TaskFilter::Open,
            start_after: last.map(|task| task.task),
            limit: Some(30),
        });
        page.tasks
    })
}

fn locks(network: &Network, open: &[TaskResponse], totals: &TotalsResponse) {
    let mut locked: BTreeMap<String, u128> = BTreeMap::new();
    for task in open {
        for round in 0..=task.round {
            for member in network.round(task.task, round).members {
                *locked.entry(member.worker).or_default() += task.lock.u128();
            }
        }
    }
    let (mut bonds, mut unbonding) = (0, 0);
    for worker in workers(network) {
        bonds += worker.bond.u128();
        unbonding += worker.unbonding.u128();
        let due = locked.get(&worker.worker).copied().unwrap_or(0);
        assert_eq!(
            worker.locked.u128(),
            due,
            "locked is not Σ open memberships"
        );
        assert!(
            worker.locked <= worker.bond + worker.unbonding,
            "{worker:?}"
        );
    }
    assert_eq!(totals.bonds.u128(), bonds, "Σ bonds");
    assert_eq!(totals.unbonding.u128(), unbonding, "Σ unbonding");
}
