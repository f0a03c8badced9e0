//! authz and feegrant of the fake node: what transactions granted and took back.

use std::collections::BTreeMap;

use cosmrs::Any;
use cosmrs::proto::cosmos::authz::v1beta1::{
    Grant, MsgGrant, MsgRevoke, QueryGrantsRequest, QueryGrantsResponse,
};
use cosmrs::proto::cosmos::feegrant::v1beta1::{
    Grant as FeeGrant, MsgGrantAllowance, MsgRevokeAllowance, QueryAllowanceRequest,
    QueryAllowanceResponse,
};
use cosmrs::proto::cosmos::tx::v1beta1::TxBody;
use cosmrs::proto::traits::Message;

type Pair = (String, String);

#[derive(Clone, Debug, Default)]
pub(crate) struct Grants {
    pub(crate) authz: BTreeMap<Pair, Grant>,
    pub(crate) fees: BTreeMap<Pair, Any>,
}

impl Grants {
    pub(super) fn apply(&mut self, body: &TxBody) {
        for any in &body.messages {
            let bytes = any.value.as_slice();
            match any.type_url.as_str() {
                "/cosmos.authz.v1beta1.MsgGrant" => {
                    let msg = MsgGrant::decode(bytes).unwrap();
                    let pair = (msg.granter, msg.grantee);
                    self.authz.insert(pair, msg.grant.unwrap());
                }
                "/cosmos.authz.v1beta1.MsgRevoke" => {
                    let msg = MsgRevoke::decode(bytes).unwrap();
                    self.authz.remove(&(msg.granter, msg.grantee)).unwrap();
                }
                "/cosmos.feegrant.v1beta1.MsgGrantAllowance" => {
                    let msg = MsgGrantAllowance::decode(bytes).unwrap();
                    let pair = (msg.granter, msg.grantee);
                    let before = self.fees.insert(pair, msg.allowance.unwrap());
                    assert!(before.is_none(), "fee allowance already exists");
                }
                "/cosmos.feegrant.v1beta1.MsgRevokeAllowance" => {
                    let msg = MsgRevokeAllowance::decode(bytes).unwrap();
                    self.fees.remove(&(msg.granter, msg.grantee)).unwrap();
                }
                _ => {}
            }
        }
    }

    pub(super) fn of(&self, request: &[u8]) -> Vec<u8> {
        let request = QueryGrantsRequest::decode(request).unwrap();
        let found = self.authz.get(&(request.granter, request.grantee));
        let answer = QueryGrantsResponse {
            grants: found.cloned().into_iter().collect(),
            pagination: None,
        };
        answer.encode_to_vec()
    }

    pub(super) fn allowance(&self, request: &[u8]) -> Option<Vec<u8>> {
        let request = QueryAllowanceRequest::decode(request).unwrap();
        let (granter, grantee) = (request.granter, request.grantee);
        let allowance = self.fees.get(&(granter.clone(), grantee.clone()))?.clone();
        let grant = FeeGrant {
            granter,
            grantee,
            allowance: Some(allowance),
        };
        let answer = QueryAllowanceResponse {
            allowance: Some(grant),
        };
        Some(answer.encode_to_vec())
    }
}
