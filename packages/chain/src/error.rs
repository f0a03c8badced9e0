//! What can go wrong between us and a chain, in words that say what to do.

use crate::key::KeyError;

/// A failure of the node, the chain, the transaction or the contract.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// No endpoint answered.
    #[error(
        "no chain node answers: {tried}. Check that the node runs and that the RPC address is right"
    )]
    NodeDown {
        /// Each URL tried, with what happened there.
        tried: String,
    },
    /// The node belongs to another chain.
    #[error(
        "{url} is a node of chain {got:?}, want {want:?}. Give the RPC address of a node of {want:?}, \
         or change the chain id in the configuration"
    )]
    WrongChainId {
        /// The node asked.
        url: String,
        /// What it says its chain is.
        got: String,
        /// What the configuration says.
        want: String,
    },
    /// A node tells of a height that neither another node confirms nor it can show itself.
    #[error(
        "{url} tells of height {height}, but has no block there and no other node confirms it. \
         Wait for it, or add the RPC address of another node"
    )]
    Distrusted {
        /// The node asked.
        url: String,
        /// What it says.
        height: u64,
    },
    /// A URL that cannot be an RPC endpoint.
    #[error("got {got:?} as an RPC address, want http://HOST:PORT or https://HOST[:PORT]")]
    BadUrl {
        /// The text given.
        got: String,
    },
    /// The node answered with an error of its own.
    #[error("the node refused {method}: {message}")]
    Rpc {
        /// The JSON-RPC method.
        method: String,
        /// Its code, such as -32603.
        code: i64,
        /// Message and data.
        message: String,
    },
    /// The node's answer does not have the expected form.
    #[error("{what}: got {got}, want {want}. The node may be of another version")]
    Malformed {
        /// Which answer.
        what: String,
        /// What was there.
        got: String,
        /// What should have been.
        want: String,
    },
    /// The contract refused a message or a query.
    #[error("{0}")]
    Refused(Refusal),
    /// There is no contract at this address.
    #[error("there is no contract at {address} on this chain. Check the contract's address")]
    NoContract {
        /// The address asked.
        address: String,
    },
    /// The account never received coins.
    #[error("account {address} is not on the chain yet: send it some coins first")]
    NoAccount {
        /// The address asked.
        address: String,
    },
    /// The account cannot pay.
    #[error("{address} cannot pay: it has {have}, needs {need}. Send it coins and try again")]
    InsufficientFunds {
        /// The account.
        address: String,
        /// What it has, with the denom.
        have: String,
        /// What is needed, with the denom.
        need: String,
    },
    /// The fee offered is below the node's minimum.
    #[error("the fee is too low: got {got}, want {want}. Raise the gas price")]
    FeeTooLow {
        /// Offered.
        got: String,
        /// Required.
        want: String,
    },
    /// The gas limit was too small; the fee was taken all the same.
    #[error(
        "out of gas in transaction {hash}: the limit was {wanted}, it used {used}. \
         Raise the limit; the fee was charged"
    )]
    OutOfGas {
        /// The transaction.
        hash: String,
        /// The limit.
        wanted: u64,
        /// Used when it was stopped.
        used: u64,
    },
    /// A key that acts for another account may not do this, or no longer.
    #[error(
        "the account {granter} does not allow this: {cause}. The session's calls, time or fees may be used up, \
         or it was ended: start a new one. A refused message costs its fee all the same"
    )]
    NotAllowed {
        /// Who would have had to allow it.
        granter: String,
        /// The chain's words.
        cause: String,
    },
    /// The chain refused a transaction for another reason.
    #[error("the chain refused (code {code}, {codespace}): {log}")]
    Rejected {
        /// The code within its codespace.
        code: u32,
        /// The module that refused.
        codespace: String,
        /// Its text.
        log: String,
    },
    /// A transaction was not in a block in time. It can no longer enter one.
    #[error(
        "transaction {hash} was not in a block by height {height} and has lapsed: nothing was done. \
         Send it again"
    )]
    Lapsed {
        /// The transaction.
        hash: String,
        /// The last height it was valid at.
        height: u64,
    },
    /// The node went away after a transaction may have reached it.
    #[error(
        "it is not known whether transaction {hash} was taken: {cause}. \
         Look it up by its hash before sending again"
    )]
    Unconfirmed {
        /// The transaction.
        hash: String,
        /// What happened since.
        cause: String,
    },
    /// The chain behind the endpoint was started anew.
    #[error(
        "chain {chain_id} was reset: its first block is {got}, it was {want}. \
         What was remembered of the old chain must be dropped"
    )]
    ChainReset {
        /// Its id, which a reset does not change.
        chain_id: String,
        /// Hash of the first block, or the height, seen now.
        got: String,
        /// The same, as remembered.
        want: String,
    },
    /// A key or address is unusable.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A local file could not be read or written.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: String,
        /// What happened.
        cause: String,
    },
    /// A message could not be written as JSON, or an amount overflowed.
    #[error("cannot build the message: {0}")]
    Message(String),
}

