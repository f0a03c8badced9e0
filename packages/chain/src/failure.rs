//! Why a node gave no result, and whether another one may do better.

use serde_json::Value;

use crate::error::ChainError;

/// Why one endpoint gave no result.
pub(crate) enum Failure {
    /// It does not answer.
    Transport {
        /// What the transport said.
        cause: String,
        /// It may have got the request, and done what it asks.
        given: bool,
    },
    /// It belongs to another chain.
    Foreign(ChainError),
    /// An error of its own, or what it has not got: another endpoint may do better.
    Node(ChainError),
    /// The answer itself: every endpoint would say so.
    Answer(ChainError),
}

impl Failure {
    /// The request was sent, and no answer came.
    pub(crate) const fn lost(cause: String) -> Self {
        Self::Transport { cause, given: true }
    }

    /// It did not even say which chain it belongs to: the request itself was never sent.
    pub(crate) fn of_status(self) -> Self {
        match self {
            Self::Transport { cause, .. } => Self::Transport {
                cause,
                given: false,
            },
            other => other,
        }
    }
}

/// What a node says that has not got the block or transaction asked for: no fault of its.
const HAS_NOT: &[&str] = &[
    "not found",
    "could not find results",
    "must be less than or equal",
    "lowest height is",
    "is not available",
];
/// What every node would say.
const SAME_EVERYWHERE: &[&str] = &[
    "tx already exists in cache",
    "page should be within",
    "failed to parse",
    "tx too large",
];
/// JSON-RPC's code of an internal error; all others are about the request.
const INTERNAL_ERROR: i64 = -32_603;

pub(crate) fn result_of(method: &str, mut value: Value) -> Result<Value, Failure> {
    if let Some(error) = value.get("error").filter(|e| !e.is_null()) {
        let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
        let code = error.get("code").and_then(Value::as_i64);
        let error = ChainError::Rpc {
            method: method.to_owned(),
            code: code.unwrap_or_default(),
            message: format!("{}: {}", text("message"), text("data")),
        };
        let same = code != Some(INTERNAL_ERROR) || says(&error, SAME_EVERYWHERE);
        return Err(match same {
            true => Failure::Answer(error),
            false => Failure::Node(error),
        });
    }
    match value.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(Failure::lost("no JSON-RPC answer".to_owned())),
    }
}

/// Whether the node only lacks what was asked for.
pub(crate) fn has_not(error: &ChainError) -> bool {
    says(error, HAS_NOT)
}

fn says(error: &ChainError, texts: &[&str]) -> bool {
    let ChainError::Rpc { message, .. } = error else {
        return false;
    };
    texts.iter().any(|text| message.contains(text))
}

/// The oldest block a node still has, if that is why it refused: `lowest height is 1445`.
pub(crate) fn lowest_height(error: &ChainError) -> Option<u64> {
    let ChainError::Rpc { message, .. } = error else {
        return None;
    };
    let tail = message.split("lowest height is ").nth(1)?;
    let end = tail
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(tail.len());
    tail[..end].parse().ok()
}
