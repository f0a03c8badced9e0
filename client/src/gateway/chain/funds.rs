//! Whether the payer can pay, before anything is signed: a refused transaction costs its fee.

use antiphon_api::MAX_CARRIED_BYTES;
use antiphon_chain::{Coin, GasPrice};

use super::failures::{of_chain, of_client};
use super::{Carry, ChainAnswers};
use crate::gateway::answers::{Question, Quote};
use crate::gateway::failure::Failure;
use crate::session::{self, CALL_GAS};

/// Gas of a byte that a transaction carries, at most: 30 to keep it, 2 × 10 for its two hex digits, the rest
/// to read it; with the margin of 1.3.
const CARRIED_BYTE_GAS: u64 = 100;

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
        self.funds_for(question, escrow).await?;
        Ok(Quote {
            escrow,
            committee: fee.committee,
        })
    }

    /// The coins to attach, if the payer can pay, questions under way counted. What is attached and not
    /// needed stays in the payer's balance.
    pub(super) async fn funds_for(
        &self,
        question: &Question,
        escrow: u128,
    ) -> Result<Vec<Coin>, Failure> {
        let account = &question.key.account;
        let held = self.held.of(account);
        let prepaid = self.network.contract.balance(account).await;
        let prepaid = prepaid.map_err(|e| of_chain(&e))?;
        let free = prepaid.saturating_sub(held.prepaid);
        let Some(granter) = &question.granter else {
            return self.affordable(question, escrow, free, held.coins).await;
        };
        self.granted(question, granter, escrow, (free, held.count))
            .await?;
        Ok(Vec::new())
    }

    async fn affordable(
        &self,
        question: &Question,
        escrow: u128,
        prepaid: u128,
        held: u128,
    ) -> Result<Vec<Coin>, Failure> {
        let (denom, account) = (&self.facts.denom, &self.facts.account);
        let have = self.own.balance().await.map_err(|e| of_chain(&e))?;
        let have = have.saturating_sub(held);
        let (lacking, fee) = (escrow.saturating_sub(prepaid), self.fee(Some(question)));
        if have >= lacking.saturating_add(fee) {
            let attached = (lacking > 0).then(|| Coin::new(lacking, denom));
            return Ok(attached.into_iter().collect());
        }
        let or_deposit = match lacking {
            0 => String::new(),
            _ => format!(", or deposits some with `antiphon deposit {lacking}{denom}`"),
        };
        Err(Failure::Funds(format!(
            "the gateway's account {account} cannot pay: this request takes {escrow}{denom} and a transaction fee of up to \
             {fee}{denom}, and beside what questions under way take it has {prepaid}{denom} prepaid and {have}{denom} in its \
             own hands. Its operator sends it coins{or_deposit}"
        )))
    }

    /// The escrow comes from the granter's prepaid balance: a session key may attach no coins.
    async fn granted(
        &self,
        question: &Question,
        granter: &str,
        escrow: u128,
        (prepaid, under_way): (u128, u64),
    ) -> Result<(), Failure> {
        let (denom, us) = (&self.facts.denom, &self.facts.account);
        if prepaid < escrow {
            let lacking = escrow.saturating_sub(prepaid);
            return Err(Failure::Funds(format!(
                "account {granter} has {prepaid}{denom} prepaid beside what its questions under way take, and this request takes {escrow}{denom}. Its owner adds what is missing \
                 with `antiphon deposit {lacking}{denom}`"
            )));
        }
        let session = session::read(&self.network, granter, us).await;
        let session = session.map_err(|e| of_client(&e))?;
        let what = if session.calls_left <= under_way || session.seconds_left == 0 {
            "no session for this gateway, or its questions or time are used up".to_owned()
        } else if session.fees_left.u128() < self.fee(Some(question)).div_ceil(2) {
            let left = session.fees_left;
            format!(
                "{left}{denom} left for the fees of its session, which is not enough for a question"
            )
        } else {
            return Ok(());
        };
        Err(Failure::Funds(format!(
            "account {granter} has {what}. Its owner starts a new one with `antiphon session start --for {us}`"
        )))
    }

    /// Most a transaction of ours costs; that of a question counts the bytes it may carry.
    pub(super) fn fee(&self, question: Option<&Question>) -> u128 {
        let bytes = question.filter(|_| self.carry != Carry::Never);
        let bytes = bytes.map_or(0, |question| question.prompt.to_canonical().len());
        match bytes <= MAX_CARRIED_BYTES {
            true => self.fee_of(bytes),
            false => self.fee_of(0),
        }
    }

    /// Most a transaction costs that carries so many bytes.
    pub(super) fn fee_of(&self, bytes: usize) -> u128 {
        let carried = u64::try_from(bytes).unwrap_or(u64::MAX);
        let gas = CALL_GAS.saturating_add(carried.saturating_mul(CARRIED_BYTE_GAS));
        let price = self.network.file.gas_price.parse::<GasPrice>();
        let fee = price.ok().and_then(|price| price.fee(gas).ok());
        fee.map_or(0, |coin| coin.amount)
    }
}
