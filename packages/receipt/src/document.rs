//! The document: its fields, its one spelling, its digest.

use antiphon_api::ConductInfo;
use antiphon_content::{Cid, Hex};
use antiphon_documents::Ballot;
use antiphon_documents::digest::{TaskIdentity, task_digest};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::address::canonical;
use crate::tx::Tx;

/// Largest receipt, in bytes: answer, prompt and manifest with every byte escaped, three full rounds with
/// as many replaced members, and their transactions stay below it.
pub const MAX_RECEIPT_BYTES: usize = 1_048_576;

/// Which document this is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tag {
    /// The first version.
    #[default]
    #[serde(rename = "receipt/1")]
    V1,
}

/// How the task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// With an outcome.
    Final,
    /// Without one.
    Failed,
}

/// The prompt's block, or its name where the receipt cannot hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PromptBlock {
    /// The block's bytes.
    Text(String),
    /// Not to be had, larger than a prompt may be, or not UTF-8: no receipt of an answer has it so.
    Absent(AbsentPrompt),
}

/// Names a prompt's block that is not in the receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbsentPrompt {
    /// Its identifier.
    pub cid: Cid,
}

impl PromptBlock {
    /// A block that is not in the receipt.
    #[must_use]
    pub const fn absent(cid: Cid) -> Self {
        Self::Absent(AbsentPrompt { cid })
    }

    /// The block's identifier.
    #[must_use]
    pub fn cid(&self) -> Cid {
        match self {
            Self::Text(text) => Cid::of_raw(text.as_bytes()),
            Self::Absent(absent) => absent.cid,
        }
    }

    /// The block as text, if the receipt has it.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent(_) => None,
        }
    }
}

/// One member of a round. A silent member has neither ballot nor commitment, one that withheld its ballot
/// no ballot and no salt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// What it revealed.
    pub ballot: Option<Ballot>,
    /// What it was bound to.
    pub commitment: Option<Hex<32>>,
    /// How it was judged.
    pub conduct: ConductInfo,
    /// What opens the commitment.
    pub salt: Option<Hex<32>>,
    /// Its address.
    pub worker: String,
}

/// One round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// Members by position, then those that were replaced.
    pub members: Vec<Member>,
    /// Height at which its last vacancies arose.
    pub opened: u64,
    /// Its number, from 0.
    pub round: u8,
    /// Members it should have.
    pub size: u32,
}

/// What was asked, by whom, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The transaction that posted it carried the prompt.
    pub carried: bool,
    /// A round after the standing one was undecided.
    pub contested: bool,
    /// Its id.
    pub id: u64,
    /// Its limit of output tokens.
    pub max_output_tokens: u32,
    /// Length of the prompt's block.
    pub prompt_bytes: u32,
    /// Who paid.
    pub requester: String,
    /// How it ended.
    pub status: Status,
}

/// Everything needed to recompute how an answer was agreed. Fields are in the order they are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The text, if the outcome is an answer.
    pub answer: Option<String>,
    /// Which document this is.
    pub antiphon: Tag,
    /// The chain.
    pub chain_id: String,
    /// The contract's address.
    pub contract: String,
    /// SHA-256 of the document without this field.
    pub digest: Hex<32>,
    /// The model's manifest, as it is.
    pub manifest: String,
    /// The prompt.
    pub prompt: PromptBlock,
    /// Every round.
    pub rounds: Vec<Round>,
    /// What was asked.
    pub task: Task,
    /// The transactions, in the chain's order.
    pub txs: Vec<Tx>,
}

/// The same without `digest`.
#[derive(Serialize)]
struct Undigested<'a> {
    answer: &'a Option<String>,
    antiphon: Tag,
    chain_id: &'a str,
    contract: &'a str,
    manifest: &'a str,
    prompt: &'a PromptBlock,
    rounds: &'a [Round],
    task: &'a Task,
    txs: &'a [Tx],
}

/// Why a text is not a receipt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptFault {
    /// Too large.
    #[error("got {0} bytes, want a receipt of at most 1048576")]
    Size(usize),
    /// Not JSON; a field missing, unknown, twice, of a wrong type or in another spelling.
    #[error("not a receipt: {0}; want one JSON document with exactly the fields of receipt/1")]
    NotReceipt(String),
    /// A receipt, spelled in another way than the one its digest is of.
    #[error(
        "not canonical from byte {at} on; want sorted keys, no white space and the shortest escapes"
    )]
    NotCanonical {
        /// Where the canonical text differs first.
        at: usize,
    },
}

impl Receipt {
    /// Reads a receipt in its one spelling. Nothing in it is believed yet: [`crate::check()`] tells.
    ///
    /// # Errors
    /// Too large, not JSON of this form, or in another spelling.
    pub fn parse(text: &str) -> Result<Self, ReceiptFault> {
        if text.len() > MAX_RECEIPT_BYTES {
            return Err(ReceiptFault::Size(text.len()));
        }
        let receipt: Self = serde_json::from_str(text)
            .map_err(|error| ReceiptFault::NotReceipt(error.to_string()))?;
        match first_difference(receipt.to_canonical().as_bytes(), text.as_bytes()) {
            Some(at) => Err(ReceiptFault::NotCanonical { at }),
            None => Ok(receipt),
        }
    }

    /// The document: its one spelling.
    #[must_use]
    pub fn to_canonical(&self) -> String {
        written(self)
    }

    /// SHA-256 of the document without the field `digest`.
    #[must_use]
    pub fn body_digest(&self) -> Hex<32> {
        let Self {
            answer,
            antiphon,
            chain_id,
            contract,
            digest: _,
            manifest,
            prompt,
            rounds,
            task,
            txs,
        } = self;
        let body = written(&Undigested {
            answer,
            antiphon: *antiphon,
            chain_id,
            contract,
            manifest,
            prompt,
            rounds,
            task,
            txs,
        });
        Hex(Sha256::digest(body.as_bytes()).into())
    }

    /// The same document with its digest computed.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.digest = self.body_digest();
        self
    }

    /// What every vote of the task names, recomputed; none if an address is not one.
    #[must_use]
    pub fn task_digest(&self) -> Option<[u8; 32]> {
        let (_, contract) = canonical(&self.contract)?;
        let (_, requester) = canonical(&self.task.requester)?;
        Some(task_digest(&TaskIdentity {
            chain_id: &self.chain_id,
            contract: &contract,
            task: self.task.id,
            requester: &requester,
            manifest: &self.manifest_cid(),
            prompt: &self.prompt.cid(),
            max_output_tokens: self.task.max_output_tokens,
            prompt_bytes: self.task.prompt_bytes,
        }))
    }

    /// The identifier of the manifest's block.
    #[must_use]
    pub fn manifest_cid(&self) -> Cid {
        Cid::of_raw(self.manifest.as_bytes())
    }
}

/// Keys are the fields' names in ASCII order, and serde writes the shortest escapes: that is RFC 8785 for a
/// document without fractions.
fn written(document: &impl Serialize) -> String {
    // Plain structs with text keys and no maps: writing into memory cannot fail.
    serde_json::to_string(document).unwrap_or_default()
}

fn first_difference(one: &[u8], other: &[u8]) -> Option<usize> {
    if one == other {
        return None;
    }
    let shorter = one.len().min(other.len());
    let differs = one.iter().zip(other).position(|(a, b)| a != b);
    Some(differs.unwrap_or(shorter))
}
