//! One task and one charge, however often the same is asked.

use std::sync::Arc;
use std::time::Duration;

use antiphon_client::gateway::{Answers as _, ApiKey, Failure, Journal, make_key};
use serde_json::{Value, json};

use crate::fake::{Crash, ESCROW, FakeNet, OWN, REFUND};
use crate::gate::{Gate, asking, fine, question, refused};

const NAME: &str = "alice";

fn key_in(home: &std::path::Path, budget: u128) -> String {
    key_of(home, NAME, budget)
}

fn key_of(home: &std::path::Path, name: &str, budget: u128) -> String {
    let key = ApiKey {
        name: name.to_owned(),
        sha256: antiphon_api::Hex([0; 32]),
        budget: Some(antiphon_api::Uint128::new(budget)),
        per_minute: None,
        granter: None,
    };
    make_key(home, key).unwrap().key
}

/// What the journal says an API key has spent, read as the next run would read it.
async fn spent(net: &Arc<FakeNet>, gate: Gate) -> u128 {
    let home = gate.home.clone();
    gate.kill().await;
    Journal::open(&home, net.facts()).unwrap().spent(NAME)
}

#[tokio::test]
async fn demand_03_the_same_request_three_times_at_once_makes_one_task_and_one_charge() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let key = key_in(home.path(), 10_000);
    let gate = Gate::start(&net, home.path()).await;
    let body = question();
    let (a, b, c) = tokio::join!(
        gate.chat_with(&key, &body),
        gate.chat_with(&key, &body),
        gate.chat_with(&key, &body)
    );
    let (a, b, c) = (fine(a).await, fine(b).await, fine(c).await);
    assert_eq!(a["antiphon"]["task"], 17);
    assert_eq!((&a["id"], &a["choices"]), (&b["id"], &b["choices"]));
    assert_eq!(b["id"], c["id"]);
    assert_eq!((net.posts(), net.paid()), (1, ESCROW));
    assert_eq!(spent(&net, gate).await, ESCROW);
}

#[tokio::test]
async fn demand_03_the_same_request_three_times_in_turn_makes_one_task_and_one_charge() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let key = key_in(home.path(), 10_000);
    let gate = Gate::start(&net, home.path()).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(fine(gate.chat_with(&key, &question()).await).await["id"].clone());
    }
    // In another spelling it is the same question.
    let other = json!({ "messages": question()["messages"], "model": "1", "temperature": 0, "top_p": 1, "n": 1 });
    ids.push(fine(gate.chat_with(&key, &other).await).await["id"].clone());
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!((net.posts(), net.paid()), (1, ESCROW));
    // At its end, what came back is given back, and the index answers for free.
    net.script().ended = true;
    gate.until_metric("antiphon_gateway_open_tasks 0").await;
    let known = fine(gate.chat_with(&key, &question()).await).await;
    assert_eq!(known["antiphon"]["known"], true);
    assert_eq!(net.posts(), 1);
    assert_eq!(spent(&net, gate).await, ESCROW - REFUND);
}

#[tokio::test]
async fn demand_03_a_stream_and_a_whole_reply_share_one_task() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start(&net, home.path()).await;
    let mut streamed = question();
    streamed["stream"] = json!(true);
    let whole = question();
    let (a, b) = tokio::join!(gate.chat(&streamed), gate.chat(&whole));
    assert!(a.text().await.unwrap().ends_with("data: [DONE]\n\n"));
    fine(b).await;
    assert_eq!(net.posts(), 1);
}

#[tokio::test]
async fn demand_03_a_gateway_killed_in_mid_task_attaches_to_it_when_it_is_back() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let key = key_in(home.path(), 10_000);
    net.script().hold = true;
    let gate = Gate::start_with(Arc::clone(&net) as _, home.path(), |mut settings| {
        settings.patience = Duration::from_millis(300);
        settings
    })
    .await;
    let error = refused(gate.chat_with(&key, &question()).await, 504, "task_pending").await;
    assert_eq!(error["task"], 17);
    gate.kill().await;
    net.script().hold = false;
    let gate = Gate::start(&net, home.path()).await;
    let body = question();
    let (a, b) = tokio::join!(gate.chat_with(&key, &body), gate.chat_with(&key, &body));
    assert_eq!(fine(a).await["antiphon"]["task"], 17);
    assert_eq!(fine(b).await["antiphon"]["task"], 17);
    assert_eq!((net.posts(), net.paid()), (1, ESCROW));
    assert_eq!(spent(&net, gate).await, ESCROW);
}

