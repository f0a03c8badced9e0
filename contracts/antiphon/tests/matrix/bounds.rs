//! Every bound of the protocol from both sides: the last value inside, and the first one outside
//! (sections 3.3, 7, 10 and 11).

use antiphon_api::*;
use antiphon_contract::contract;
use cosmwasm_std::testing::{message_info, mock_dependencies, mock_env};
use cosmwasm_std::{HexBinary, coins};

use super::messages::{post, register};
use crate::suite::copy::{answer_of, code};
use crate::suite::network::DENOM;
use crate::suite::votes::*;
use crate::suite::{Ask, Beacon, Copy, Network, Options};

fn creation() -> InstantiateMsg {
    InstantiateMsg {
        denom: DENOM.to_owned(),
        owner: None,
        beacon: Beacon::new(1, 1_000).config(1),
        params: Params::public(),
        insecure: false,
    }
}

fn create(change: impl FnOnce(&mut InstantiateMsg)) -> String {
    let mut msg = creation();
    change(&mut msg);
    let mut deps = mock_dependencies();
    let sender = deps.api.addr_make("creator");
    let info = message_info(&sender, &[]);
    answer_of(contract::instantiate(deps.as_mut(), mock_env(), info, msg))
}

/// Sets a field of the parameters by its name.
fn set(params: &mut Params, field: &str, value: u128) {
    let mut all = serde_json::to_value(&*params).unwrap();
    let written = match &all[field] {
        serde_json::Value::String(_) => serde_json::json!(value.to_string()),
        _ => serde_json::json!(u64::try_from(value).unwrap()),
    };
    all[field] = written;
    *params = serde_json::from_value(all).unwrap();
}

const BILLIARD: u128 = 1_000_000_000_000_000;
const LARGEST: u128 = u64::MAX as u128;

/// Section 11, with what it leaves to the contract: each field from least to most.
const BOUNDS: [(&str, u128, u128); 19] = [
    ("max_rounds", 1, 3),
    ("max_draws", 1, 3),
    ("draw_window_blocks", 5, 100_000),
    ("draw_window_seconds", 5, 3_600),
    ("commit_window_blocks", 5, 100_000),
    ("commit_tokens_per_block", 1, 4_096),
    ("reveal_window_blocks", 5, 100_000),
    ("appeal_window_blocks", 5, 100_000),
    ("lock_multiple", 10, 100),
    ("min_lock", 1, LARGEST),
    ("min_base", 1, BILLIARD),
    ("max_misses", 2, 100),
    ("jail_seconds", 10, 86_400),
    ("unbonding_seconds", 60, 5_184_000),
    ("meter_permille", 1, 1_000),
    ("meter_blocks", 10, 100_000),
    ("model_deposit", 1, LARGEST),
    ("max_callback_gas", 0, 2_000_000),
    ("deliver_window_blocks", 10, 1_000_000),
];

#[test]
fn each_parameter_is_taken_up_to_its_bounds_and_no_further() {
    let all = serde_json::to_value(Params::public()).unwrap();
    assert_eq!(
        all.as_object().unwrap().len(),
        BOUNDS.len() + 1,
        "and committee"
    );
    for (field, least, most) in BOUNDS {
        for inside in [least, most] {
            let answer = create(|msg| set(&mut msg.params, field, inside));
            assert_eq!(answer, "ok", "{field} = {inside}");
        }
        for outside in [least.checked_sub(1), Some(most + 1)].into_iter().flatten() {
            let answer = create(|msg| set(&mut msg.params, field, outside));
            assert_eq!(answer, "E_PARAMS", "{field} = {outside}");
        }
    }
    for committee in 0..40 {
        let secure = create(|msg| msg.params.committee = committee);
        let insecure = create(|msg| (msg.params.committee, msg.insecure) = (committee, true));
        let fine = [5, 7, 9, 11, 15].contains(&committee);
        assert_eq!(secure == "ok", fine, "{committee}");
        assert_eq!(insecure == "ok", fine || committee == 3, "{committee}");
    }
}

