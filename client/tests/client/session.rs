//! Sessions: what one transaction grants, what is refused before it costs anything, and that the end leaves nothing.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use antiphon_chain::Key;
use antiphon_client::session::{self, SessionFile, Terms};
use antiphon_client::{ClientError, Network, ask};
use cosmrs::proto::cosmos::authz::v1beta1::{MsgExec, MsgGrant};
use cosmrs::proto::cosmos::feegrant::v1beta1::{
    AllowedMsgAllowance, BasicAllowance, MsgGrantAllowance,
};
use cosmrs::proto::cosmwasm::wasm::v1::MsgExecuteContract;
use cosmrs::proto::traits::Message as _;
use serde_json::{Value, json};

use crate::binary::{antiphon, text_of};
use crate::world::{QUESTION, TEXT, World, options};

/// The fake chain's clock.
const NOW: i64 = 1_795_334_400;

struct Stage {
    world: World,
    network: PathBuf,
    session: PathBuf,
}

impl Stage {
    async fn new(prepaid: &str) -> Self {
        let world = World::honest().await;
        world.prepaid(prepaid);
        let usual = r#"{"estimate_fee":{"model":1,"prompt_bytes":2048,"max_output_tokens":128,"committee":null}}"#;
        let fee = json!({ "committee": 5, "full_fee": "100", "escrow": "500", "lock": "3000" });
        world.node.says(usual, [fee]);
        let network = world.network_json();
        let session = world.folder.path().join("session.json");
        Self {
            world,
            network,
            session,
        }
    }

    async fn run(&self, arguments: &[&str]) -> crate::binary::Ran {
        let mut all = arguments.to_vec();
        all.extend(["--network", text_of(&self.network)]);
        all.extend(["--session", text_of(&self.session)]);
        antiphon(&all, "").await
    }

    async fn start(&self, more: &[&str]) -> Value {
        let mut arguments = vec!["session", "start", "--json"];
        arguments.extend(more);
        let ran = self.run(&arguments).await;
        assert_eq!(ran.code, 0, "{}", ran.err);
        serde_json::from_str(&ran.out).unwrap()
    }

    async fn asking(&self) -> Network {
        let mut file = self.world.file();
        (file.session, file.key) = (Some(self.session.clone()), None);
        Network::connect(file).await.unwrap()
    }

    fn kinds(&self, tx: usize) -> Vec<String> {
        let node = self.world.node.node();
        let messages = node.taken[tx].0.messages.iter();
        let last = |url: &str| url.rsplit('.').next().unwrap().to_owned();
        messages.map(|any| last(&any.type_url)).collect()
    }

    fn message(&self, tx: usize, at: usize) -> Vec<u8> {
        self.world.node.node().taken[tx].0.messages[at]
            .value
            .clone()
    }

    fn taken(&self) -> usize {
        self.world.node.node().taken.len()
    }
}

