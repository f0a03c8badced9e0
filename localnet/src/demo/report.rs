//! What `--json` prints.

use antiphon_client::AskReport;
use serde::Serialize;

/// The client's report of the question, and what came before it.
#[derive(Debug, Serialize)]
pub(crate) struct DemoReport {
    /// Chain, model, task, answer, ballots, stages, gas, money.
    #[serde(flatten)]
    pub(crate) report: AskReport,
    /// From the start of the set-up to the question: building, fetching, the network.
    pub(crate) setup_ms: u64,
    /// The part of it that starting the network took.
    pub(crate) network_ms: u64,
    /// What all of it ran on.
    pub(crate) machine: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use antiphon_api::{Ballot, Cid, ConductInfo, Finish, Hex, TaskStatus, Uint128};
    use antiphon_client::ask::{
        AnswerReport, BallotReport, ChainReport, ModelReport, MoneyReport, StagesMs, TaskReport,
    };
    use serde_json::{Value, json};

    fn ballot(cid: Cid) -> Ballot {
        Ballot::Answer {
            cid,
            finish: Finish::Stop,
            output_tokens: 2,
            prompt_tokens: 36,
            trace: Hex([1; 32]),
        }
    }

    /// A report with every part filled in.
    pub(crate) fn example() -> DemoReport {
        let cid = Cid::of_raw(b"Blue.");
        let report = AskReport {
            chain: ChainReport {
                id: "antiphon-local-1".to_owned(),
                rpc: "http://127.0.0.1:26657".to_owned(),
                contract: "wasm1c".to_owned(),
            },
            model: ModelReport {
                id: 1,
                manifest: cid,
                weights: Some(cid),
            },
            task: Some(TaskReport {
                id: 1,
                prompt: cid,
                status: TaskStatus::Final,
                outcome: Some(ballot(cid)),
                committee: 5,
                quorum: 4,
                votes: Some(5),
                contested: false,
            }),
            known: false,
            answer: Some(AnswerReport {
                cid,
                text: "Blue.".to_owned(),
                prompt_tokens: 36,
                output_tokens: 2,
                finish: Finish::Stop,
                trace: Hex([1; 32]),
                source: "http://127.0.0.1:7400".to_owned(),
                liars: Vec::new(),
            }),
            ballots: vec![BallotReport {
                worker: "wasm1w".to_owned(),
                round: 0,
                ballot: Some(ballot(cid)),
                conduct: Some(ConductInfo::Right),
                paid: Uint128::new(60),
                forfeited: Uint128::zero(),
            }],
            stages_ms: StagesMs {
                posted: Some(310),
                ended: Some(3_600),
                ..StagesMs::default()
            },
            gas: [("post_task".to_owned(), 190_000)].into(),
            transactions: [("post_task".to_owned(), 1)].into(),
            money: Some(MoneyReport {
                escrow: Uint128::new(100),
                paid: Some(Uint128::new(60)),
                refunded: Some(Uint128::new(40)),
                burned: Some(Uint128::zero()),
            }),
        };
        let machine = "a machine".to_owned();
        DemoReport {
            report,
            setup_ms: 9_000,
            network_ms: 8_000,
            machine,
        }
    }

    #[test]
    fn the_object_has_every_promised_key() {
        let value = serde_json::to_value(example()).unwrap();
        let promised = [
            ("/chain", &["id", "rpc", "contract"][..]),
            ("/model", &["manifest", "weights"]),
            (
                "/task",
                &["id", "prompt", "status", "outcome", "committee", "quorum"],
            ),
            (
                "/answer",
                &[
                    "cid",
                    "text",
                    "prompt_tokens",
                    "output_tokens",
                    "finish",
                    "trace",
                ],
            ),
            (
                "/ballots/0",
                &["worker", "ballot", "conduct", "paid", "forfeited"],
            ),
            (
                "/stages_ms",
                &[
                    "posted",
                    "drawn",
                    "computed",
                    "committed",
                    "revealed",
                    "answered",
                    "final",
                ],
            ),
            ("/gas", &["post_task"]),
            ("/money", &["escrow", "paid", "refunded", "burned"]),
            ("", &["setup_ms", "machine"]),
        ];
        for (pointer, keys) in promised {
            let object = value.pointer(pointer).and_then(Value::as_object).unwrap();
            for key in keys {
                assert!(object.contains_key(*key), "{pointer}/{key}");
            }
        }
        assert_eq!(value.pointer("/stages_ms/final"), Some(&json!(3_600)));
    }
}