#[tokio::test]
async fn demand_03_a_crash_after_the_journal_and_before_the_broadcast_charges_once() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let key = key_in(home.path(), 10_000);
    crashed_at(&net, home.path(), &key, Crash::BeforeBroadcast).await;
    assert_eq!(net.posts(), 0);
    let gate = Gate::start(&net, home.path()).await;
    let body = fine(gate.chat_with(&key, &question()).await).await;
    assert_eq!(body["antiphon"]["task"], 17);
    assert_eq!((net.posts(), net.paid()), (1, ESCROW));
    assert_eq!(net.ledger().noted.len(), 2, "the first one lapsed unseen");
    assert_eq!(
        spent(&net, gate).await,
        ESCROW,
        "what lapsed was given back"
    );
}

#[tokio::test]
async fn demand_03_a_crash_after_the_broadcast_finds_the_task_by_its_transaction() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let key = key_in(home.path(), 10_000);
    crashed_at(&net, home.path(), &key, Crash::AfterBroadcast).await;
    assert_eq!(net.posts(), 1);
    let gate = Gate::start(&net, home.path()).await;
    let body = fine(gate.chat_with(&key, &question()).await).await;
    assert_eq!(body["antiphon"]["task"], 17);
    assert_eq!(body["antiphon"]["transaction"], "TX17");
    assert_eq!((net.posts(), net.paid()), (1, ESCROW));
    assert_eq!(net.ledger().noted.len(), 1);
    assert_eq!(spent(&net, gate).await, ESCROW);
}

/// Asks, and kills the gateway where the script hangs.
async fn crashed_at(net: &Arc<FakeNet>, home: &std::path::Path, key: &str, crash: Crash) {
    net.script().crash = Some(crash);
    let gate = Gate::start(net, home).await;
    let asked = gate
        .post("/v1/chat/completions")
        .bearer_auth(key)
        .json(&question());
    let asked = tokio::spawn(asked.send());
    gate.until_metric("antiphon_gateway_transactions_in_doubt 1")
        .await;
    gate.kill().await;
    assert!(asked.await.unwrap().is_err(), "the connection broke");
}

#[tokio::test]
async fn what_a_restart_finds_in_doubt_is_settled_without_anybody_asking_again() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let key = key_in(home.path(), 10_000);
    crashed_at(&net, home.path(), &key, Crash::AfterBroadcast).await;
    net.script().ended = true;
    let gate = Gate::start(&net, home.path()).await;
    gate.until_metric("antiphon_gateway_transactions_in_doubt 0")
        .await;
    gate.until_metric("antiphon_gateway_open_tasks 0").await;
    assert_eq!(spent(&net, gate).await, ESCROW - REFUND);
}

#[tokio::test]
async fn a_reader_that_goes_away_does_not_stop_the_task() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    net.script().hold = true;
    let gate = Gate::start(&net, home.path()).await;
    let impatient = gate.post("/v1/chat/completions").json(&question());
    let gone = impatient.timeout(Duration::from_millis(200)).send().await;
    assert!(gone.is_err());
    net.script().hold = false;
    gate.until_metric("antiphon_gateway_questions_under_way 0")
        .await;
    fine(gate.chat(&question()).await).await;
    assert_eq!(net.posts(), 1);
}

#[tokio::test]
async fn after_a_task_without_a_quorum_the_same_question_makes_a_new_one() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    net.script().outcome = Err(Failure::NoQuorum {
        task: 17,
        quorum: 4,
        committee: 5,
        ballots: Vec::new(),
    });
    let gate = Gate::start(&net, home.path()).await;
    refused(gate.chat(&question()).await, 422, "no_quorum").await;
    net.script().outcome = Ok("An answer.".to_owned());
    let body = fine(gate.chat(&question()).await).await;
    assert_eq!(body["antiphon"]["task"], 18);
    assert_eq!(net.posts(), 2);
}

#[tokio::test]
async fn a_contested_answer_is_given_again_to_who_paid_for_it_and_another_key_pays_its_own() {
    for ended in [true, false] {
        let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
        let alice = key_in(home.path(), 10_000);
        let bob = key_of(home.path(), "bob", 10_000);
        (net.script().doubted, net.script().ended) = (true, ended);
        let gate = Gate::start(&net, home.path()).await;
        let body = question();
        let task =
            async |key: &str| fine(gate.chat_with(key, &body).await).await["antiphon"].clone();
        assert_eq!(task(&alice).await["task"], 17);
        let open = if ended { 0 } else { 1 };
        gate.until_metric(&format!("antiphon_gateway_open_tasks {open}"))
            .await;
        let again = task(&alice).await;
        assert_eq!(
            (&again["task"], &again["contested"]),
            (&json!(17), &json!(true))
        );
        assert_eq!(task(&bob).await["task"], 18, "nobody else gets it free");
        assert_eq!(task(&bob).await["task"], 18);
        // Whoever asked in between: a retry is of what its key has paid for.
        assert_eq!(task(&alice).await["task"], 17);
        assert_eq!((net.posts(), net.paid()), (2, 2 * ESCROW));
        gate.kill().await;
    }
}

