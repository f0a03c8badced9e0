//! Every event, byte for byte, and back. `ANTIPHON_BLESS=1 cargo test -p antiphon-api` writes the
//! golden file anew.

#![allow(clippy::unwrap_used, reason = "tests")]

use antiphon_api::*;
use cosmwasm_std::Event;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/events.json");

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn worker() -> String {
    "wasm1q74ep632m6wlfzst5crjmwm3yhasnwmk8029fe".to_owned()
}

fn cid() -> Cid {
    Cid::of_raw(b"antiphon")
}

fn amount(amount: u128) -> Uint128 {
    Uint128::new(amount)
}

/// One of each, and a second where attributes can be absent.
fn samples() -> Vec<ContractEvent> {
    let mut events = registry();
    events.extend(rounds());
    events.extend(endings());
    events.extend(exits());
    events.extend(callbacks());
    events.extend(government());
    events
}

fn registry() -> Vec<ContractEvent> {
    vec![
        ContractEvent::ModelRegistered(ModelRegistered {
            model: 1,
            manifest: cid(),
            publisher: worker(),
        }),
        ContractEvent::Bonded(Bonded {
            worker: worker(),
            amount: amount(5),
            bond: amount(u128::MAX),
        }),
        ContractEvent::WorkerUpdated(WorkerUpdated { worker: worker() }),
        ContractEvent::SeatJoined(SeatJoined {
            model: 1,
            slot: 4_095,
            worker: worker(),
        }),
        ContractEvent::SeatLeft(SeatLeft {
            model: 1,
            slot: 0,
            worker: worker(),
            removed: true,
        }),
        ContractEvent::Deposited(Deposited {
            account: worker(),
            amount: amount(1),
        }),
        ContractEvent::Withdrawn(Withdrawn {
            account: worker(),
            amount: amount(1),
        }),
        ContractEvent::Burned(Burned { amount: amount(30) }),
        ContractEvent::BurnFailed(BurnFailed { amount: amount(30) }),
    ]
}

fn exits() -> Vec<ContractEvent> {
    vec![
        ContractEvent::Unbonding(Unbonding {
            worker: worker(),
            amount: amount(5),
            unbonding: amount(9),
            claimable: 1_764_000_060,
        }),
        ContractEvent::UnbondedClaimed(UnbondedClaimed {
            worker: worker(),
            amount: amount(9),
        }),
        ContractEvent::WorkerUnjailed(WorkerUnjailed { worker: worker() }),
        ContractEvent::ModelRetired(ModelRetired { model: 1 }),
        ContractEvent::DepositReturned(DepositReturned {
            model: 1,
            amount: amount(10_000_000),
        }),
        ContractEvent::TaskAppealed(TaskAppealed {
            task: 7,
            round: 1,
            size: 11,
            by: worker(),
            bond: amount(4_100),
            waits_for: 9,
        }),
        ContractEvent::TaskRated(TaskRated {
            task: 7,
            model: 1,
            good: true,
            fees: amount(300),
        }),
    ]
}

fn callbacks() -> Vec<ContractEvent> {
    vec![
        ContractEvent::CallbackDelivered(CallbackDelivered {
            task: 7,
            receiver: worker(),
            by: worker(),
            fee: amount(10),
        }),
        ContractEvent::CallbackFailed(CallbackFailed {
            task: 7,
            receiver: worker(),
        }),
        ContractEvent::CallbackOver(CallbackOver {
            task: 7,
            refunded: amount(10),
        }),
    ]
}

fn government() -> Vec<ContractEvent> {
    vec![
        ContractEvent::ParamsUpdated(ParamsUpdated { version: 2 }),
        ContractEvent::PauseSet(PauseSet { paused: true }),
        ContractEvent::OwnershipOffered(OwnershipOffered { to: Some(worker()) }),
        ContractEvent::OwnershipOffered(OwnershipOffered { to: None }),
        ContractEvent::OwnerChanged(OwnerChanged {
            owner: Some(worker()),
        }),
        ContractEvent::OwnerChanged(OwnerChanged { owner: None }),
    ]
}

fn rounds() -> Vec<ContractEvent> {
    vec![
        ContractEvent::TaskAdded(TaskAdded {
            task: 7,
            model: 1,
            requester: worker(),
            prompt: cid(),
            prompt_bytes: 203,
            max_output_tokens: 64,
            committee: 5,
            escrow: amount(500),
            waits_for: 23_732_216,
            holders: names(&["wasm1a", "wasm1b"]),
        }),
        ContractEvent::BeaconPublished(BeaconPublished { round: u64::MAX }),
        ContractEvent::CommitteeDrawn(CommitteeDrawn {
            task: 7,
            round: 0,
            members: names(&["wasm1a", "wasm1b", "wasm1c"]),
            filled: 5,
            deadline: 1_200,
        }),
        ContractEvent::DrawShort(DrawShort {
            task: 7,
            round: 0,
            found: 3,
            quorum: 4,
            waits_for: Some(9),
        }),
        ContractEvent::DrawShort(DrawShort {
            task: 7,
            round: 0,
            found: 3,
            quorum: 4,
            waits_for: None,
        }),
        ContractEvent::MembersReplaced(MembersReplaced {
            task: 7,
            round: 0,
            members: vec![],
            waits_for: 9,
        }),
        ContractEvent::VoteCommitted(VoteCommitted {
            task: 7,
            round: 0,
            worker: worker(),
            committed: 1,
        }),
        ContractEvent::RevealOpened(RevealOpened {
            task: 7,
            round: 0,
            committed: 5,
            deadline: 1_260,
        }),
        ContractEvent::VoteRevealed(VoteRevealed {
            task: 7,
            round: 0,
            worker: worker(),
            ballot: "answer".to_owned(),
            answer: Some(cid()),
            revealed: 1,
        }),
        ContractEvent::VoteRefused(VoteRefused {
            task: 7,
            item: 2,
            code: "wrong_digest".to_owned(),
        }),
        ContractEvent::RoundUndecided(RoundUndecided { task: 7, round: 0 }),
        ContractEvent::RoundOpened(RoundOpened {
            task: 7,
            round: 1,
            size: 11,
            waits_for: 9,
        }),
    ]
}

