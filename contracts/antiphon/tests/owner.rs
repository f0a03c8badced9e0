//! What the owner can do, and that nobody else can.

use antiphon_api::*;

use crate::suite::{Ask, Network, Options};

fn owned() -> Network {
    Network::start(&Options {
        owned: true,
        ..Options::default()
    })
}

fn params(network: &Network) -> Params {
    let current: ParamsResponse = network.query(&QueryMsg::Params { version: None });
    current.params
}

fn config(network: &Network) -> ConfigResponse {
    network.query(&QueryMsg::Config {})
}

fn update(network: &mut Network, change: impl FnOnce(&mut Params)) -> Result<(), String> {
    let mut params = params(network);
    change(&mut params);
    let owner = network.requester.clone();
    network
        .run(&owner, &ExecuteMsg::UpdateParams { params })
        .map(|_| ())
}

#[test]
fn only_the_owner_pauses_updates_transfers_and_renounces() {
    let mut network = owned();
    let params = params(&network);
    let to = Some(network.stranger.to_string());
    let owners = [
        ExecuteMsg::SetPaused { paused: true },
        ExecuteMsg::UpdateParams { params },
        ExecuteMsg::TransferOwnership { to },
        ExecuteMsg::RenounceOwnership {},
    ];
    let stranger = network.stranger.clone();
    for msg in &owners {
        let refused = network.run(&stranger, msg).unwrap_err();
        assert!(refused.contains("E_NOT_OWNER"), "{refused}");
    }
    let mut nobodys = Network::five();
    for msg in &owners {
        let requester = nobodys.requester.clone();
        let refused = nobodys.run(&requester, msg).unwrap_err();
        assert!(refused.contains("want nobody"), "{refused}");
    }
}

#[test]
fn a_pause_stops_new_tasks_and_models_and_nothing_else() {
    let mut network = owned();
    let open = network.ask(&Ask::default()).unwrap();
    let owner = network.requester.clone();
    network
        .run(&owner, &ExecuteMsg::SetPaused { paused: true })
        .unwrap();
    assert!(config(&network).paused);
    let refused = network.ask(&Ask::default()).unwrap_err();
    assert!(refused.contains("E_PAUSED"), "{refused}");
    network.draw(open);
    assert_eq!(network.task(open).status, TaskStatus::Committing);
    network
        .run(&owner, &ExecuteMsg::SetPaused { paused: false })
        .unwrap();
    network.ask(&Ask::default()).unwrap();
}

#[test]
fn ownership_moves_in_two_steps_and_an_offer_can_be_taken_back() {
    let mut network = owned();
    let (owner, heir) = (network.requester.clone(), network.stranger.clone());
    let offer = |to: Option<String>| ExecuteMsg::TransferOwnership { to };
    network.run(&owner, &offer(Some(heir.to_string()))).unwrap();
    network.run(&owner, &offer(None)).unwrap();
    let refused = network
        .run(&heir, &ExecuteMsg::AcceptOwnership {})
        .unwrap_err();
    assert!(refused.contains("E_NOT_OFFERED"), "{refused}");
    network.run(&owner, &offer(Some(heir.to_string()))).unwrap();
    assert_eq!(config(&network).pending_owner, Some(heir.to_string()));
    assert_eq!(config(&network).owner, Some(owner.to_string()));
    network.run(&heir, &ExecuteMsg::AcceptOwnership {}).unwrap();
    let now = config(&network);
    assert_eq!(
        (now.owner, now.pending_owner),
        (Some(heir.to_string()), None)
    );
    let refused = network.run(&owner, &offer(None)).unwrap_err();
    assert!(refused.contains("E_NOT_OWNER"), "{refused}");
}

#[test]
fn renouncing_ends_a_pause_and_is_for_ever() {
    let mut network = owned();
    let owner = network.requester.clone();
    network
        .run(&owner, &ExecuteMsg::SetPaused { paused: true })
        .unwrap();
    network
        .run(&owner, &ExecuteMsg::RenounceOwnership {})
        .unwrap();
    let now = config(&network);
    assert_eq!((now.owner, now.paused), (None, false));
    network.ask(&Ask::default()).unwrap();
    let refused = network
        .run(&owner, &ExecuteMsg::SetPaused { paused: true })
        .unwrap_err();
    assert!(refused.contains("E_NOT_OWNER"), "{refused}");
}

#[test]
fn new_parameters_hold_for_new_tasks_only() {
    let mut network = owned();
    let before = network.ask(&Ask::default()).unwrap();
    update(&mut network, |params| {
        params.lock_multiple = 60;
        params.appeal_window_blocks = 50;
    })
    .unwrap();
    let after = network.ask(&Ask::default()).unwrap();
    let (before, after) = (network.task(before), network.task(after));
    assert_eq!((before.params_version, after.params_version), (1, 2));
    assert_eq!((before.lock.u128(), after.lock.u128()), (3_000, 6_000));
}

#[test]
fn each_parameter_has_its_bounds() {
    let mut network = owned();
    let refused = update(&mut network, |params| params.lock_multiple = 9).unwrap_err();
    assert!(refused.contains("lock_multiple"), "{refused}");
    let refused = update(&mut network, |params| params.max_rounds = 4).unwrap_err();
    assert!(refused.contains("max_rounds"), "{refused}");
}

#[test]
fn amounts_at_most_double_or_halve_and_rarely() {
    let mut network = owned();
    let set = |min_lock: u128| move |params: &mut Params| params.min_lock = Uint128::new(min_lock);
    for far in [6_001, 1_499] {
        let refused = update(&mut network, set(far)).unwrap_err();
        assert!(refused.contains("min_lock"), "{refused}");
    }
    update(&mut network, set(6_000)).unwrap();
    let refused = update(&mut network, set(5_000)).unwrap_err();
    assert!(refused.contains("E_TOO_SOON"), "{refused}");
    update(&mut network, |params| params.reveal_window_blocks = 70).unwrap();
    network.blocks(17_279);
    assert!(
        update(&mut network, set(5_000)).is_err(),
        "a block too early"
    );
    network.blocks(1);
    update(&mut network, set(5_000)).unwrap();
}
