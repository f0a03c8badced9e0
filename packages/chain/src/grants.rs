//! What one account allows the key of another to do for it: authz and feegrant.
//!
//! A session key holds no coins. Its granter allows it a number of calls of one contract with one message,
//! and pays their fees up to a limit. Both end by themselves.

use cosmrs::Any;
use cosmrs::proto::Timestamp;
use cosmrs::proto::cosmos::authz::v1beta1::{
    Grant as ProtoGrant, MsgExec, MsgGrant, MsgRevoke, QueryGrantsRequest, QueryGrantsResponse,
};
use cosmrs::proto::cosmos::base::v1beta1::Coin as ProtoCoin;
use cosmrs::proto::cosmos::feegrant::v1beta1::{
    AllowedMsgAllowance, BasicAllowance, MsgGrantAllowance, MsgRevokeAllowance,
    QueryAllowanceRequest, QueryAllowanceResponse,
};
use cosmrs::proto::cosmwasm::wasm::v1::{
    AcceptedMessageKeysFilter, ContractExecutionAuthorization, ContractGrant, MaxCallsLimit,
};
use cosmrs::proto::traits::Message;

use crate::abci::ask;
use crate::chain::Chain;
use crate::coins::Coin;
use crate::error::ChainError;
use crate::msg::{any, proto_coins};

pub(crate) const MSG_EXECUTE: &str = "/cosmwasm.wasm.v1.MsgExecuteContract";
pub(crate) const MSG_EXEC: &str = "/cosmos.authz.v1beta1.MsgExec";
const CONTRACT_EXECUTION: &str = "/cosmwasm.wasm.v1.ContractExecutionAuthorization";
const MAX_CALLS: &str = "/cosmwasm.wasm.v1.MaxCallsLimit";
const MESSAGE_KEYS: &str = "/cosmwasm.wasm.v1.AcceptedMessageKeysFilter";
const BASIC: &str = "/cosmos.feegrant.v1beta1.BasicAllowance";
const ALLOWED_MSG: &str = "/cosmos.feegrant.v1beta1.AllowedMsgAllowance";

/// Calls of one contract, without coins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractCalls {
    /// Its address.
    pub contract: String,
    /// The only top-level keys a message may have, one each.
    pub message_keys: Vec<String>,
    /// How many are left; the grant is gone with the last one.
    pub calls: u64,
}

/// What a granter has allowed a grantee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The kind of authorization, as protobuf names it.
    pub kind: String,
    /// Calls of contracts with named messages and a limited number; what is allowed in another form is
    /// left out, for which `kind` may be looked at.
    pub contracts: Vec<ContractCalls>,
    /// Seconds since 1970 at which it ends; none if it does not.
    pub expires: Option<u64>,
}

/// Fees a granter pays for a grantee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The kind of allowance, as protobuf names it.
    pub kind: String,
    /// What is left; none if it has no limit.
    pub left: Option<Vec<Coin>>,
    /// The only messages it pays for; empty if it pays for all.
    pub messages: Vec<String>,
    /// Seconds since 1970 at which it ends; none if it does not.
    pub expires: Option<u64>,
}

impl Allowance {
    /// What is left of a denom; none if there is no limit.
    #[must_use]
    pub fn left_of(&self, denom: &str) -> Option<u128> {
        let coins = self.left.as_ref()?;
        let coin = coins.iter().find(|coin| coin.denom == denom);
        Some(coin.map_or(0, |coin| coin.amount))
    }
}

impl Chain {
    /// Everything a granter allows a grantee, the first page of the node's list.
    ///
    /// # Errors
    /// No node answers, or an address is none.
    pub async fn grants(&self, granter: &str, grantee: &str) -> Result<Vec<Grant>, ChainError> {
        let request = QueryGrantsRequest {
            granter: granter.to_owned(),
            grantee: grantee.to_owned(),
            ..QueryGrantsRequest::default()
        };
        let path = "/cosmos.authz.v1beta1.Query/Grants";
        let answer: QueryGrantsResponse = ask(self.rpc(), path, &request, None).await?;
        answer.grants.into_iter().map(read_grant).collect()
    }

