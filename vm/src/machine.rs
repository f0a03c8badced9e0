//! The contract's wasm in the virtual machine of a chain: checked as a chain checks what it stores,
//! called as a chain calls it, and priced.

use std::collections::HashSet;

use cosmwasm_std::{
    CosmosMsg, Env, Event, MessageInfo, Reply, Response, SubMsg, WasmMsg, to_json_vec,
};
use cosmwasm_vm::internals::{LogOutput, Logger, check_wasm, compile_module, instance_from_module};
use cosmwasm_vm::{
    Backend, Instance, Size, WasmLimits, call_execute_raw, call_instantiate_raw, call_query_raw,
    call_reply_raw, capabilities_from_csv,
};
use wasmer::{Engine, Module, Store as WasmerStore};

use crate::meter::{Addresses, Metered};
use crate::prices;
use crate::store::Store;

/// What wasmd 0.61 offers (`BuiltInCapabilities`); `cosmwasm_3_0` is not among it.
const CAPABILITIES: &str = "iterator,staking,stargate,cosmwasm_1_1,cosmwasm_1_2,cosmwasm_1_3,\
                            cosmwasm_1_4,cosmwasm_2_0,cosmwasm_2_1,cosmwasm_2_2,ibc2";
/// Memory of an instance on a chain.
const MEMORY: Size = Size::mebi(32);
/// As much as a block of a generous chain; the machine stops a call there.
const LIMIT: u64 = 100_000_000 * prices::MULTIPLIER;

type Querier = cosmwasm_vm::testing::MockQuerier;
type Running = Instance<Addresses, Metered, Querier>;

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A chain would not store this file.
    #[error("the machine refuses the contract: {0}")]
    Machine(#[from] cosmwasm_vm::VmError),
    /// The contract refused.
    #[error("the contract refuses: {0}")]
    Contract(String),
    /// What was given or answered is no JSON of the kind.
    #[error("no such JSON: {0}")]
    Json(String),
}

/// A compiled contract.
#[derive(Debug)]
pub struct Machine {
    module: Module,
    engine: Engine,
}

/// What is called.
#[derive(Clone, Debug)]
pub enum Call {
    /// Creates the contract.
    Instantiate(MessageInfo, Vec<u8>),
    /// Sends a message.
    Execute(MessageInfo, Vec<u8>),
    /// Brings the answer to a message that the contract sent.
    Reply(Box<Reply>),
}

/// What a call did, and what it cost without the transaction around it. SDK gas.
#[derive(Debug)]
pub struct Outcome {
    /// The state after it.
    pub store: Store,
    /// What the contract answered.
    pub response: Response,
    /// Instructions and functions of the machine.
    pub machine: u64,
    /// Reads, writes, removals, iterations.
    pub storage: u64,
    /// The answer, and the events in it.
    pub answer: u64,
}

impl Machine {
    /// Checks and compiles.
    ///
    /// # Errors
    /// A capability no chain has, a limit of the machine (100 locals a function, for one), damage.
    pub fn load(wasm: &[u8]) -> Result<Self, Failure> {
        let capabilities: HashSet<_> = capabilities_from_csv(CAPABILITIES);
        let logger = Logger::with_config(LogOutput::StdOut, "contract: ");
        check_wasm(wasm, &capabilities, &WasmLimits::default(), logger)?;
        let (module, engine) = compile_module(wasm, Some(MEMORY))?;
        Ok(Self { module, engine })
    }

    fn start(&self, store: Store) -> Result<Running, Failure> {
        let backend = Backend {
            api: Addresses,
            storage: Metered::new(store),
            querier: Querier::new(&[]),
        };
        let memory = WasmerStore::new(self.engine.clone());
        Ok(instance_from_module(
            memory,
            &self.module,
            backend,
            LIMIT,
            None,
        )?)
    }

    /// Calls the contract over a copy of a state, in a fresh instance, as a chain does.
    ///
    /// # Errors
    /// The contract refuses, or the machine stops it.
    pub fn call(&self, store: &Store, env: &Env, call: &Call) -> Result<Outcome, Failure> {
        let mut running = self.start(store.clone())?;
        let env = json(env)?;
        let result = match call {
            Call::Instantiate(info, msg) => {
                call_instantiate_raw(&mut running, &env, &json(info)?, msg)
            }
            Call::Execute(info, msg) => call_execute_raw(&mut running, &env, &json(info)?, msg),
            Call::Reply(reply) => call_reply_raw(&mut running, &env, &json(reply)?),
        }?;
        let report = running.create_gas_report();
        let response = answered::<Response>(&result)?;
        let store = running
            .recycle()
            .map(|backend| backend.storage.into_store());
        Ok(Outcome {
            store: store.unwrap_or_default(),
            machine: report.used_internally / prices::MULTIPLIER,
            storage: report.used_externally / prices::MULTIPLIER,
            answer: result.len() as u64 * prices::RESULT_BYTE + of_events(&response),
            response,
        })
    }

    /// Asks the contract; returns the answer and the gas of machine and storage.
    ///
    /// # Errors
    /// The contract refuses, or the machine stops it.
    pub fn query(&self, store: &Store, env: &Env, msg: &[u8]) -> Result<(Vec<u8>, u64), Failure> {
        let mut running = self.start(store.clone())?;
        let result = call_query_raw(&mut running, &json(env)?, msg)?;
        let report = running.create_gas_report();
        let binary = answered::<cosmwasm_std::Binary>(&result)?;
        let used = report.used_internally + report.used_externally;
        Ok((binary.to_vec(), used / prices::MULTIPLIER))
    }
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, Failure> {
    to_json_vec(value).map_err(|error| Failure::Json(error.to_string()))
}

fn answered<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let result: cosmwasm_std::ContractResult<T> =
        serde_json::from_slice(bytes).map_err(|error| Failure::Json(error.to_string()))?;
    result.into_result().map_err(Failure::Contract)
}

/// `GasRegister.EventCosts`.
fn of_events(response: &Response) -> u64 {
    let mut free = prices::FREE_BYTES;
    response
        .events
        .iter()
        .map(|it| of_event(it, &mut free))
        .sum()
}

fn of_event(event: &Event, free: &mut u64) -> u64 {
    let attributes = &event.attributes;
    let bytes: usize = attributes
        .iter()
        .map(|it| it.key.len() + it.value.len())
        .sum();
    let paid = (bytes as u64).saturating_sub(*free);
    *free = free.saturating_sub(bytes as u64);
    prices::EVENT
        + (event.ty.len() as u64 + paid) * prices::EVENT_BYTE
        + attributes.len() as u64 * prices::ATTRIBUTE
}

impl Outcome {
    /// What the contract did, at a chain's prices; the floor of a transaction is not in it.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.machine + self.storage + self.answer + self.sent()
    }

    /// What the bank does with the coins that the contract sends; a called contract's own gas is its
    /// caller's affair, bounded by the callback's limit.
    fn sent(&self) -> u64 {
        self.response.messages.iter().map(of_message).sum()
    }
}

fn of_message(message: &SubMsg) -> u64 {
    match &message.msg {
        CosmosMsg::Bank(cosmwasm_std::BankMsg::Send { .. }) => prices::SEND,
        CosmosMsg::Bank(cosmwasm_std::BankMsg::Burn { .. }) => prices::BURN,
        CosmosMsg::Wasm(WasmMsg::Execute { .. }) => 0,
        _ => 0,
    }
}