/// A contract's refusal: its stable code and its sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `E_…`, or empty if the text carries none (a refusal by the VM itself).
    pub code: String,
    /// The sentence after the code, or the whole text.
    pub sentence: String,
    /// The transaction, if it was one.
    pub hash: Option<String>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the contract refused: {}", self.sentence)?;
        if !self.code.is_empty() {
            write!(f, " ({})", self.code)?;
        }
        match &self.hash {
            Some(hash) => write!(f, " [transaction {hash}]"),
            None => Ok(()),
        }
    }
}

impl ChainError {
    /// The contract's `E_…` code, if this is a contract's refusal.
    #[must_use]
    pub fn contract_code(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) if !refusal.code.is_empty() => Some(&refusal.code),
            _ => None,
        }
    }

    /// Whether trying the same again later can help: the node or network failed, not the request.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::NodeDown { .. }
                | Self::Rpc { .. }
                | Self::Lapsed { .. }
                | Self::Distrusted { .. }
        )
    }

    pub(crate) fn malformed(what: &str, got: impl std::fmt::Display, want: &str) -> Self {
        let got: String = got.to_string().chars().take(200).collect();
        Self::Malformed {
            what: what.to_owned(),
            got,
            want: want.to_owned(),
        }
    }
}

/// Finds `E_CODE: sentence` in a node's log and cuts what wasmd puts around it.
pub(crate) fn refusal_in(log: &str, hash: Option<&str>) -> Refusal {
    let (code, rest) = find_code(log).unwrap_or(("", log));
    let mut sentence = rest;
    for tail in [
        ": execute wasm contract failed",
        ": query wasm contract failed",
        ": instantiate wasm contract failed",
        ": migrate wasm contract failed",
    ] {
        sentence = sentence.split(tail).next().unwrap_or(sentence);
    }
    Refusal {
        code: code.to_owned(),
        sentence: sentence.trim().to_owned(),
        hash: hash.map(str::to_owned),
    }
}

fn find_code(log: &str) -> Option<(&str, &str)> {
    log.match_indices("E_").find_map(|(at, _)| {
        let fresh = !log[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let tail = &log[at..];
        let end =
            tail.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))?;
        let rest = tail[end..].strip_prefix(':')?;
        (fresh && end > 2).then_some((&tail[..end], rest))
    })
}

/// Sorts a refusal of the chain (not of the transport) into a typed error.
pub(crate) fn classify(
    code: u32,
    codespace: &str,
    log: &str,
    payer: &str,
    hash: Option<&str>,
) -> ChainError {
    if log.contains("no such contract") {
        let address = payer_free_address(log);
        return ChainError::NoContract { address };
    }
    let by_contract = codespace == "wasm" || log.contains("wasm contract failed");
    if by_contract || find_code(log).is_some() {
        return ChainError::Refused(refusal_in(log, hash));
    }
    match (codespace, code) {
        ("sdk", 5) => insufficient_funds(log, payer),
        ("sdk", 13) => fee_too_low(log),
        _ if is_not_allowed(codespace, log) => Some(not_allowed(log, payer)),
        _ => None,
    }
    .unwrap_or_else(|| ChainError::Rejected {
        code,
        codespace: codespace.to_owned(),
        log: log.chars().take(600).collect(),
    })
}

