//! Whether the payer can pay, before anything is signed: a refused transaction costs its fee.

use std::time::{SystemTime, UNIX_EPOCH};

use antiphon_chain::{ContractCalls, Grant};

use super::ChainAnswers;
use super::failures::of_chain;
use crate::gateway::answers::{Question, Quote};
use crate::gateway::failure::Failure;

/// Gas of one `post_task` in another's name, with a margin, by which an allowance is judged.
const POST_GAS: u64 = 400_000;
const POST_TASK: &str = "post_task";

impl ChainAnswers {
    /// What the task would cost, if the payer can pay it.
    pub(super) async fn quote_for(&self, question: &Question) -> Result<Quote, Failure> {
        let key = &question.key;
        let bytes = question.prompt.to_canonical().len();
        let fee = self
            .network
            .contract
            .estimate_fee(
                key.model,
                u32::try_from(bytes).unwrap_or(u32::MAX),
                question.prompt.max_output_tokens,
                key.committee,
            )
            .await
            .map_err(|e| of_chain(&e))?;
        let escrow = fee.escrow.u128();
        let prepaid = self.network.contract.balance(&key.account).await;
        let prepaid = prepaid.map_err(|e| of_chain(&e))?;
        match &question.granter {
            Some(granter) => self.granted(granter, escrow, prepaid).await?,
            None => self.affordable(escrow, prepaid).await?,
        }
        Ok(Quote {
            escrow,
            committee: fee.committee,
        })
    }

    async fn affordable(&self, escrow: u128, prepaid: u128) -> Result<(), Failure> {
        let (denom, account) = (&self.facts.denom, &self.facts.account);
        let have = self.own.balance().await.map_err(|e| of_chain(&e))?;
        let lacking = escrow.saturating_sub(prepaid);
        if have >= lacking.saturating_add(self.fee()) {
            return Ok(());
        }
        Err(Failure::Funds(format!(
            "the gateway's account {account} cannot pay: this request takes {escrow}{denom} and a transaction fee, and it has \
             {prepaid}{denom} prepaid and {have}{denom} besides. Its operator sends it coins, or deposits some with \
             `antiphon deposit {lacking}{denom}`"
        )))
    }

    /// The escrow comes from the granter's prepaid balance: a session key may attach no coins.
    async fn granted(&self, granter: &str, escrow: u128, prepaid: u128) -> Result<(), Failure> {
        let (denom, us) = (&self.facts.denom, &self.facts.account);
        if prepaid < escrow {
            let lacking = escrow.saturating_sub(prepaid);
            return Err(Failure::Funds(format!(
                "account {granter} has {prepaid}{denom} prepaid, and this request takes {escrow}{denom}. Its owner adds what is missing \
                 with `antiphon deposit {lacking}{denom}`"
            )));
        }
        let start = format!("`antiphon session start --for {us}`");
        let chain = &self.network.chain;
        let grants = chain.grants(granter, us).await.map_err(|e| of_chain(&e))?;
        let now = unix_now();
        let contract = &self.facts.contract;
        if !grants.iter().any(|grant| allows(grant, contract, now)) {
            return Err(Failure::Funds(format!(
                "account {granter} has no session for this gateway ({us}), or its calls or time are used up. Its owner starts one with {start}"
            )));
        }
        let allowance = chain
            .allowance(granter, us)
            .await
            .map_err(|e| of_chain(&e))?;
        let fee = self.fee();
        let lasts = |ends: Option<u64>| ends.is_none_or(|ends| ends > now);
        let pays = allowance.is_some_and(|allowance| {
            lasts(allowance.expires) && allowance.left_of(denom).is_none_or(|left| left >= fee)
        });
        if pays {
            return Ok(());
        }
        Err(Failure::Funds(format!(
            "the fee allowance of account {granter} for this gateway ({us}) is used up or over: a request takes up to {fee}{denom}. \
             Its owner starts a new session with {start}"
        )))
    }

    /// Most a transaction of ours costs.
    fn fee(&self) -> u128 {
        let price = self
            .network
            .file
            .gas_price
            .parse::<antiphon_chain::GasPrice>();
        let fee = price.ok().and_then(|price| price.fee(POST_GAS).ok());
        fee.map_or(0, |coin| coin.amount)
    }
}

fn allows(grant: &Grant, contract: &str, now: u64) -> bool {
    let ours = |calls: &ContractCalls| {
        calls.contract == contract
            && calls.calls > 0
            && calls.message_keys.iter().any(|key| key == POST_TASK)
    };
    grant.expires.is_none_or(|ends| ends > now) && grant.contracts.iter().any(ours)
}

fn unix_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |time| time.as_secs())
}