    /// The fees a granter pays for a grantee; none if it pays none.
    ///
    /// # Errors
    /// No node answers, or an address is none.
    pub async fn allowance(
        &self,
        granter: &str,
        grantee: &str,
    ) -> Result<Option<Allowance>, ChainError> {
        let request = QueryAllowanceRequest {
            granter: granter.to_owned(),
            grantee: grantee.to_owned(),
        };
        let path = "/cosmos.feegrant.v1beta1.Query/Allowance";
        let answer: QueryAllowanceResponse = match ask(self.rpc(), path, &request, None).await {
            Err(ChainError::Rejected { log, .. }) if log.contains("not found") => return Ok(None),
            other => other?,
        };
        let found = answer.allowance.and_then(|grant| grant.allowance);
        found.map(|any| read_allowance(&any)).transpose()
    }
}

/// `MsgGrant`: calls of one contract until `expires`, seconds since 1970.
pub(crate) fn grant(granter: &str, grantee: &str, calls: &ContractCalls, expires: u64) -> Any {
    let limit = MaxCallsLimit {
        remaining: calls.calls,
    };
    let filter = AcceptedMessageKeysFilter {
        keys: calls.message_keys.clone(),
    };
    let authorization = ContractExecutionAuthorization {
        grants: vec![ContractGrant {
            contract: calls.contract.clone(),
            limit: Some(any(MAX_CALLS, &limit)),
            filter: Some(any(MESSAGE_KEYS, &filter)),
        }],
    };
    let msg = MsgGrant {
        granter: granter.to_owned(),
        grantee: grantee.to_owned(),
        grant: Some(ProtoGrant {
            authorization: Some(any(CONTRACT_EXECUTION, &authorization)),
            expiration: Some(timestamp(expires)),
        }),
    };
    any("/cosmos.authz.v1beta1.MsgGrant", &msg)
}

/// `MsgGrantAllowance`: fees of `MsgExec` alone, up to a limit, until `expires`.
pub(crate) fn grant_allowance(granter: &str, grantee: &str, limit: &Coin, expires: u64) -> Any {
    let basic = BasicAllowance {
        spend_limit: proto_coins(std::slice::from_ref(limit)),
        expiration: Some(timestamp(expires)),
    };
    let allowed = AllowedMsgAllowance {
        allowance: Some(any(BASIC, &basic)),
        allowed_messages: vec![MSG_EXEC.to_owned()],
    };
    let msg = MsgGrantAllowance {
        granter: granter.to_owned(),
        grantee: grantee.to_owned(),
        allowance: Some(any(ALLOWED_MSG, &allowed)),
    };
    any("/cosmos.feegrant.v1beta1.MsgGrantAllowance", &msg)
}

/// `MsgRevoke` of all contract calls.
pub(crate) fn revoke(granter: &str, grantee: &str) -> Any {
    let msg = MsgRevoke {
        granter: granter.to_owned(),
        grantee: grantee.to_owned(),
        msg_type_url: MSG_EXECUTE.to_owned(),
    };
    any("/cosmos.authz.v1beta1.MsgRevoke", &msg)
}

/// `MsgRevokeAllowance`.
pub(crate) fn revoke_allowance(granter: &str, grantee: &str) -> Any {
    let msg = MsgRevokeAllowance {
        granter: granter.to_owned(),
        grantee: grantee.to_owned(),
    };
    any("/cosmos.feegrant.v1beta1.MsgRevokeAllowance", &msg)
}

/// `MsgExec`: the granter's messages, sent by the grantee.
pub(crate) fn exec(grantee: &str, msgs: Vec<Any>) -> Any {
    let msg = MsgExec {
        grantee: grantee.to_owned(),
        msgs,
    };
    any(MSG_EXEC, &msg)
}

/// `MsgExec` in `MsgExec`: deeper than any chain unpacks (the Cosmos SDK: 10).
const MAX_DEPTH: u32 = 16;

/// The messages of a transaction in the order they are run, those inside of `MsgExec`, however deep, in its
/// place.
pub(crate) fn unwrapped(messages: Vec<Any>) -> Vec<Any> {
    within(messages, MAX_DEPTH)
}