/// `… address wasm1…: no such contract`, as wasmd words it.
fn payer_free_address(log: &str) -> String {
    log.split(|c: char| !c.is_ascii_alphanumeric())
        .find(|word| word.len() >= 39 && word.contains('1'))
        .unwrap_or("the given address")
        .to_owned()
}

/// `spendable balance 0uanti is smaller than 5000uanti: insufficient funds`
fn insufficient_funds(log: &str, payer: &str) -> Option<ChainError> {
    let rest = log.split("spendable balance ").nth(1)?;
    let (have, rest) = rest.split_once(" is smaller than ")?;
    let need = rest.split([':', ' ']).next()?;
    let have = if have.is_empty() { "nothing" } else { have };
    Some(ChainError::InsufficientFunds {
        address: payer.to_owned(),
        have: have.to_owned(),
        need: need.to_owned(),
    })
}

/// A simulation knows no code: the words are the same.
fn is_not_allowed(codespace: &str, log: &str) -> bool {
    let words = [
        "authorization not found",
        "authorization expired",
        "does not allow to pay fees",
        "fee limit exceeded",
        "fee allowance expired",
    ];
    let refused = log.trim_end().ends_with("unauthorized") && !log.contains("signature");
    let known = words.iter().any(|word| log.contains(word));
    matches!(codespace, "authz" | "feegrant") || known || refused
}

fn not_allowed(log: &str, granter: &str) -> ChainError {
    ChainError::NotAllowed {
        granter: granter.to_owned(),
        cause: log.chars().take(400).collect(),
    }
}

/// `insufficient fees; got: 1uanti required: 5000uanti: insufficient fee`
fn fee_too_low(log: &str) -> Option<ChainError> {
    let rest = log.split("got: ").nth(1)?;
    let (got, rest) = rest.split_once(" required: ")?;
    Some(ChainError::FeeTooLow {
        got: got.to_owned(),
        want: rest.split(':').next()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contract_code_and_sentence_are_cut_out_of_the_log() {
        let log = "failed to execute message; message index: 0: kind: Other, error: E_POOL_TOO_SMALL: \
                   got 3 seats, want 5: execute wasm contract failed";
        let refusal = refusal_in(log, Some("AB"));
        assert_eq!(refusal.code, "E_POOL_TOO_SMALL");
        assert_eq!(refusal.sentence, "got 3 seats, want 5");
        assert_eq!(
            refusal.to_string(),
            "the contract refused: got 3 seats, want 5 (E_POOL_TOO_SMALL) [transaction AB]"
        );
    }

    #[test]
    fn a_code_inside_a_word_is_not_a_code() {
        assert_eq!(find_code("SOME_E_THING: x"), None);
        assert_eq!(find_code("E_: x"), None);
        assert_eq!(find_code("a E_X: y"), Some(("E_X", " y")));
    }

    #[test]
    fn an_empty_account_is_told_in_amounts() {
        let log = "spendable balance 0uanti is smaller than 5000uanti: insufficient funds";
        let error = classify(5, "sdk", log, "wasm1x", None);
        assert_eq!(
            error.to_string(),
            "wasm1x cannot pay: it has 0uanti, needs 5000uanti. Send it coins and try again"
        );
    }

    #[test]
    fn a_low_fee_is_told_in_amounts() {
        let log = "insufficient fees; got: 1uanti required: 5000uanti: insufficient fee";
        assert!(matches!(
            classify(13, "sdk", log, "wasm1x", None),
            ChainError::FeeTooLow { got, want } if got == "1uanti" && want == "5000uanti"
        ));
    }
}
