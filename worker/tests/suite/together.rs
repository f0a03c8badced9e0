//! Several duties in one engine's process: a script says when it reads and answers what.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use antiphon_api::Cid;
use antiphon_worker::edges::{ChildInference, EngineOptions};
use antiphon_worker::ports::{EdgeError, Inference, Job, ModelFiles, Outcome};
use tokio_util::sync::CancellationToken;

use crate::process::{manifest, script};

/// What every process is asked first; `answer ID TEXT`, `overflow ID` and `cancelled ID` reply to a job.
const BEGIN: &str = r#"
reply() { echo "{\"id\":$1,\"outcome\":$2}"; }
answer() { reply "$1" "{\"failed\":{\"kind\":\"prompt\",\"text\":\"$2\",\"deterministic\":true}}"; }
overflow() { reply "$1" "{\"failed\":{\"kind\":\"numeric\",\"text\":\"a logit is infinite\",\"deterministic\":true}}"; }
cancelled() { reply "$1" '{"failed":{"kind":"cancelled","text":"stopped","deterministic":false}}'; }
token() { reply "$1" '{"progress":{"prompt_done":1,"prompt_tokens":2,"output_tokens":0}}'; }
zeros=0000000000000000000000000000000000000000000000000000000000000000
read load
reply 1 '{"loaded":{"sha256":"'$zeros'","bytes":1,"numerics":"cn-1","kernel":"x","threads":1,"context_length":1,"cache_bytes_per_token":1,"seconds":0,"jobs":2,"weights":"in memory"}}'
read test; reply 2 '{"self_tested":{"kernel":"x"}}'
"#;

/// The rest of what `prepare` asks for.
const PROVE: &str = r#"
read golden; reply 3 '{"golden":{"cases":1,"prompt_tokens":1,"output_tokens":1,"seconds":{"prefill":0,"decode":0}}}'
"#;

/// An engine that plays `body` after its preparation, and what asks it. A second process on the folder plays `again`.
async fn prepared(dir: &Path, jobs: usize, body: &str, again: &str) -> ChildInference {
    let silence = Duration::from_secs(3);
    let once = dir.join("once").display().to_string();
    let body = format!(
        "{BEGIN}\nif test -e {once}; then\n{again}\nexec sleep 60\nfi\n: > {once}\n{PROVE}\n{body}\nexec sleep 60"
    );
    let inference = ChildInference::new(EngineOptions {
        program: script(dir, &body),
        threads: 1,
        jobs,
        packed: None,
        token_timeout: silence,
        address_space: None,
    });
    let manifest = manifest();
    let files = ModelFiles {
        manifest_cid: Cid::of_raw(&manifest),
        manifest,
        weights: dir.join("weights"),
    };
    inference.prepare(&files).await.unwrap();
    inference
}

fn job(prompt: &str) -> Job {
    Job {
        manifest: Cid::of_raw(&manifest()),
        prompt: Cid::of_raw(prompt.as_bytes()),
        block: Arc::new(prompt.as_bytes().to_vec()),
        max_output_tokens: 1,
    }
}

/// The script's answers are refusals of the prompt, whose reason comes back.
fn said(outcome: Result<Outcome, EdgeError>) -> String {
    match outcome {
        Ok(Outcome::Invalid(reason)) => reason,
        Ok(Outcome::Answer(_)) => panic!("the script answers nothing"),
        Err(error) => format!("machine: {error}"),
    }
}

/// Two duties, the second a moment after the first.
async fn two(inference: &ChildInference) -> (String, String) {
    let (first, second) = (job("first"), job("second"));
    let later = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        inference.compute(&second).await
    };
    let (first, second) = tokio::join!(inference.compute(&first), later);
    (said(first), said(second))
}

#[tokio::test]
async fn two_duties_are_under_way_at_once_and_each_gets_its_own_reply() {
    let dir = tempfile::tempdir().unwrap();
    let body = "read a; read b; token 4; answer 5 five; token 4; answer 4 four";
    let inference = prepared(dir.path(), 2, body, "exit 1").await;
    let got = two(&inference).await;
    assert_eq!(got, ("four".to_owned(), "five".to_owned()));
    assert!(inference.idle());
}

#[tokio::test]
async fn with_one_job_the_second_duty_is_sent_when_the_first_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let body = "read a\nif timeout 0.3 head -c 1 > /dev/null; then answer 4 'not alone'; exit; fi\n\
                answer 4 four; read b; answer 5 five";
    let inference = prepared(dir.path(), 1, body, "exit 1").await;
    let got = two(&inference).await;
    assert_eq!(got, ("four".to_owned(), "five".to_owned()));
}

#[tokio::test]
async fn a_child_that_dies_with_two_duties_is_replaced_and_each_is_computed_alone() {
    let dir = tempfile::tempdir().unwrap();
    let again = "read a; answer 3 one; read b; answer 4 two";
    let inference = prepared(dir.path(), 2, "read a; read b; token 4; exit 9", again).await;
    let (first, second) = two(&inference).await;
    let mut got = [first, second];
    got.sort();
    assert_eq!(
        got,
        ["one", "two"],
        "each by the second process, one after the other"
    );
}

