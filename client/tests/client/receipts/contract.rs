//! What the contract says of the task of a sample receipt.

use antiphon_api::Hex;
use antiphon_receipt::Course;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cosmrs::proto::cosmwasm::wasm::v1::{
    QuerySmartContractStateRequest, QuerySmartContractStateResponse,
};
use cosmrs::proto::traits::Message;
use serde_json::{Value, json};

use super::world::Ledger;

impl Ledger {
    pub(super) fn smart(&self, params: &Value) -> Value {
        let data = data_encoding::HEXLOWER.decode(params["data"].as_str().unwrap().as_bytes());
        let query = QuerySmartContractStateRequest::decode(data.unwrap().as_slice()).unwrap();
        let said: Value = serde_json::from_slice(&query.query_data).unwrap();
        let (kind, about) = said.as_object().unwrap().iter().next().unwrap();
        let answered = match kind.as_str() {
            "task" if about["task"] == self.receipt.task.id => Some(self.task()),
            "round" => Some(self.round(usize::try_from(about["round"].as_u64().unwrap()).unwrap())),
            "model" => Some(self.model()),
            "seats" => Some(json!({ "seats": [] })),
            _ => None,
        };
        let (code, log, value) = match answered {
            Some(json) => {
                let data = serde_json::to_vec(&json).unwrap();
                (
                    0,
                    "",
                    QuerySmartContractStateResponse { data }.encode_to_vec(),
                )
            }
            None => (
                9,
                "E_UNKNOWN_TASK: got another task, want a posted one; query tasks: query wasm contract failed",
                Vec::new(),
            ),
        };
        json!({ "response": { "code": code, "codespace": "wasm", "log": log,
            "value": BASE64.encode(value), "height": "400" } })
    }

    fn task(&self) -> Value {
        let receipt = &self.receipt;
        let course = Course::of(&receipt.rounds, receipt.task.carried);
        let standing = course.standing.as_ref();
        let last = receipt.rounds.last().unwrap();
        json!({
            "task": receipt.task.id, "model": 1, "manifest": receipt.manifest_cid(),
            "requester": receipt.task.requester, "prompt": receipt.prompt.cid(),
            "prompt_bytes": receipt.task.prompt_bytes,
            "max_output_tokens": receipt.task.max_output_tokens, "holders": [],
            "task_digest": Hex(receipt.task_digest().unwrap()), "params_version": 1, "committee": 5,
            "rounds_possible": 3, "posted": self.txs[0].height, "posted_time": 1,
            "status": self.status, "round": last.round, "size": last.size, "quorum": 4,
            "members": 5, "committed": 5, "revealed": 5,
            "entered": self.txs.last().unwrap().height, "deadline": null, "waits_for": null,
            "due": false, "undecided": false, "outcome": standing.map(|it| &it.ballot),
            "outcome_round": standing.map(|it| it.round),
            "outcome_votes": standing.map(|it| it.votes), "contested": receipt.task.contested,
            "escrow": "500", "full_fee": "100", "lock": "3000", "settlement": null,
            "carried": receipt.task.carried,
        })
    }

    fn round(&self, number: usize) -> Value {
        let round = &self.receipt.rounds[number];
        let members: Vec<_> = round
            .members
            .iter()
            .enumerate()
            .map(|(place, member)| {
                json!({
                    "worker": member.worker, "position": place,
                    "endpoint": self.endpoints.get(place), "commitment": null,
                    "ballot": null, "conduct": member.conduct, "paid": "0",
                    "forfeited": "0",
                })
            })
            .collect();
        let places = members.len().min(usize::try_from(round.size).unwrap());
        json!({
            "task": self.receipt.task.id, "round": round.round, "size": round.size, "quorum": 4,
            "opened": round.opened, "members": members[..places], "replaced": members[places..],
            "tally": [],
        })
    }

    fn model(&self) -> Value {
        json!({
            "model": 1, "manifest": self.receipt.manifest_cid(), "publisher": "wasm1p",
            "price": { "base": "10", "per_prompt_byte": "1", "per_output_token": "1" },
            "limits": { "max_prompt_bytes": 16384, "max_output_tokens": 4096 },
            "endpoint": null, "retired": false, "seats": 5, "open_tasks": 0, "deposit": "0",
            "ratings": { "good": 0, "bad": 0, "good_fees": "0", "bad_fees": "0" },
        })
    }
}
