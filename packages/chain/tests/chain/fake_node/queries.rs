//! The fake node's answers to `abci_query`.

use axum::response::Response;
use cosmrs::Any;
use cosmrs::proto::cosmos::auth::v1beta1::{BaseAccount, QueryAccountResponse};
use cosmrs::proto::cosmos::bank::v1beta1::QueryBalanceResponse;
use cosmrs::proto::cosmos::base::abci::v1beta1::GasInfo;
use cosmrs::proto::cosmos::base::v1beta1::Coin as ProtoCoin;
use cosmrs::proto::cosmos::tx::v1beta1::{AuthInfo, SimulateRequest, SimulateResponse, TxRaw};
use cosmrs::proto::cosmwasm::wasm::v1::{
    QuerySmartContractStateRequest, QuerySmartContractStateResponse,
};
use cosmrs::proto::traits::Message;
use serde_json::Value;

use super::{Node, value};

impl Node {
    pub(super) fn abci(&mut self, params: &Value) -> Response {
        let data = data_encoding::HEXLOWER
            .decode(params["data"].as_str().unwrap().as_bytes())
            .unwrap();
        match params["path"].as_str().unwrap() {
            "/cosmos.auth.v1beta1.Query/Account" => self.account(),
            "/cosmos.bank.v1beta1.Query/Balance" => {
                let coin = ProtoCoin {
                    denom: "uanti".to_owned(),
                    amount: self.balance.to_string(),
                };
                let answer = QueryBalanceResponse {
                    balance: Some(coin),
                };
                value(0, "", answer.encode_to_vec())
            }
            "/cosmos.tx.v1beta1.Service/Simulate" => self.simulate(&data),
            "/cosmwasm.wasm.v1.Query/SmartContractState" => self.smart(&data),
            "/cosmos.authz.v1beta1.Query/Grants" => value(0, "", self.grants.of(&data)),
            "/cosmos.feegrant.v1beta1.Query/Allowance" => match self.grants.allowance(&data) {
                Some(answer) => value(0, "", answer),
                None => value(6, "fee-grant not found: not found", Vec::new()),
            },
            other => value(6, &format!("unknown query path {other}"), Vec::new()),
        }
    }

    fn account(&self) -> Response {
        let base = BaseAccount {
            address: String::new(),
            pub_key: None,
            account_number: 3,
            sequence: self.sequence,
        };
        let answer = QueryAccountResponse {
            account: Some(Any {
                type_url: "/cosmos.auth.v1beta1.BaseAccount".to_owned(),
                value: base.encode_to_vec(),
            }),
        };
        value(0, "", answer.encode_to_vec())
    }

    fn simulate(&self, data: &[u8]) -> Response {
        let tx = SimulateRequest::decode(data).unwrap().tx_bytes;
        let raw = TxRaw::decode(tx.as_slice()).unwrap();
        let auth = AuthInfo::decode(raw.auth_info_bytes.as_slice()).unwrap();
        assert!(
            !auth.fee.unwrap().amount.is_empty(),
            "simulated without a fee"
        );
        let (got, want) = (auth.signer_infos[0].sequence, self.sequence);
        if got != want {
            let log = format!("account sequence mismatch, expected {want}, got {got}: incorrect");
            return value(6, &log, Vec::new());
        }
        match &self.simulation {
            Ok(gas_used) => {
                let answer = SimulateResponse {
                    gas_info: Some(GasInfo {
                        gas_wanted: 0,
                        gas_used: *gas_used,
                    }),
                    result: None,
                };
                value(0, "", answer.encode_to_vec())
            }
            Err(log) => value(6, log, Vec::new()),
        }
    }

    fn smart(&mut self, data: &[u8]) -> Response {
        let query = QuerySmartContractStateRequest::decode(data)
            .unwrap()
            .query_data;
        let query = String::from_utf8(query).unwrap();
        let answers = self.contract.get_mut(&query);
        let answer = answers.and_then(|answers| match answers.len() {
            0 | 1 => answers.front().cloned(),
            _ => answers.pop_front(),
        });
        match &answer {
            Some(Ok(json)) => {
                let data = serde_json::to_vec(json).unwrap();
                let answer = QuerySmartContractStateResponse { data };
                value(0, "", answer.encode_to_vec())
            }
            Some(Err(log)) => value(6, log, Vec::new()),
            None => value(6, "no such contract: unknown request", Vec::new()),
        }
    }
}