fn endings() -> Vec<ContractEvent> {
    vec![
        ContractEvent::TaskAnswered(TaskAnswered {
            task: 7,
            round: 0,
            outcome: "invalid".to_owned(),
            answer: None,
            votes: 4,
            size: 5,
            contested: false,
            deadline: 1_300,
        }),
        ContractEvent::TaskFinalised(TaskFinalised {
            task: 7,
            outcome: "answer".to_owned(),
            answer: Some(cid()),
            contested: true,
            paid: amount(300),
            refunded: amount(200),
            burned: amount(0),
        }),
        ContractEvent::TaskFailed(TaskFailed {
            task: 7,
            paid: amount(100),
            refunded: amount(400),
            burned: amount(0),
        }),
        ContractEvent::Slashed(Slashed {
            task: 7,
            worker: worker(),
            amount: amount(3_000),
        }),
        ContractEvent::SlashWithheld(SlashWithheld { task: 7, locks: 2 }),
        ContractEvent::WorkerMissed(WorkerMissed {
            task: 7,
            worker: worker(),
            charge: amount(10),
            misses: 1,
        }),
        ContractEvent::WorkerJailed(WorkerJailed {
            worker: worker(),
            until: 1_764_000_000,
        }),
    ]
}

/// As a node shows it: prefixed, with the chain's own attributes around ours.
fn on_the_wire(event: &Event) -> (String, Vec<(String, String)>) {
    let own = event.attributes.iter();
    let mut attributes = vec![("_contract_address".to_owned(), worker())];
    attributes.extend(own.map(|it| (it.key.clone(), it.value.clone())));
    attributes.push(("msg_index".to_owned(), "0".to_owned()));
    (format!("wasm-{}", event.ty), attributes)
}

fn parse(kind: &str, attributes: &[(String, String)]) -> Result<Option<ContractEvent>, EventError> {
    let pairs: Vec<_> = attributes
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    ContractEvent::parse(kind, &pairs)
}

#[test]
fn events_are_what_the_golden_file_says() {
    let events: Vec<Event> = samples().into_iter().map(Event::from).collect();
    let found = format!("{}\n", serde_json::to_string_pretty(&events).unwrap());
    if std::env::var_os("ANTIPHON_BLESS").is_some() {
        std::fs::write(GOLDEN, &found).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap();
    assert!(
        found == golden,
        "events changed: compare {GOLDEN} and bless it if that is meant"
    );
}

#[test]
fn every_kind_has_a_sample() {
    let events: Vec<Event> = samples().into_iter().map(Event::from).collect();
    for kind in ContractEvent::KINDS {
        assert!(events.iter().any(|event| event.ty == *kind), "{kind}");
    }
}

#[test]
fn events_are_read_back_from_what_a_node_shows() {
    for sample in samples() {
        let (kind, attributes) = on_the_wire(&Event::from(sample.clone()));
        assert_eq!(parse(&kind, &attributes).unwrap(), Some(sample));
    }
}

#[test]
fn foreign_events_are_none_of_ours() {
    assert_eq!(ContractEvent::parse("wasm", &[]).unwrap(), None);
    assert_eq!(
        ContractEvent::parse("transfer", &[("schema", "1")]).unwrap(),
        None
    );
    let other = Slashed::parse("wasm-burned", &[("schema", "1")]).unwrap_err();
    assert!(matches!(
        other,
        EventError::Kind {
            want: "slashed",
            ..
        }
    ));
}

#[test]
fn absent_and_damaged_attributes_and_other_schemas_are_typed_errors() {
    let sample = Event::from(RoundUndecided { task: 7, round: 0 });
    let (kind, attributes) = on_the_wire(&sample);
    let changed = |key: &str, value: Option<&str>| {
        let kept = attributes.iter().filter(|(name, _)| name != key).cloned();
        let mut all: Vec<_> = kept.collect();
        all.extend(value.map(|value| (key.to_owned(), value.to_owned())));
        parse(&kind, &all).unwrap_err()
    };
    assert!(matches!(changed("schema", None), EventError::Schema { .. }));
    assert!(matches!(
        changed("schema", Some("2")),
        EventError::Schema { .. }
    ));
    assert!(matches!(
        changed("task", None),
        EventError::Missing { key: "task", .. }
    ));
    assert!(matches!(
        changed("round", Some("256")),
        EventError::Value { key: "round", .. }
    ));
    assert!(matches!(
        changed("round", Some("")),
        EventError::Value { .. }
    ));
}
