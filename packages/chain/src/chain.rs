//! Reading a chain: accounts, balances, contracts, simulation.

use std::sync::Arc;

use cosmrs::Any;
use cosmrs::proto::cosmos::auth::v1beta1::{
    BaseAccount, ModuleAccount, QueryAccountRequest, QueryAccountResponse,
};
use cosmrs::proto::cosmos::bank::v1beta1::{QueryBalanceRequest, QueryBalanceResponse};
use cosmrs::proto::cosmos::tx::v1beta1::{SimulateRequest, SimulateResponse};
use cosmrs::proto::cosmwasm::wasm::v1::{
    ContractInfo, QueryContractInfoRequest, QueryContractInfoResponse,
    QuerySmartContractStateRequest, QuerySmartContractStateResponse,
};
use cosmrs::proto::traits::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::abci::ask;
use crate::contract::Contract;
use crate::error::{ChainError, classify};
use crate::rpc::Rpc;
use crate::types::Status;

/// Where a chain is found and what is expected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainConfig {
    /// RPC addresses, the best first.
    pub rpc: Vec<String>,
    /// The id it must have; learnt from the first node that answers if none.
    pub chain_id: Option<String>,
    /// The bech32 prefix of its accounts.
    pub prefix: String,
    /// The denom of all money.
    pub denom: String,
}

impl ChainConfig {
    /// A local network's node, with its prefix and denom.
    #[must_use]
    pub fn local(rpc: &str) -> Self {
        Self {
            rpc: vec![rpc.to_owned()],
            chain_id: None,
            prefix: "wasm".to_owned(),
            denom: "uanti".to_owned(),
        }
    }
}

/// A chain that can be read. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Chain {
    rpc: Arc<Rpc>,
    config: Arc<ChainConfig>,
}

/// What signing needs to know of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number, given when it first received coins.
    pub number: u64,
    /// Transactions it has sent.
    pub sequence: u64,
}

impl Chain {
    /// Checks the configuration; no network access.
    ///
    /// # Errors
    /// An RPC address that is not a URL.
    pub fn new(config: ChainConfig) -> Result<Self, ChainError> {
        let rpc = Rpc::new(&config.rpc, config.chain_id.as_deref())?;
        Ok(Self {
            rpc: Arc::new(rpc),
            config: Arc::new(config),
        })
    }

    /// Checks the configuration and that a node of the right chain answers.
    ///
    /// # Errors
    /// No node answers, or it belongs to another chain.
    pub async fn connect(config: ChainConfig) -> Result<Self, ChainError> {
        let chain = Self::new(config)?;
        chain.rpc.status().await?;
        Ok(chain)
    }

    /// The node behind it.
    #[must_use]
    pub fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// What it was made with.
    #[must_use]
    pub fn config(&self) -> &ChainConfig {
        &self.config
    }

    /// The chain's id.
    ///
    /// # Errors
    /// Not known yet and no node answers.
    pub async fn id(&self) -> Result<String, ChainError> {
        self.rpc.chain_id().await
    }

    /// Where the node stands.
    ///
    /// # Errors
    /// No node answers.
    pub async fn status(&self) -> Result<Status, ChainError> {
        self.rpc.status().await
    }

    /// The newest height.
    ///
    /// # Errors
    /// No node answers.
    pub async fn height(&self) -> Result<u64, ChainError> {
        Ok(self.rpc.status().await?.height)
    }

    /// An account's number and sequence.
    ///
    /// # Errors
    /// The account never received coins.
    pub async fn account(&self, address: &str) -> Result<Account, ChainError> {
        let request = QueryAccountRequest {
            address: address.to_owned(),
        };
        let path = "/cosmos.auth.v1beta1.Query/Account";
        let answer: QueryAccountResponse = match ask(&self.rpc, path, &request, None).await {
            Err(ChainError::Rejected { log, .. }) if log.contains("not found") => {
                return Err(ChainError::NoAccount {
                    address: address.to_owned(),
                });
            }
            other => other?,
        };
        base_account(answer.account).map(|account| Account {
            number: account.account_number,
            sequence: account.sequence,
        })
    }

    /// Coins of one denom in an account; 0 if it does not exist.
    ///
    /// # Errors
    /// No node answers, or the address is none.
    pub async fn balance(&self, address: &str, denom: &str) -> Result<u128, ChainError> {
        let request = QueryBalanceRequest {
            address: address.to_owned(),
            denom: denom.to_owned(),
        };
        let path = "/cosmos.bank.v1beta1.Query/Balance";
        let answer: QueryBalanceResponse = ask(&self.rpc, path, &request, None).await?;
        let amount = answer.balance.map_or_else(String::new, |coin| coin.amount);
        match amount.as_str() {
            "" => Ok(0),
            text => text
                .parse()
                .map_err(|_| ChainError::malformed("balance", text, "a decimal amount")),
        }
    }

