//! Transactions in SIGN_MODE_DIRECT.

use cosmrs::Any;
use cosmrs::proto::cosmos::crypto::secp256k1::PubKey;
use cosmrs::proto::cosmos::tx::signing::v1beta1::SignMode;
use cosmrs::proto::cosmos::tx::v1beta1::mode_info::{Single, Sum};
use cosmrs::proto::cosmos::tx::v1beta1::{
    AuthInfo, Fee, ModeInfo, SignDoc, SignerInfo, TxBody, TxRaw,
};
use cosmrs::proto::cosmwasm::wasm::v1::MsgExecuteContract;
use cosmrs::proto::traits::Message;
use sha2::{Digest, Sha256};

use crate::coins::Coin;
use crate::error::ChainError;
use crate::grants::{MSG_EXECUTE, unwrapped};
use crate::key::Key;
use crate::msg::{Msg, proto_coins};

/// Everything that is signed.
pub(crate) struct Draft<'a> {
    pub(crate) msgs: &'a [Msg],
    pub(crate) sender: &'a str,
    pub(crate) chain_id: &'a str,
    pub(crate) account_number: u64,
    pub(crate) sequence: u64,
    pub(crate) gas_limit: u64,
    pub(crate) fee: Coin,
    pub(crate) fee_granter: Option<&'a str>,
    pub(crate) timeout_height: u64,
}

impl Draft<'_> {
    /// The signed bytes. Same draft, same key, same bytes.
    pub(crate) fn sign(&self, key: &Key) -> Result<Vec<u8>, ChainError> {
        let body_bytes = self.body().encode_to_vec();
        let auth_info_bytes = self.auth_info(key).encode_to_vec();
        let doc = SignDoc {
            body_bytes: body_bytes.clone(),
            auth_info_bytes: auth_info_bytes.clone(),
            chain_id: self.chain_id.to_owned(),
            account_number: self.account_number,
        };
        let digest: [u8; 32] = Sha256::digest(doc.encode_to_vec()).into();
        let raw = TxRaw {
            body_bytes,
            auth_info_bytes,
            signatures: vec![key.sign_digest(&digest)?.to_vec()],
        };
        Ok(raw.encode_to_vec())
    }

    fn body(&self) -> TxBody {
        TxBody {
            messages: self.msgs.iter().map(|m| m.to_any(self.sender)).collect(),
            timeout_height: self.timeout_height,
            ..TxBody::default()
        }
    }

    fn auth_info(&self, key: &Key) -> AuthInfo {
        let public = PubKey {
            key: key.public_key().to_vec(),
        };
        let signer = SignerInfo {
            public_key: Some(Any {
                type_url: "/cosmos.crypto.secp256k1.PubKey".to_owned(),
                value: public.encode_to_vec(),
            }),
            mode_info: Some(ModeInfo {
                sum: Some(Sum::Single(Single {
                    mode: SignMode::Direct.into(),
                })),
            }),
            sequence: self.sequence,
        };
        AuthInfo {
            signer_infos: vec![signer],
            fee: Some(Fee {
                amount: proto_coins(std::slice::from_ref(&self.fee)),
                gas_limit: self.gas_limit,
                payer: String::new(),
                granter: self.fee_granter.unwrap_or_default().to_owned(),
            }),
            ..AuthInfo::default()
        }
    }
}

/// The contract messages of a signed transaction; none of what cannot be read.
fn executions(tx: &[u8]) -> impl Iterator<Item = MsgExecuteContract> {
    let raw = TxRaw::decode(tx).unwrap_or_default();
    let body = TxBody::decode(raw.body_bytes.as_slice()).unwrap_or_default();
    let messages = unwrapped(body.messages).into_iter();
    let executes = messages.filter(|any| any.type_url == MSG_EXECUTE);
    executes.filter_map(|any| MsgExecuteContract::decode(any.value.as_slice()).ok())
}

/// The contract messages of a signed transaction, as (contract, JSON), those sent for another account
/// included; messages of other kinds are left out, and so is everything that cannot be read.
#[must_use]
pub fn executed(tx: &[u8]) -> Vec<(String, Vec<u8>)> {
    executions(tx).map(|msg| (msg.contract, msg.msg)).collect()
}

/// Coins of a denom that the contract messages of a signed transaction attach, in all; 0 if it cannot be read.
#[must_use]
pub fn attached(tx: &[u8], denom: &str) -> u128 {
    executions(tx)
        .flat_map(|msg| msg.funds)
        .filter(|coin| coin.denom == denom)
        .filter_map(|coin| coin.amount.parse::<u128>().ok())
        .fold(0, u128::saturating_add)
}
