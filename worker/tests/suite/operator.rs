//! The operator's errands: which messages they are, and what is advised after them.

use antiphon_api::{ExecuteMsg, Uint128, WorkerResponse};
use antiphon_chain::{ChainError, Refusal};
use antiphon_worker::config::{Config, Written};
use antiphon_worker::home::Home;
use antiphon_worker::operator::{
    Earlier, Errand, OperatorError, Purse, Report, claim_refused, earlier, noted, plan,
};

const NOW: u64 = 1_795_359_661;

const PURSE: Purse = Purse {
    balance: 5,
    fees: 3,
};

fn record() -> WorkerResponse {
    WorkerResponse {
        worker: "wasm1worker".to_owned(),
        bond: Uint128::new(100),
        locked: Uint128::new(7),
        unbonding: Uint128::zero(),
        claimable: None,
        voter: None,
        endpoint: None,
        moniker: None,
        since: 1,
        misses: 0,
        jailed_until: None,
        seats: vec![1, 4],
    }
}

fn config() -> Config {
    let text = format!(
        "[chain]\ncontract = \"wasm1{}\"\n[worker]\nbond = \"100\"\n",
        "q".repeat(58)
    );
    Written::parse(&text).unwrap().check("home".into()).unwrap()
}

fn refusal(errand: Errand, record: &WorkerResponse) -> String {
    plan(errand, record, NOW).unwrap_err().to_string()
}

#[test]
fn leaving_gives_back_every_seat_before_the_whole_bond() {
    let messages = plan(Errand::Leave, &record(), NOW).unwrap();
    let bond = Uint128::new(100);
    assert_eq!(
        messages,
        [
            ExecuteMsg::LeaveModel { model: 1 },
            ExecuteMsg::LeaveModel { model: 4 },
            ExecuteMsg::Unbond { amount: bond },
        ]
    );
    let gone = WorkerResponse {
        seats: Vec::new(),
        bond: Uint128::zero(),
        ..record()
    };
    assert!(refusal(Errand::Leave, &gone).contains("neither seat nor bond"));
}

#[test]
fn a_claim_before_its_time_names_the_date_and_the_wait() {
    let mut record = record();
    assert!(refusal(Errand::Claim, &record).contains("`unbond` first"));
    record.claimable = Some(NOW + 60);
    let early = refusal(Errand::Claim, &record);
    assert!(
        early.contains("from 2026-11-22T15:02:01Z, in 60 s"),
        "{early}"
    );
    record.claimable = Some(NOW);
    let messages = plan(Errand::Claim, &record, NOW).unwrap();
    assert_eq!(messages, [ExecuteMsg::ClaimUnbonded {}]);
}

#[test]
fn jail_is_left_when_its_time_is_over_and_not_by_who_is_not_in_it() {
    let mut record = record();
    assert!(refusal(Errand::Unjail, &record).contains("not jailed"));
    record.jailed_until = Some(NOW + 1);
    assert!(refusal(Errand::Unjail, &record).contains("in 1 s"));
    record.jailed_until = Some(NOW - 1);
    let messages = plan(Errand::Unjail, &record, NOW).unwrap();
    assert_eq!(messages, [ExecuteMsg::Unjail {}]);
}

#[test]
fn a_report_says_what_to_do_next_and_until_when_to_wait() {
    let mut record = record();
    (record.bond, record.unbonding) = (Uint128::new(60), Uint128::new(40));
    (record.claimable, record.jailed_until) = (Some(NOW + 60), Some(NOW - 1));
    let report = Report::new(&config(), &record, PURSE, Vec::new(), false, NOW);
    let text = report.to_string();
    for part in [
        "seats      model 1, 4",
        "bond       60uanti   locked 7uanti",
        "unbonding  40uanti   claimable from 2026-11-22T15:02:01Z",
        "balance    5uanti   the sender's fees 3uanti",
        "`antiphon-worker unjail --home home`\n",
        "`antiphon-worker claim --home home` from 2026-11-22T15:02:01Z",
        "`antiphon-worker withdraw --home home` for the balance and the sender's fees",
        "lower worker.bond in config.toml from 100 to 60",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json.get("unbonding").unwrap(), "40");
    assert_eq!(json.get("next").unwrap().as_array().unwrap().len(), 4);
}

#[test]
fn whoever_left_is_told_to_stay_for_its_open_tasks_and_not_to_mind_the_bond() {
    let mut record = record();
    (record.bond, record.seats) = (Uint128::zero(), Vec::new());
    let report = Report::new(&config(), &record, Purse::default(), Vec::new(), true, NOW);
    assert_eq!(report.next.len(), 1);
    assert!(report.next[0].contains("7 are locked"), "{:?}", report.next);
}

fn locked() -> ChainError {
    ChainError::Refused(Refusal {
        code: "E_LOCKED".to_owned(),
        sentence: "locks rest on it".to_owned(),
        hash: None,
    })
}

#[tokio::test]
async fn leaving_is_noted_before_the_answer_and_stays_noted_if_that_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new(dir.path());
    let refused = noted(&home, async {
        assert!(home.has_left(), "noted before it is sent");
        Err::<(), _>(locked())
    });
    assert!(matches!(refused.await, Err(OperatorError::Chain(_))));
    assert!(!home.has_left());

    let lost = ChainError::Unconfirmed {
        hash: "AB".to_owned(),
        cause: "the node went away".to_owned(),
    };
    let error = noted(&home, async { Err::<(), _>(lost) })
        .await
        .unwrap_err();
    assert!(error.to_string().contains("say `leave` again"), "{error}");
    assert!(home.has_left());

    // A refusal of the second try tells nothing of the first one.
    noted(&home, async { Err::<(), _>(locked()) })
        .await
        .unwrap_err();
    assert!(home.has_left());
    noted(&home, async { Ok(()) }).await.unwrap();
    assert!(home.has_left());
}

#[test]
fn coins_whose_time_has_come_are_claimed_before_more_is_unbonded() {
    let mut record = record();
    let of = |errand, record: &WorkerResponse| {
        let messages = plan(errand, record, NOW).unwrap();
        earlier(&messages, record, NOW)
    };
    assert_eq!(of(Errand::Unbond(1), &record), Earlier::None);
    (record.unbonding, record.claimable) = (Uint128::new(40), Some(NOW));
    assert_eq!(of(Errand::Unbond(1), &record), Earlier::ClaimFirst);
    assert_eq!(of(Errand::Leave, &record), Earlier::ClaimFirst);
    assert_eq!(of(Errand::Claim, &record), Earlier::None);
    record.claimable = Some(NOW + 60);
    let Earlier::Moves(note) = of(Errand::Unbond(1), &record) else {
        panic!("their date moves");
    };
    assert!(
        note.contains("40 that unbonded already could have been claimed from 2026-11-22T15:02:01Z"),
        "{note}"
    );
    record.bond = Uint128::zero();
    assert_eq!(of(Errand::Leave, &record), Earlier::None);
}

#[test]
fn a_refused_claim_stops_the_errand_and_says_why() {
    let mut record = record();
    record.unbonding = Uint128::new(40);
    let error = claim_refused(&record, locked()).to_string();
    assert!(
        error.starts_with("40 can be claimed already, but the contract refused: locks rest on it"),
        "{error}"
    );
    assert!(error.contains("Nothing was unbonded"), "{error}");
}