#[test]
fn beacon_and_denom_are_taken_up_to_their_bounds_and_no_further() {
    let delay = |value| create(|msg| msg.beacon.delay_seconds = value);
    assert_eq!(
        [0, 1, 600, 601].map(delay),
        ["E_PARAMS", "ok", "ok", "E_PARAMS"]
    );
    let period = |value| create(|msg| msg.beacon.period = value);
    assert_eq!(
        [0, 1, 86_400, 86_401].map(period),
        ["E_PARAMS", "ok", "ok", "E_PARAMS"]
    );
    let genesis = |value| create(|msg| msg.beacon.genesis = value);
    let answers = [0, 1, 1 << 40, (1 << 40) + 1].map(genesis);
    assert_eq!(answers, ["E_PARAMS", "ok", "ok", "E_PARAMS"]);
    let denom = |text: &str| create(|msg| msg.denom = text.to_owned());
    for fine in [
        "abc",
        "a/:._-9",
        &"a".repeat(128),
        "ibc/27394FB092D2ECCD56123C74F36E4C1F",
    ] {
        assert_eq!(denom(fine), "ok", "{fine}");
    }
    for wrong in ["ab", "9bc", "/bc", "a c", "a\u{e4}c", &"a".repeat(129)] {
        assert_eq!(denom(wrong), "E_PARAMS", "{wrong}");
    }
}

fn registered(network: &Network, change: impl FnOnce(&mut ExecuteMsg)) -> String {
    let mut msg = register();
    change(&mut msg);
    let funds = coins(1_000, DENOM);
    answer_of(network.copy().execute(&network.publisher, &msg, &funds))
}

#[test]
fn prices_and_limits_are_taken_up_to_their_bounds_and_no_further() {
    let network = Network::bare(&Options::default());
    let priced = |base: u128, byte: u128, token: u128| {
        registered(&network, |msg| {
            if let ExecuteMsg::RegisterModel { price, .. } = msg {
                let [base, per_prompt_byte, per_output_token] =
                    [base, byte, token].map(Uint128::new);
                *price = Price {
                    base,
                    per_prompt_byte,
                    per_output_token,
                };
            }
        })
    };
    for fine in [(1, 0, 0), (BILLIARD, BILLIARD, BILLIARD)] {
        assert_eq!(priced(fine.0, fine.1, fine.2), "ok", "{fine:?}");
    }
    let over = BILLIARD + 1;
    for wrong in [(0, 1, 1), (over, 0, 0), (1, over, 0), (1, 0, over)] {
        assert_eq!(priced(wrong.0, wrong.1, wrong.2), "E_PRICE", "{wrong:?}");
    }
    let limited = |max_prompt_bytes, max_output_tokens| {
        registered(&network, |msg| {
            if let ExecuteMsg::RegisterModel { limits, .. } = msg {
                *limits = Limits {
                    max_prompt_bytes,
                    max_output_tokens,
                };
            }
        })
    };
    assert_eq!([limited(1, 1), limited(16_384, 4_096)], ["ok", "ok"]);
    for wrong in [(0, 1), (1, 0), (16_385, 1), (1, 4_097)] {
        assert_eq!(limited(wrong.0, wrong.1), "E_LIMITS", "{wrong:?}");
    }
}

#[test]
fn what_a_worker_tells_is_taken_up_to_its_bounds_and_no_further() {
    let network = Network::five();
    let worker = &network.workers[0].address;
    let told = |endpoint: Option<String>, moniker: Option<String>| {
        let msg = ExecuteMsg::UpdateWorker {
            endpoint,
            moniker,
            voter: None,
        };
        answer_of(network.copy().execute(worker, &msg, &[]))
    };
    let endpoint = |length: usize| format!("https://{}", "h".repeat(length - 8));
    assert_eq!(told(Some(endpoint(9)), None), "ok");
    assert_eq!(told(Some(endpoint(128)), None), "ok");
    assert_eq!(told(Some(endpoint(129)), None), "E_ENDPOINT");
    assert_eq!(told(Some(endpoint(8)), None), "E_ENDPOINT");
    for wrong in [
        "https://?q",
        "https://:80",
        "https://a#b",
        "https://a\"b",
        "https://a\u{7f}",
    ] {
        assert_eq!(told(Some(wrong.to_owned()), None), "E_ENDPOINT", "{wrong}");
    }
    assert_eq!(told(None, Some("m".repeat(32))), "ok");
    assert_eq!(told(None, Some("m".repeat(33))), "E_MONIKER");
    assert_eq!(told(None, Some("\u{e4}".repeat(16))), "ok");
    assert_eq!(told(None, Some("\u{e4}".repeat(17))), "E_MONIKER");
}