#[tokio::test]
async fn one_transaction_grants_calls_and_fees_and_fills_the_balance() {
    let stage = Stage::new("120").await;
    let report = stage.start(&["--calls", "20", "--minutes", "90"]).await;
    assert_eq!(stage.taken(), 1);
    assert_eq!(
        stage.kinds(0),
        ["MsgGrant", "MsgGrantAllowance", "MsgExecuteContract"]
    );
    let grant = MsgGrant::decode(&*stage.message(0, 0)).unwrap();
    assert_eq!(report["grantee"], grant.grantee);
    let ends = grant.grant.unwrap().expiration.unwrap().seconds;
    assert_eq!(ends, NOW + 90 * 60);
    let allowance = MsgGrantAllowance::decode(&*stage.message(0, 1)).unwrap();
    let allowed = AllowedMsgAllowance::decode(&*allowance.allowance.unwrap().value).unwrap();
    assert_eq!(allowed.allowed_messages, ["/cosmos.authz.v1beta1.MsgExec"]);
    let basic = BasicAllowance::decode(&*allowed.allowance.unwrap().value).unwrap();
    let all = u128::from(session::CALL_GAS) * 20 * 25 / 1000 * 11 / 10;
    assert_eq!(basic.spend_limit[0].amount, all.to_string());
    assert_eq!(basic.expiration.unwrap().seconds, ends);
    let deposit = MsgExecuteContract::decode(&*stage.message(0, 2)).unwrap();
    assert_eq!(deposit.msg, br#"{"deposit":{}}"#);
    assert_eq!(deposit.funds[0].amount, (20 * 500 - 120).to_string());
    assert_eq!(report["calls_left"], 20);
    assert_eq!(
        (&report["grants"], &report["allowances"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn the_sessions_file_is_for_its_owner_only_and_holds_a_key_without_coins() {
    let stage = Stage::new("0").await;
    stage.start(&["--deposit", "0"]).await;
    let mode = std::fs::metadata(&stage.session)
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let network = stage.asking().await;
    let file = SessionFile::load(&stage.session, &network).unwrap();
    assert_eq!(file.key().unwrap().address("wasm").unwrap(), file.grantee);
    assert_eq!(
        stage.kinds(0),
        ["MsgGrant", "MsgGrantAllowance"],
        "no deposit"
    );
    assert!(!format!("{file:?}").contains(&hex(&file.key().unwrap())));
}

fn hex(key: &Key) -> String {
    data_encoding::HEXLOWER.encode(key.secret().as_slice())
}

#[tokio::test]
async fn a_second_start_keeps_the_key_and_takes_the_old_allowance_back() {
    let stage = Stage::new("100000").await;
    let first = stage.start(&[]).await;
    let second = stage.start(&["--calls", "3"]).await;
    assert_eq!(first["grantee"], second["grantee"]);
    assert_eq!(
        stage.kinds(1),
        ["MsgRevokeAllowance", "MsgGrant", "MsgGrantAllowance"]
    );
    assert_eq!(second["calls_left"], 3);
}

#[tokio::test]
async fn a_question_by_session_costs_the_granter_and_attaches_nothing() {
    let stage = Stage::new("100000").await;
    stage.start(&[]).await;
    let ran = stage.run(&["ask", QUESTION]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out.trim_end().as_bytes(), TEXT);
    assert_eq!(stage.kinds(1), ["MsgExec"]);
    let exec = MsgExec::decode(&*stage.message(1, 0)).unwrap();
    let inner = MsgExecuteContract::decode(&*exec.msgs[0].value).unwrap();
    let granter = stage.world.payer();
    assert_eq!(
        (inner.sender.as_str(), inner.funds.len()),
        (granter.as_str(), 0)
    );
    let fee = stage.world.node.node().taken[1].1.fee.clone().unwrap();
    assert_eq!(fee.granter, granter);
}

async fn refused(stage: &Stage) -> String {
    let network = stage.asking().await;
    let sender = network.sender().unwrap();
    let before = stage.taken();
    let told = &mut |_: antiphon_client::AskEvent<'_>| {};
    let error = ask(&network, &sender, &options(), told).await.unwrap_err();
    assert!(matches!(error, ClientError::Session(_)), "{error}");
    assert_eq!(error.exit_code(), 4);
    assert_eq!(stage.taken(), before, "a refusal must not cost a fee");
    let prompt = crate::world::prompt().cid();
    let held = stage.world.workers.iter().any(|worker| worker.has(&prompt));
    assert!(!held, "nothing is uploaded for nothing");
    error.to_string()
}

#[tokio::test]
async fn used_up_questions_are_refused_before_they_cost_a_fee() {
    let stage = Stage::new("100000").await;
    stage.start(&[]).await;
    stage.world.node.node().grants.authz.clear();
    let text = refused(&stage).await;
    assert!(text.contains("questions are used up"), "{text}");
    assert!(text.contains("antiphon session start"), "{text}");
}

#[tokio::test]
async fn a_session_whose_time_is_over_is_refused_before_it_costs_a_fee() {
    let stage = Stage::new("100000").await;
    stage.start(&[]).await;
    for grant in stage.world.node.node().grants.authz.values_mut() {
        grant.expiration.as_mut().unwrap().seconds = NOW - 1;
    }
    let text = refused(&stage).await;
    assert!(text.contains("its time is over"), "{text}");
}

#[tokio::test]
async fn fees_that_are_used_up_are_refused_before_they_cost_the_rest() {
    let stage = Stage::new("100000").await;
    stage.start(&[]).await;
    stage.world.node.node().grants.fees.clear();
    let text = refused(&stage).await;
    assert!(text.contains("0 uanti are left for fees"), "{text}");
}

#[tokio::test]
async fn a_prepaid_balance_that_is_short_is_told_with_what_is_missing() {
    let stage = Stage::new("120").await;
    stage.start(&["--deposit", "0"]).await;
    let text = refused(&stage).await;
    assert!(text.contains("antiphon deposit 380"), "{text}");
}

#[tokio::test]
async fn the_end_takes_both_grants_back_and_the_chain_says_so() {
    let stage = Stage::new("100000").await;
    stage.start(&[]).await;
    let ran = stage.run(&["session", "end"]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("0 grants, 0 allowances left"),
        "{}",
        ran.out
    );
    assert_eq!(stage.kinds(1), ["MsgRevoke", "MsgRevokeAllowance"]);
    let ran = stage.run(&["session", "end"]).await;
    assert!(ran.out.contains("there was no session"), "{}", ran.out);
    assert_eq!(stage.taken(), 2, "ending twice costs nothing");
    let ran = stage.run(&["session", "status"]).await;
    assert!(ran.out.contains("no session"), "{}", ran.out);
}

#[tokio::test]
async fn the_end_takes_back_an_allowance_that_cannot_be_read() {
    let stage = Stage::new("100000").await;
    stage.start(&[]).await;
    for allowance in stage.world.node.node().grants.fees.values_mut() {
        allowance.type_url = "/cosmos.feegrant.v1beta1.PeriodicAllowance".to_owned();
    }
    let ran = stage.run(&["session", "end"]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(stage.kinds(1), ["MsgRevoke", "MsgRevokeAllowance"]);
    assert!(
        ran.out.contains("0 grants, 0 allowances left"),
        "{}",
        ran.out
    );
}

#[tokio::test]
async fn status_tells_questions_time_fees_and_balance() {
    let stage = Stage::new("100000").await;
    stage.start(&["--hours", "3"]).await;
    let ran = stage.run(&["session", "status"]).await;
    for part in [
        "20 left",
        "3 h 0 min left",
        "uanti left",
        "prepaid    100000",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
}

#[tokio::test]
async fn somebody_elses_key_can_be_named_by_its_address() {
    let stage = Stage::new("100000").await;
    let gateway = Key::random().address("wasm").unwrap();
    let report = stage.start(&["--for", &gateway]).await;
    assert_eq!(report["grantee"], gateway);
    assert!(!stage.session.exists(), "no key of ours is made");
    let ran = stage.run(&["session", "end", "--for", &gateway]).await;
    assert!(
        ran.out.contains("0 grants, 0 allowances left"),
        "{}",
        ran.out
    );
}

#[tokio::test]
async fn terms_and_addresses_without_sense_are_refused_before_anything_is_sent() {
    let stage = Stage::new("100000").await;
    let me = stage.world.payer();
    for bad in [
        &["--calls", "0"][..],
        &["--minutes", "0"],
        &["--hours", "1000"],
        &["--deposit", "a lot"],
        &["--for", "wasm1nonsense"],
        &["--for", &me],
    ] {
        let mut arguments = vec!["session", "start"];
        arguments.extend(bad);
        assert_eq!(stage.run(&arguments).await.code, 2, "{bad:?}");
    }
    assert_eq!(stage.taken(), 0);
}

#[tokio::test]
async fn a_session_of_another_network_or_open_to_others_is_refused() {
    let stage = Stage::new("100000").await;
    stage.start(&[]).await;
    let mut file = stage.world.file();
    file.contract = "wasm1other".to_owned();
    let other = Network::connect(file).await.unwrap();
    let error = SessionFile::load(&stage.session, &other).unwrap_err();
    assert!(error.to_string().contains("start another one"), "{error}");
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&stage.session, open).unwrap();
    assert_eq!(stage.run(&["ask", QUESTION]).await.code, 2);
}

#[tokio::test]
async fn an_expensive_deposit_can_be_named() {
    let stage = Stage::new("120").await;
    let (network, sender) = stage.world.network().await;
    let terms = Terms {
        calls: 1,
        seconds: 60,
        prepaid: Some(1_000),
    };
    let gateway = Key::random().address("wasm").unwrap();
    let started = session::start(&network, &sender, &gateway, &terms)
        .await
        .unwrap();
    assert_eq!(started.deposited, 880);
}
