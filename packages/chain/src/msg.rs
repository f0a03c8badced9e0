//! Messages a transaction can carry, without their sender.

use cosmrs::Any;
use cosmrs::proto::cosmos::bank::v1beta1::MsgSend;
use cosmrs::proto::cosmos::base::v1beta1::Coin as ProtoCoin;
use cosmrs::proto::cosmos::gov::v1::{MsgSubmitProposal, MsgVote, VoteOption};
use cosmrs::proto::cosmwasm::wasm::v1::{
    MsgExecuteContract, MsgInstantiateContract, MsgPinCodes, MsgStoreCode,
};
use cosmrs::proto::traits::Message;
use serde::Serialize;

use crate::coins::Coin;
use crate::error::ChainError;
use crate::grants::{self, ContractCalls, MSG_EXECUTE};

/// One message; the sender is filled in when it is signed.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// Executes a contract.
    Execute {
        /// Its address.
        contract: String,
        /// The message's JSON.
        json: Vec<u8>,
        /// Attached coins.
        funds: Vec<Coin>,
    },
    /// Sends coins.
    Send {
        /// The receiver's address.
        to: String,
        /// What is sent.
        coins: Vec<Coin>,
    },
    /// Uploads a contract's code, plain or gzipped.
    StoreCode {
        /// The wasm.
        wasm: Vec<u8>,
    },
    /// Creates a contract.
    Instantiate {
        /// The code's number.
        code_id: u64,
        /// A name for people.
        label: String,
        /// The message's JSON.
        json: Vec<u8>,
        /// Who may migrate it; nobody if none.
        admin: Option<String>,
    },
    /// Proposes to keep codes in the nodes' memory, which saves 58,000 gas a call.
    ProposePin {
        /// The codes' numbers.
        code_ids: Vec<u64>,
        /// The governance module's address.
        authority: String,
        /// At least the chain's minimum deposit.
        deposit: Coin,
    },
    /// Votes yes.
    VoteYes {
        /// The proposal's number.
        proposal: u64,
    },
    /// Allows another key some calls of a contract, in our name and without coins.
    Grant {
        /// That key's address.
        grantee: String,
        /// What it may call.
        calls: ContractCalls,
        /// Seconds since 1970 at which it ends.
        expires: u64,
    },
    /// Pays another key's fees of [`Msg::Exec`]. There may be one allowance at a time.
    GrantAllowance {
        /// That key's address.
        grantee: String,
        /// What it may use up; refused messages cost as well.
        limit: Coin,
        /// Seconds since 1970 at which it ends.
        expires: u64,
    },
    /// Ends [`Msg::Grant`].
    Revoke {
        /// The other key's address.
        grantee: String,
    },
    /// Ends [`Msg::GrantAllowance`].
    RevokeAllowance {
        /// The other key's address.
        grantee: String,
    },
    /// Messages in the name of another account, which has granted them.
    Exec {
        /// That account.
        granter: String,
        /// What it is made to send.
        msgs: Vec<Msg>,
    },
    /// Anything else, already in protobuf.
    Raw {
        /// Such as `/cosmos.bank.v1beta1.MsgSend`.
        type_url: String,
        /// The message.
        value: Vec<u8>,
    },
}

impl Msg {
    /// A contract call with this message and these coins.
    ///
    /// # Errors
    /// The message cannot be written as JSON.
    pub fn execute(
        contract: &str,
        msg: &impl Serialize,
        funds: &[Coin],
    ) -> Result<Self, ChainError> {
        Ok(Self::Execute {
            contract: contract.to_owned(),
            json: to_json(msg)?,
            funds: funds.to_vec(),
        })
    }

    /// A new contract from stored code.
    ///
    /// # Errors
    /// The message cannot be written as JSON.
    pub fn instantiate(
        code_id: u64,
        label: &str,
        msg: &impl Serialize,
    ) -> Result<Self, ChainError> {
        Ok(Self::Instantiate {
            code_id,
            label: label.to_owned(),
            json: to_json(msg)?,
            admin: None,
        })
    }