#[test]
fn batches_are_taken_up_to_their_bounds_and_no_further() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    let round = network.task(task).waits_for.unwrap();
    network.blocks(3);
    let stranger = network.stranger.clone();
    let try_it = |msg: &ExecuteMsg| answer_of(network.copy().execute(&stranger, msg, &[]));
    let publish = |draws| ExecuteMsg::PublishBeacon {
        round,
        signature: network.beacon.sign(round),
        draws,
    };
    let answers = [0, 10, 11, u32::MAX].map(|draws| try_it(&publish(draws)));
    assert_eq!(answers, ["ok", "ok", "E_BATCH", "E_BATCH"]);
    let advance = |count| ExecuteMsg::Advance {
        tasks: vec![task; count],
    };
    let answers = [0, 10, 11].map(|count| try_it(&advance(count)));
    assert_eq!(answers, ["ok", "ok", "E_BATCH"]);
    let item = network.commit_of(&network.workers[0], task, Answer("a"));
    let commit = |count| ExecuteMsg::Commit {
        commits: vec![item.clone(); count],
    };
    let answers = [0, 1, 31, 32].map(|count| try_it(&commit(count)));
    assert_eq!(answers, ["E_BATCH", "too_early", "too_early", "E_BATCH"]);
}

/// A task that carries a prompt of so many bytes.
fn carried(copy: &Copy, network: &Network, length: usize) -> String {
    let prompt = "p".repeat(length);
    let mut msg = post(&network.workers[0].address);
    if let ExecuteMsg::PostTask {
        prompt: cid,
        prompt_bytes,
        block,
        ..
    } = &mut msg
    {
        *cid = Cid::of_raw(prompt.as_bytes());
        *prompt_bytes = u32::try_from(length).unwrap();
        *block = Some(HexBinary::from(prompt.as_bytes()));
    }
    let funds = coins(1_000_000, DENOM);
    answer_of(copy.clone().execute(&network.requester, &msg, &funds))
}

#[test]
fn a_carried_prompt_has_at_most_4096_bytes() {
    let mut network = Network::bare(&Options::default());
    let publisher = network.publisher.clone();
    let mut msg = register();
    if let ExecuteMsg::RegisterModel { limits, .. } = &mut msg {
        limits.max_prompt_bytes = 16_384;
    }
    network.pay(&publisher, &msg, 1_000).unwrap();
    network.model = 1;
    for worker in network.workers.clone() {
        network.enlist(&worker, 1_000_000);
    }
    let copy = network.copy();
    let answers = [1, 4_096, 4_097].map(|length| carried(&copy, &network, length));
    assert_eq!(answers, ["ok", "ok", "E_BLOCK"]);
}

/// The bond may be exactly what is locked when the unbonding entry is claimed, and not one less.
#[test]
fn a_claim_leaves_the_locks_covered_to_the_last_coin() {
    for (unbonded, want) in [(7_000, "ok"), (7_001, "E_LOCKED")] {
        let mut network = Network::five();
        let task = network.ask(&Ask::default()).unwrap();
        network.draw(task);
        let worker = network.workers[0].address.clone();
        let steps = [
            ExecuteMsg::LeaveModel { model: 1 },
            ExecuteMsg::Unbond {
                amount: Uint128::new(unbonded),
            },
        ];
        for msg in &steps {
            network.run(&worker, msg).unwrap();
        }
        let mut copy = network.copy();
        copy.blocks(59);
        let claim = ExecuteMsg::ClaimUnbonded {};
        let early = copy.execute(&worker, &claim, &[]).unwrap_err();
        assert_eq!(code(&early), "E_UNBONDING");
        copy.blocks(1);
        assert_eq!(answer_of(copy.execute(&worker, &claim, &[])), want);
    }
}
