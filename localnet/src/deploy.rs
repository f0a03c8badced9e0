//! From a running chain to a network: the contract stored, pinned and created, the model registered.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use antiphon_api::{BeaconConfig, Cid, ExecuteMsg, InstantiateMsg, Limits, Params, Price, Uint128};
use antiphon_chain::{Chain, Coin, Gas, Key, Msg, Sender, SenderOptions, TxOutcome, bech32};
use sha2::{Digest, Sha256};
use tokio::time::sleep;

use crate::error::{Doing, During, LocalnetError, Result};
use crate::genesis::{DENOM, GAS_PRICE, PREFIX, PROPOSAL_DEPOSIT};
use crate::node::too_late;

const PIN_SECONDS: u64 = 30;
const POLL: Duration = Duration::from_millis(200);

/// The smallest part of a price: what telling a contract its answer earns, in uanti.
pub const BASE_FEE: u128 = 10_000;

/// What a member is paid on the local network, in uanti: figures that are easy to read.
#[must_use]
pub fn price() -> Price {
    Price {
        base: Uint128::new(BASE_FEE),
        per_prompt_byte: Uint128::new(10),
        per_output_token: Uint128::new(1_000),
    }
}

/// What the model accepts on the local network.
#[must_use]
pub fn limits() -> Limits {
    Limits {
        max_prompt_bytes: 4_096,
        max_output_tokens: 512,
    }
}

/// A sender with the local network's gas price.
pub(crate) fn sender(chain: &Chain, key: &Arc<Key>) -> Result<Sender> {
    let price = GAS_PRICE.parse().during("the gas price")?;
    let mut options = SenderOptions::new(price);
    options.poll = Duration::from_millis(50);
    Sender::new(chain.clone(), Arc::clone(key), options).during("making a sender")
}

/// Uploads the contract and gives its code's number.
pub(crate) async fn store(deployer: &Sender, wasm: &Path) -> Result<u64> {
    let step = "storing the contract";
    let wasm = std::fs::read(wasm).doing(|| format!("read {}", wasm.display()))?;
    let done = deployer
        .send(&[Msg::StoreCode { wasm }], Gas::Simulate)
        .await
        .during(step)?;
    number(&done, "store_code", "code_id", step)
}

/// Creates the contract and gives its address.
pub(crate) async fn instantiate(
    deployer: &Sender,
    code_id: u64,
    beacon: BeaconConfig,
) -> Result<String> {
    let step = "creating the contract";
    let msg = InstantiateMsg {
        denom: DENOM.to_owned(),
        owner: Some(deployer.address().to_owned()),
        beacon,
        params: Params::local(),
        insecure: false,
    };
    let msg = Msg::instantiate(code_id, "antiphon", &msg).during(step)?;
    let done = deployer.send(&[msg], Gas::Simulate).await.during(step)?;
    text(&done, "instantiate", "_contract_address", step)
}

/// Registers the model with its deposit and gives its id.
pub(crate) async fn register_model(
    deployer: &Sender,
    contract: &str,
    manifest: Cid,
    endpoint: Option<String>,
) -> Result<u64> {
    let step = "registering the model";
    let msg = ExecuteMsg::RegisterModel {
        manifest,
        price: price(),
        limits: limits(),
        endpoint,
    };
    let deposit = Coin::new(Params::local().model_deposit.u128(), DENOM);
    let done = deployer
        .execute(contract, &msg, &[deposit])
        .await
        .during(step)?;
    number(&done, "wasm-model_registered", "model", step)
}

/// Keeps the contract's code in the node's memory, by a proposal of the only validator: about five
/// seconds, which other work can fill.
pub(crate) async fn pin(validator: &Sender, code_id: u64) -> Result<()> {
    let step = "pinning the contract";
    let module = Sha256::digest(b"gov");
    let authority = bech32(PREFIX, module.get(..20).unwrap_or_default())?;
    let deposit = Coin::new(PROPOSAL_DEPOSIT, DENOM);
    let propose = Msg::ProposePin {
        code_ids: vec![code_id],
        authority,
        deposit,
    };
    let done = validator
        .send(&[propose], Gas::Simulate)
        .await
        .during(step)?;
    let proposal = number(&done, "submit_proposal", "proposal_id", step)?;
    validator
        .send(&[Msg::VoteYes { proposal }], Gas::Simulate)
        .await
        .during(step)?;
    wait_for_pin(validator.chain(), step).await
}

/// The chain's list of pinned codes is empty until ours is in it.
async fn wait_for_pin(chain: &Chain, step: &str) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(PIN_SECONDS) {
        let path = "/cosmwasm.wasm.v1.Query/PinnedCodes";
        let answer = chain.rpc().abci_query(path, &[], None).await.during(step)?;
        // The first field is the list; the second, its page, is there even when the list is empty.
        if answer.value.first() == Some(&0x0a) {
            return Ok(());
        }
        sleep(POLL).await;
    }
    let state = "the vote did not pass".to_owned();
    Err(too_late(step.to_owned(), PIN_SECONDS, state, None))
}

fn text(done: &TxOutcome, event: &str, key: &str, step: &str) -> Result<String> {
    let found = done.attribute(event, key).map(str::to_owned);
    found.ok_or_else(|| unreadable(step, event, key))
}

fn number(done: &TxOutcome, event: &str, key: &str, step: &str) -> Result<u64> {
    let found = done
        .attribute(event, key)
        .and_then(|value| value.parse().ok());
    found.ok_or_else(|| unreadable(step, event, key))
}

fn unreadable(step: &str, event: &str, key: &str) -> LocalnetError {
    LocalnetError::Unexpected {
        step: step.to_owned(),
        got: "no such attribute".to_owned(),
        want: format!("the attribute {key} of an event {event}"),
    }
}