/// Were they tried together again, one prompt that breaks the engine would take every other duty with it.
#[tokio::test]
async fn a_prompt_that_breaks_the_engine_fails_alone_and_is_never_called_invalid() {
    let dir = tempfile::tempdir().unwrap();
    let again = "while read a; do case \"$a\" in *first*) exit 9;; *) answer 3 two;; esac; done";
    let inference = prepared(dir.path(), 2, "read a; read b; exit 9", again).await;
    let (first, second) = two(&inference).await;
    assert_eq!(
        first,
        "machine: the engine ended; it was killed, or ran out of memory"
    );
    assert_eq!(second, "two");
}

#[tokio::test]
async fn a_child_that_falls_silent_with_two_duties_fails_both_in_time_and_neither_is_called_invalid()
 {
    let dir = tempfile::tempdir().unwrap();
    let inference = prepared(dir.path(), 2, "read a; read b; token 4", "read a").await;
    let began = Instant::now();
    let (first, second) = two(&inference).await;
    assert!(first.contains("no sign of life"), "{first}");
    assert!(second.contains("no sign of life"), "{second}");
    assert!(
        began.elapsed() < Duration::from_secs(40),
        "{:?}",
        began.elapsed()
    );
    assert!(inference.idle());
}

#[tokio::test]
async fn a_duty_that_waits_for_another_one_in_the_child_is_not_taken_for_a_silence() {
    let dir = tempfile::tempdir().unwrap();
    // The second gets its first reply after 4.2 s, which is more than the 3 s of a silence.
    let body = "read a; read b\nfor i in 1 2 3; do sleep 1.4; token 4; done\ntoken 5; answer 4 four; answer 5 five";
    let inference = prepared(dir.path(), 2, body, "exit 1").await;
    let got = two(&inference).await;
    assert_eq!(got, ("four".to_owned(), "five".to_owned()));
}

#[tokio::test]
async fn a_duty_that_gets_nothing_while_another_one_goes_on_and_on_is_a_fault() {
    let dir = tempfile::tempdir().unwrap();
    let body = "read a; read b\nwhile true; do sleep 0.2; token 4; done";
    let inference = prepared(
        dir.path(),
        2,
        body,
        "read a; answer 3 one; read b; answer 4 two",
    )
    .await;
    let (first, second) = two(&inference).await;
    let mut got = [first, second];
    got.sort();
    assert_eq!(got, ["one", "two"], "by the second process");
}

#[tokio::test]
async fn breaking_off_one_job_does_not_disturb_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let body = r#"read a; read b; read cancel
test "$cancel" = '{"cancel":4}' || exit 1
token 4; cancelled 4; answer 5 five; read c; answer 6 six"#;
    let inference = prepared(dir.path(), 2, body, "exit 1").await;
    let stop = CancellationToken::new();
    let (guess, duty) = (job("guess"), job("duty"));
    let later = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let duty = inference.compute(&duty);
        let stopped = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            stop.cancel();
        };
        tokio::join!(duty, stopped).0
    };
    let (guess, duty) = tokio::join!(inference.compute_unless(&guess, &stop), later);
    assert_eq!(said(guess), "machine: broken off: a duty needs the engine");
    assert_eq!(said(duty), "five");
    assert_eq!(said(inference.compute(&job("next")).await), "six");
}

#[tokio::test]
async fn a_duty_that_is_given_up_is_cancelled_and_its_late_replies_are_nobodys() {
    let dir = tempfile::tempdir().unwrap();
    let body = r#"read a; read b; read cancel
test "$cancel" = '{"cancel":5}' || exit 1
token 5; cancelled 5; answer 4 four"#;
    let inference = prepared(dir.path(), 2, body, "exit 1").await;
    let (first, second) = (job("first"), job("second"));
    let given_up = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        tokio::time::timeout(Duration::from_millis(100), inference.compute(&second)).await
    };
    let (first, given_up) = tokio::join!(inference.compute(&first), given_up);
    assert!(given_up.is_err());
    assert_eq!(said(first), "four");
    assert!(inference.idle());
}

#[tokio::test]
async fn a_reply_to_nobody_ends_the_child() {
    let dir = tempfile::tempdir().unwrap();
    let said_it = dir.path().join("said");
    let body = format!(
        "read a; answer 4 four; answer 4 'four again'; : > {}; read b; answer 5 five",
        said_it.display()
    );
    let inference = prepared(dir.path(), 2, &body, "read b; answer 3 two").await;
    assert_eq!(said(inference.compute(&job("first")).await), "four");
    while !said_it.exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // It is said; now it is read.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let next = said(inference.compute(&job("second")).await);
    assert_eq!(next, "two", "by the second process");
}

#[tokio::test]
async fn an_overflow_is_voted_only_if_a_new_process_finds_it_too() {
    let dir = tempfile::tempdir().unwrap();
    let inference = prepared(dir.path(), 2, "read a; overflow 4", "read a; overflow 3").await;
    let got = said(inference.compute(&job("first")).await);
    assert_eq!(got, "a logit is infinite");
    let dir = tempfile::tempdir().unwrap();
    let again = "read a; reply 3 '{\"failed\":{\"kind\":\"engine\",\"text\":\"else\",\"deterministic\":false}}'";
    let inference = prepared(dir.path(), 2, "read a; overflow 4", again).await;
    let got = said(inference.compute(&job("first")).await);
    assert!(got.starts_with("machine: "), "{got}");
}
