//! The messages, field by field.

use antiphon_documents::{Ballot, Finish};
use serde::{Deserialize, Deserializer};

use super::{Fields, Read, Reading, Value, deserialized, readable};
use crate::msg::{Callback, CommitItem, ExecuteMsg, InstantiateMsg, MigrateMsg, RevealItem};
use crate::params::{BeaconConfig, Limits, Params, Price};
use crate::query::{QueryMsg, TaskFilter};

readable! {
    struct InstantiateMsg { denom, owner, beacon, params, insecure }
    struct MigrateMsg {}
    struct BeaconConfig { public_key, genesis, period, delay_seconds }
    struct Params {
        committee, max_rounds, max_draws, draw_window_blocks, draw_window_seconds,
        commit_window_blocks, commit_tokens_per_block, reveal_window_blocks, appeal_window_blocks,
        lock_multiple, min_lock, min_base, max_misses, jail_seconds, unbonding_seconds,
        meter_permille, meter_blocks, model_deposit, max_callback_gas, deliver_window_blocks,
    }
    struct Price { base, per_prompt_byte, per_output_token }
    struct Limits { max_prompt_bytes, max_output_tokens }
    struct Callback { gas_limit, with_text }
    struct CommitItem { task, round, worker, task_digest, commitment, signature }
    struct RevealItem { task, round, worker, ballot, salt }
}

readable! {
    enum Ballot else Invalid {
        "answer" = Answer { cid, finish, output_tokens, prompt_tokens, trace },
        "unavailable" = Unavailable {},
        "invalid" = Invalid {},
    }
}

readable! {
    enum ExecuteMsg else Deposit {
        "register_model" = RegisterModel { manifest, price, limits, endpoint },
        "retire_model" = RetireModel { model },
        "bond" = Bond {},
        "unbond" = Unbond { amount },
        "claim_unbonded" = ClaimUnbonded {},
        "unjail" = Unjail {},
        "join_model" = JoinModel { model },
        "leave_model" = LeaveModel { model },
        "update_worker" = UpdateWorker { endpoint, moniker, voter },
        "post_task" = PostTask {
            model, prompt, prompt_bytes, max_output_tokens, holders, block, committee, callback,
        },
        "appeal" = Appeal { task, round },
        "rate" = Rate { task, good },
        "deliver" = Deliver { task, text },
        "deposit" = Deposit {},
        "withdraw" = Withdraw { amount },
        "commit" = Commit { commits },
        "reveal" = Reveal { reveals },
        "advance" = Advance { tasks },
        "publish_beacon" = PublishBeacon { round, signature, draws },
        "update_params" = UpdateParams { params },
        "set_paused" = SetPaused { paused },
        "transfer_ownership" = TransferOwnership { to },
        "accept_ownership" = AcceptOwnership {},
        "renounce_ownership" = RenounceOwnership {},
    }
}
deserialized!(ExecuteMsg);

readable! {
    enum QueryMsg else Config {
        "config" = Config {},
        "params" = Params { version },
        "model" = Model { model },
        "models" = Models { start_after, limit },
        "models_by_manifest" = ModelsByManifest { manifest, start_after, limit },
        "task" = Task { task },
        "tasks" = Tasks { filter, start_after, limit },
        "duties" = Duties { worker, start_after, limit },
        "round" = Round { task, round },
        "worker" = Worker { worker },
        "workers" = Workers { start_after, limit },
        "seats" = Seats { model, start_after, limit },
        "balance" = Balance { address },
        "answer" = Answer { model, prompt },
        "estimate_fee" = EstimateFee { model, prompt_bytes, max_output_tokens, committee },
        "beacon" = Beacon {},
        "security" = Security { model, committee },
        "totals" = Totals {},
    }
}
deserialized!(QueryMsg);

impl Read for Finish {
    fn read(value: Value, reading: &mut Reading) -> Self {
        match reading.text(value).as_str() {
            "stop" => return Self::Stop,
            "length" => {}
            other => reading.refuse(other, "stop or length"),
        }
        Self::Length
    }
}

impl Read for TaskFilter {
    fn read(value: Value, reading: &mut Reading) -> Self {
        match reading.text(value).as_str() {
            "open" => return Self::Open,
            "done" => {}
            other => reading.refuse(other, "open or done"),
        }
        Self::Done
    }
}