    /// The protobuf of the message, sent by this address.
    pub(crate) fn to_any(&self, sender: &str) -> Any {
        match self {
            Self::Execute {
                contract,
                json,
                funds,
            } => any(
                MSG_EXECUTE,
                &MsgExecuteContract {
                    sender: sender.to_owned(),
                    contract: contract.clone(),
                    msg: json.clone(),
                    funds: proto_coins(funds),
                },
            ),
            Self::Send { to, coins } => any(
                "/cosmos.bank.v1beta1.MsgSend",
                &MsgSend {
                    from_address: sender.to_owned(),
                    to_address: to.clone(),
                    amount: proto_coins(coins),
                },
            ),
            Self::StoreCode { wasm } => any(
                "/cosmwasm.wasm.v1.MsgStoreCode",
                &MsgStoreCode {
                    sender: sender.to_owned(),
                    wasm_byte_code: wasm.clone(),
                    instantiate_permission: None,
                },
            ),
            Self::Raw { type_url, value } => Any {
                type_url: type_url.clone(),
                value: value.clone(),
            },
            other => other.to_rarer_any(sender),
        }
    }

    fn to_rarer_any(&self, sender: &str) -> Any {
        match self {
            Self::Instantiate {
                code_id,
                label,
                json,
                admin,
            } => any(
                "/cosmwasm.wasm.v1.MsgInstantiateContract",
                &MsgInstantiateContract {
                    sender: sender.to_owned(),
                    admin: admin.clone().unwrap_or_default(),
                    code_id: *code_id,
                    label: label.clone(),
                    msg: json.clone(),
                    funds: Vec::new(),
                },
            ),
            Self::ProposePin {
                code_ids,
                authority,
                deposit,
            } => any(
                "/cosmos.gov.v1.MsgSubmitProposal",
                &pin_proposal(sender, code_ids, authority, deposit),
            ),
            Self::VoteYes { proposal } => any(
                "/cosmos.gov.v1.MsgVote",
                &MsgVote {
                    proposal_id: *proposal,
                    voter: sender.to_owned(),
                    option: VoteOption::Yes.into(),
                    metadata: String::new(),
                },
            ),
            other => other.to_granting_any(sender),
        }
    }

    fn to_granting_any(&self, sender: &str) -> Any {
        match self {
            Self::Grant {
                grantee,
                calls,
                expires,
            } => grants::grant(sender, grantee, calls, *expires),
            Self::GrantAllowance {
                grantee,
                limit,
                expires,
            } => grants::grant_allowance(sender, grantee, limit, *expires),
            Self::Revoke { grantee } => grants::revoke(sender, grantee),
            Self::RevokeAllowance { grantee } => grants::revoke_allowance(sender, grantee),
            Self::Exec { granter, msgs } => {
                let msgs = msgs.iter().map(|msg| msg.to_any(granter));
                grants::exec(sender, msgs.collect())
            }
            _ => Any::default(),
        }
    }
}

fn pin_proposal(sender: &str, codes: &[u64], authority: &str, deposit: &Coin) -> MsgSubmitProposal {
    let pin = MsgPinCodes {
        authority: authority.to_owned(),
        code_ids: codes.to_vec(),
    };
    MsgSubmitProposal {
        messages: vec![any("/cosmwasm.wasm.v1.MsgPinCodes", &pin)],
        initial_deposit: proto_coins(std::slice::from_ref(deposit)),
        proposer: sender.to_owned(),
        metadata: String::new(),
        title: "Pin the contract".to_owned(),
        summary: "Keeps the contract's code in memory, which makes every call cheaper.".to_owned(),
        expedited: false,
    }
}

fn to_json(msg: &impl Serialize) -> Result<Vec<u8>, ChainError> {
    serde_json::to_vec(msg).map_err(|error| ChainError::Message(error.to_string()))
}

pub(crate) fn any(type_url: &str, msg: &impl Message) -> Any {
    Any {
        type_url: type_url.to_owned(),
        value: msg.encode_to_vec(),
    }
}

/// The chain wants coins sorted by denom and none of zero.
pub(crate) fn proto_coins(coins: &[Coin]) -> Vec<ProtoCoin> {
    let mut list: Vec<_> = coins.iter().filter(|coin| coin.amount > 0).collect();
    list.sort_by(|a, b| a.denom.cmp(&b.denom));
    list.into_iter()
        .map(|coin| ProtoCoin {
            denom: coin.denom.clone(),
            amount: coin.amount.to_string(),
        })
        .collect()
}