#[tokio::test]
async fn after_an_hour_a_contested_answer_is_paid_for_anew() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    (net.script().doubted, net.script().ended) = (true, true);
    let gate = Gate::start(&net, home.path()).await;
    fine(gate.chat(&question()).await).await;
    gate.until_metric("antiphon_gateway_open_tasks 0").await;
    fine(gate.chat(&question()).await).await;
    assert_eq!(net.posts(), 1);
    gate.kill().await;
    let path = home.path().join("journal.jsonl");
    let lines = std::fs::read_to_string(&path).unwrap();
    let old = lines.lines().map(|line| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        if let Some(at) = line.pointer_mut("/settled/at") {
            *at = json!(at.as_u64().unwrap() - 3_601);
        }
        format!("{line}\n")
    });
    std::fs::write(&path, old.collect::<String>()).unwrap();
    let gate = Gate::start(&net, home.path()).await;
    let body = fine(gate.chat(&question()).await).await;
    assert_eq!((&body["antiphon"]["task"], net.posts()), (&json!(18), 2));
}

#[tokio::test]
async fn an_ended_task_that_the_index_does_not_name_yet_is_attached_to_by_everybody() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let alice = key_in(home.path(), 10_000);
    let bob = key_of(home.path(), "bob", 10_000);
    net.script().ended = true;
    let gate = Gate::start(&net, home.path()).await;
    fine(gate.chat_with(&alice, &question()).await).await;
    gate.until_metric("antiphon_gateway_open_tasks 0").await;
    net.ledger().index.clear();
    fine(gate.chat_with(&bob, &question()).await).await;
    assert_eq!(net.posts(), 1);
}

#[tokio::test]
async fn an_answer_whose_text_is_away_is_asked_for_again_without_paying() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    net.script().outcome = Err(Failure::TextForged { task: 17 });
    let gate = Gate::start(&net, home.path()).await;
    let error = refused(gate.chat(&question()).await, 502, "content_unavailable").await;
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("VERIFICATION FAILED")
    );
    net.script().outcome = Ok("An answer.".to_owned());
    fine(gate.chat(&question()).await).await;
    assert_eq!((net.posts(), net.paid()), (1, ESCROW));
}

#[tokio::test]
async fn another_question_model_or_committee_is_another_task() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start(&net, home.path()).await;
    let with = |change: fn(&mut Value)| {
        let mut body = question();
        change(&mut body);
        body
    };
    let different = [
        question(),
        asking("Why is the sky blue? "),
        with(|body| body["model"] = json!("other/name")),
        with(|body| body["antiphon"] = json!({ "committee": 7 })),
        with(|body| body["max_tokens"] = json!(5)),
        with(|body| body["temperature"] = json!(0.7)),
        with(|body| body["stop"] = json!("\n")),
    ];
    for body in &different {
        fine(gate.chat(body).await).await;
    }
    assert_eq!(net.posts(), different.len());
    let keys: Vec<_> = net
        .ledger()
        .tasks
        .values()
        .map(|(key, _)| key.account.clone())
        .collect();
    assert!(keys.iter().all(|account| account == OWN));
}

#[tokio::test]
async fn a_journal_is_used_by_one_gateway_at_a_time_and_survives_a_torn_last_line() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start(&net, home.path()).await;
    fine(gate.chat(&question()).await).await;
    let second = Journal::open(home.path(), net.facts());
    assert!(
        second
            .unwrap_err()
            .to_string()
            .contains("in use by another gateway")
    );
    gate.kill().await;
    let path = home.path().join("journal.jsonl");
    let mut text = std::fs::read(&path).unwrap();
    text.extend(b"{\"dropped\":{\"i");
    std::fs::write(&path, text).unwrap();
    let gate = Gate::start(&net, home.path()).await;
    fine(gate.chat(&question()).await).await;
    assert_eq!(net.posts(), 1);
}

#[tokio::test]
async fn a_damaged_journal_is_told_by_its_line_and_never_passed_over() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let path = home.path().join("journal.jsonl");
    std::fs::write(
        &path,
        "{\"dropped\":{\"id\":0}}\nrubbish\n{\"dropped\":{\"id\":1}}\n",
    )
    .unwrap();
    let error = Journal::open(home.path(), net.facts())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("line 2") && error.contains("rubbish"),
        "{error}"
    );
}

#[tokio::test]
async fn a_journal_of_a_chain_that_was_started_anew_is_put_aside() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start(&net, home.path()).await;
    fine(gate.chat(&question()).await).await;
    gate.kill().await;
    let mut facts = net.facts().clone();
    facts.first_block = Some("BB".repeat(32));
    let journal = Journal::open(home.path(), &facts).unwrap();
    assert!(journal.open_tasks().is_empty());
    let names = std::fs::read_dir(home.path()).unwrap();
    let aside = names.filter(|name| {
        let name = name.as_ref().unwrap().file_name().into_string().unwrap();
        name.starts_with("journal-")
    });
    assert_eq!(aside.count(), 1);
}
