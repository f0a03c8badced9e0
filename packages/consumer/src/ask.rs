//! The question and its price.

use antiphon_api::{
    Callback, EstimateFeeResponse, ExecuteMsg, MAX_CARRIED_BYTES, ModelResponse, QueryMsg,
};
use antiphon_content::Cid;
use antiphon_documents::{Message, Prompt, PromptFault, Sampling};
use cosmwasm_std::{
    Addr, Coin, HexBinary, QuerierWrapper, StdError, Uint128, WasmMsg, to_json_binary,
};

/// What one receipt of an answer may cost unless the asker says otherwise.
const GAS_LIMIT: u64 = 150_000;

/// Why a question cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The prompt breaks a rule of its document.
    #[error("got a prompt that workers would call invalid ({0}), want a valid one; change it")]
    Prompt(PromptFault),
    /// The prompt does not fit into a message.
    #[error("got a prompt of {got} bytes, want at most {MAX_CARRIED_BYTES}; shorten it")]
    TooLong {
        /// Its length.
        got: usize,
    },
    /// The chain's own.
    #[error(transparent)]
    Std(#[from] StdError),
}

/// One question of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The model's id.
    pub model: u64,
    /// What is asked.
    pub prompt: Prompt,
    /// Members of the committee; the network's default if absent.
    pub committee: Option<u32>,
    /// Most gas that receiving the answer may use.
    pub gas_limit: u64,
    /// Whether the answer's text is wanted, proven, or its CID is enough.
    pub with_text: bool,
}

impl Ask {
    /// A greedy question whose text is wanted back.
    #[must_use]
    pub fn question(model: u64, text: impl Into<String>, max_output_tokens: u32) -> Self {
        Self {
            model,
            prompt: Prompt {
                messages: vec![Message::user(text)],
                max_output_tokens,
                sampling: Sampling::GREEDY,
                stop: Vec::new(),
            },
            committee: None,
            gas_limit: GAS_LIMIT,
            with_text: true,
        }
    }

    /// The prompt's block, in its one canonical form.
    ///
    /// # Errors
    /// A prompt that workers would call invalid, or that is too long to be carried.
    pub fn block(&self) -> Result<Vec<u8>, AskError> {
        self.prompt.check().map_err(AskError::Prompt)?;
        let block = self.prompt.to_canonical().into_bytes();
        match block.len() <= MAX_CARRIED_BYTES {
            true => Ok(block),
            false => Err(AskError::TooLong { got: block.len() }),
        }
    }

    /// What has to be attached, or lie in the asker's balance at the Antiphon contract: the escrow for
    /// the longest answer, most of which returns if the answer is short, and the fee of the delivery.
    ///
    /// # Errors
    /// A bad prompt; no such model or contract.
    pub fn price(
        &self,
        querier: &QuerierWrapper<'_>,
        antiphon: &Addr,
    ) -> Result<Uint128, AskError> {
        let prompt_bytes = bytes_of(&self.block()?);
        let fee: EstimateFeeResponse = querier.query_wasm_smart(
            antiphon,
            &QueryMsg::EstimateFee {
                model: self.model,
                prompt_bytes,
                max_output_tokens: self.prompt.max_output_tokens,
                committee: self.committee,
            },
        )?;
        let model = QueryMsg::Model { model: self.model };
        let model: ModelResponse = querier.query_wasm_smart(antiphon, &model)?;
        let price = fee.escrow.checked_add(model.price.base);
        Ok(price.map_err(StdError::from)?)
    }

    /// The message that asks. Send it with `reply_on_success` and note the task in the reply.
    ///
    /// # Errors
    /// A bad prompt.
    pub fn message(&self, antiphon: &Addr, funds: Vec<Coin>) -> Result<WasmMsg, AskError> {
        let block = self.block()?;
        let msg = ExecuteMsg::PostTask {
            model: self.model,
            prompt: Cid::of_raw(&block),
            prompt_bytes: bytes_of(&block),
            max_output_tokens: self.prompt.max_output_tokens,
            holders: Vec::new(),
            block: Some(HexBinary::from(block)),
            committee: self.committee,
            callback: Some(Callback {
                gas_limit: self.gas_limit,
                with_text: self.with_text,
            }),
        };
        Ok(WasmMsg::Execute {
            contract_addr: antiphon.to_string(),
            msg: to_json_binary(&msg)?,
            funds,
        })
    }
}

/// Sends the caller's balance at the Antiphon contract to the caller, or a part of it: what questions left over.
/// It pays for later questions if it stays.
///
/// # Errors
/// Never in practice: the message is plain.
pub fn withdraw(antiphon: &Addr, amount: Option<Uint128>) -> Result<WasmMsg, StdError> {
    Ok(WasmMsg::Execute {
        contract_addr: antiphon.to_string(),
        msg: to_json_binary(&ExecuteMsg::Withdraw { amount })?,
        funds: Vec::new(),
    })
}

/// The length of a block, which is at most [`MAX_CARRIED_BYTES`].
fn bytes_of(block: &[u8]) -> u32 {
    u32::try_from(block.len()).unwrap_or(u32::MAX)
}
