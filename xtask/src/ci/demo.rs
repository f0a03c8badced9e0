//! The demo as a check: the very code path of `cargo demo --json`, and a look at the object it prints.

use serde_json::Value;

use super::Site;
use crate::args::Demo;
use crate::error::{Error, Result, read_text};
use crate::hash::raw_cid;
use crate::output;
use crate::run::Step;

/// What has to have happened, with its milliseconds, in this order.
const STAGES: [&str; 6] = [
    "posted",
    "drawn",
    "committed",
    "revealed",
    "answered",
    "final",
];

/// Runs it and looks.
pub(super) fn check(site: &Site, step: &Step) -> Result<String> {
    let demo = Demo {
        json: true,
        ..Demo::default()
    };
    step.run(&mut crate::demo::command(&site.workspace, &demo)?)?;
    let log = read_text(step.log())?;
    let last = log.lines().rev().find(|line| line.starts_with('{'));
    let report: Value = serde_json::from_str(last.unwrap_or_default())
        .map_err(|error| Error::Unavailable(format!("the demo printed no JSON: {error}")))?;
    let faults = faults(&report);
    if !faults.is_empty() {
        return Err(Error::Untidy(faults));
    }
    let ms = report
        .pointer("/stages_ms/answered")
        .and_then(Value::as_u64);
    let time = std::time::Duration::from_millis(ms.unwrap_or_default());
    Ok(format!("answered after {}", output::seconds(time)))
}

/// What is missing for "a verified answer, with the seconds of each stage": one line for each.
fn faults(report: &Value) -> Vec<String> {
    let text = |pointer: &str| report.pointer(pointer).and_then(Value::as_str);
    let number = |pointer: &str| report.pointer(pointer).and_then(Value::as_u64);
    let mut faults = Vec::new();
    let mut must = |holds: bool, fault: String| {
        if !holds {
            faults.push(fault);
        }
    };
    let answer = text("/answer/text").unwrap_or_default();
    must(
        !answer.is_empty(),
        "the demo: no text in the answer".to_owned(),
    );
    let cid = raw_cid(answer.as_bytes());
    must(
        text("/answer/cid") == Some(&cid),
        format!("the demo: the answer's text hashes to {cid}, which is not its content id"),
    );
    must(
        text("/task/status") == Some("final"),
        "the demo: the task is not final".to_owned(),
    );
    must(
        number("/task/votes")
            .is_some_and(|votes| number("/task/quorum").is_some_and(|q| votes >= q)),
        "the demo: fewer votes than the quorum".to_owned(),
    );
    let times = STAGES.map(|stage| number(&format!("/stages_ms/{stage}")));
    for (stage, time) in STAGES.iter().zip(times) {
        must(
            time.is_some(),
            format!("the demo: no time of the stage {stage}"),
        );
    }
    must(
        times.is_sorted(),
        "the demo: stages out of order".to_owned(),
    );
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report() -> Value {
        json!({
            "task": {"status": "final", "votes": 5, "quorum": 4},
            "answer": {"text": "hello", "cid": raw_cid(b"hello")},
            "stages_ms": {
                "posted": 1, "drawn": 2, "committed": 3, "revealed": 4, "answered": 4, "final": 5
            }
        })
    }

    #[test]
    fn demand_01_the_command_ends_with_a_verified_answer_and_the_seconds_of_each_stage() {
        assert_eq!(faults(&report()), Vec::<String>::new());
        let broken = [
            ("/answer/text", json!("hullo")),
            ("/answer/text", json!("")),
            ("/answer/cid", Value::Null),
            ("/task/status", json!("answered")),
            ("/task/votes", json!(3)),
            ("/stages_ms/drawn", Value::Null),
            ("/stages_ms/final", json!(0)),
        ];
        for (pointer, value) in broken {
            let mut report = report();
            *report.pointer_mut(pointer).unwrap() = value;
            assert!(!faults(&report).is_empty(), "{pointer}");
        }
        assert!(faults(&json!({})).len() > 8);
    }
}