/// What is deeper is left out: no chain ran it.
fn within(messages: Vec<Any>, depth: u32) -> Vec<Any> {
    let inner = |message: Any| {
        if message.type_url != MSG_EXEC {
            return vec![message];
        }
        let Some(depth) = depth.checked_sub(1) else {
            return Vec::new();
        };
        let exec = MsgExec::decode(message.value.as_slice());
        within(exec.unwrap_or_default().msgs, depth)
    };
    messages.into_iter().flat_map(inner).collect()
}

fn timestamp(seconds: u64) -> Timestamp {
    Timestamp {
        seconds: i64::try_from(seconds).unwrap_or(i64::MAX),
        nanos: 0,
    }
}

fn seconds(time: Option<Timestamp>) -> Option<u64> {
    time.map(|time| u64::try_from(time.seconds).unwrap_or_default())
}

fn read_grant(grant: ProtoGrant) -> Result<Grant, ChainError> {
    let any = grant.authorization.unwrap_or_default();
    let contracts = match any.type_url.as_str() {
        CONTRACT_EXECUTION => decode::<ContractExecutionAuthorization>(&any)?.grants,
        _ => Vec::new(),
    };
    Ok(Grant {
        kind: any.type_url,
        contracts: contracts.into_iter().filter_map(read_calls).collect(),
        expires: seconds(grant.expiration),
    })
}

fn read_calls(grant: ContractGrant) -> Option<ContractCalls> {
    let limit = grant.limit.filter(|any| any.type_url == MAX_CALLS)?;
    let filter = grant.filter.filter(|any| any.type_url == MESSAGE_KEYS)?;
    Some(ContractCalls {
        contract: grant.contract,
        message_keys: decode::<AcceptedMessageKeysFilter>(&filter).ok()?.keys,
        calls: decode::<MaxCallsLimit>(&limit).ok()?.remaining,
    })
}

fn read_allowance(any: &Any) -> Result<Allowance, ChainError> {
    let (kind, inner, messages) = match any.type_url.as_str() {
        ALLOWED_MSG => {
            let allowed = decode::<AllowedMsgAllowance>(any)?;
            let inner = allowed.allowance.unwrap_or_default();
            (any.type_url.clone(), inner, allowed.allowed_messages)
        }
        _ => (any.type_url.clone(), any.clone(), Vec::new()),
    };
    let basic = match inner.type_url.as_str() {
        BASIC => decode::<BasicAllowance>(&inner)?,
        other => {
            return Err(ChainError::malformed(
                "a fee allowance",
                other,
                "a basic allowance; revoke this one",
            ));
        }
    };
    let coins: Result<Vec<_>, _> = basic.spend_limit.iter().map(coin).collect();
    Ok(Allowance {
        kind,
        left: Some(coins?).filter(|coins| !coins.is_empty()),
        messages,
        expires: seconds(basic.expiration),
    })
}

fn coin(coin: &ProtoCoin) -> Result<Coin, ChainError> {
    let amount = coin.amount.parse();
    let amount = amount.map_err(|_| malformed("an amount", &coin.amount))?;
    Ok(Coin::new(amount, &coin.denom))
}

fn decode<M: Message + Default>(any: &Any) -> Result<M, ChainError> {
    M::decode(any.value.as_slice()).map_err(|_| malformed("a grant", &any.type_url))
}

fn malformed(what: &str, got: &str) -> ChainError {
    ChainError::malformed(what, got, "that of the Cosmos SDK 0.50 to 0.54")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(times: u32) -> Any {
        let message = Any {
            type_url: MSG_EXECUTE.to_owned(),
            value: vec![7],
        };
        (0..times).fold(message, |message, _| exec("wasm1grantee", vec![message]))
    }

    #[test]
    fn messages_in_messages_are_found_in_their_order() {
        let found = unwrapped(vec![wrapped(2), wrapped(0), wrapped(10)]);
        assert_eq!(found, vec![wrapped(0); 3]);
    }

    #[test]
    fn what_is_deeper_than_a_chain_unpacks_is_left_out() {
        assert_eq!(unwrapped(vec![wrapped(MAX_DEPTH)]), [wrapped(0)]);
        assert!(unwrapped(vec![wrapped(MAX_DEPTH + 1)]).is_empty());
        assert!(unwrapped(vec![wrapped(200)]).is_empty());
    }
}