    /// A smart query of a contract.
    ///
    /// # Errors
    /// The contract's refusal, no such contract, or an answer of another form.
    pub async fn query<R: DeserializeOwned>(
        &self,
        contract: &str,
        query: &impl Serialize,
    ) -> Result<R, ChainError> {
        self.query_at(contract, query, None).await
    }

    /// The same at a height of the past, if the node still has its state.
    ///
    /// # Errors
    /// As [`Chain::query`], and a height that is pruned or in the future.
    pub async fn query_at<R: DeserializeOwned>(
        &self,
        contract: &str,
        query: &impl Serialize,
        height: Option<u64>,
    ) -> Result<R, ChainError> {
        let request = QuerySmartContractStateRequest {
            address: contract.to_owned(),
            query_data: serde_json::to_vec(query)
                .map_err(|error| ChainError::Message(error.to_string()))?,
        };
        let path = "/cosmwasm.wasm.v1.Query/SmartContractState";
        let answer: Result<QuerySmartContractStateResponse, _> =
            ask(&self.rpc, path, &request, height).await;
        let data = answer.map_err(|error| no_contract(error, contract))?.data;
        serde_json::from_slice(&data).map_err(|error| {
            ChainError::malformed(
                "a contract's answer",
                error,
                "that of this version's contract",
            )
        })
    }

    /// Code, creator and label of a contract.
    ///
    /// # Errors
    /// There is none at this address.
    pub async fn contract_info(&self, address: &str) -> Result<ContractInfo, ChainError> {
        let request = QueryContractInfoRequest {
            address: address.to_owned(),
        };
        let path = "/cosmwasm.wasm.v1.Query/ContractInfo";
        let answer: Result<QueryContractInfoResponse, _> =
            ask(&self.rpc, path, &request, None).await;
        let info = answer.map_err(|error| no_contract(error, address))?;
        info.contract_info.ok_or_else(|| ChainError::NoContract {
            address: address.to_owned(),
        })
    }

    /// The Antiphon contract at an address.
    #[must_use]
    pub fn contract(&self, address: &str) -> Contract {
        Contract::new(self.clone(), address)
    }

    /// Gas a signed transaction would use now. It must carry its fee coins and the right sequence, else
    /// the figure is far too low or refused.
    ///
    /// # Errors
    /// What the transaction itself would be refused for, at no cost.
    pub async fn simulate(&self, tx: &[u8], payer: &str) -> Result<u64, ChainError> {
        let request = SimulateRequest {
            tx_bytes: tx.to_vec(),
            ..SimulateRequest::default()
        };
        let path = "/cosmos.tx.v1beta1.Service/Simulate";
        let answer = self
            .rpc
            .abci_query(path, &request.encode_to_vec(), None)
            .await?;
        if answer.code != 0 {
            return Err(classify_simulation(
                &answer.log,
                answer.code,
                &answer.codespace,
                payer,
            ));
        }
        let decoded = SimulateResponse::decode(answer.value.as_slice());
        let gas = decoded.ok().and_then(|simulated| simulated.gas_info);
        gas.map(|info| info.gas_used)
            .ok_or_else(|| ChainError::malformed(path, "no gas", "gas_info"))
    }
}

/// Simulation answers every refusal with the code 6: the text tells what it is.
fn classify_simulation(log: &str, code: u32, codespace: &str, payer: &str) -> ChainError {
    if log.contains("unknown query path") {
        return ChainError::Message(
            "the node cannot simulate: switch on `enable` under [api] in its app.toml".to_owned(),
        );
    }
    if log.contains("spendable balance") {
        return classify(5, "sdk", log, payer, None);
    }
    classify(code, codespace, log, payer, None)
}

fn no_contract(error: ChainError, address: &str) -> ChainError {
    match error {
        ChainError::NoContract { .. } => ChainError::NoContract {
            address: address.to_owned(),
        },
        other => other,
    }
}

fn base_account(any: Option<Any>) -> Result<BaseAccount, ChainError> {
    let wrong = |got: &str| ChainError::malformed("an account", got, "a BaseAccount");
    let any = any.ok_or_else(|| wrong("none"))?;
    let decoded = match any.type_url.as_str() {
        "/cosmos.auth.v1beta1.BaseAccount" => BaseAccount::decode(any.value.as_slice()).ok(),
        "/cosmos.auth.v1beta1.ModuleAccount" => ModuleAccount::decode(any.value.as_slice())
            .ok()
            .and_then(|module| module.base_account),
        _ => None,
    };
    decoded.ok_or_else(|| wrong(&any.type_url))
}
