//! The rest of an operator's life: less bond, coins back, out of jail, away. Each errand is one transaction
//! of the operator's key; whatever the contract would refuse is found by simulating it, at no cost.

mod leaving;
mod report;

use std::time::{SystemTime, UNIX_EPOCH};

use antiphon_api::{ExecuteMsg, Uint128, WorkerResponse};
use antiphon_chain::{ChainError, Contract, Gas, Msg, Sender, TxOutcome, rfc3339};

use crate::assemble::{Signers, connect, signers};
use crate::config::Config;
use crate::home::{Home, HomeError};
use crate::run::RunError;

pub use leaving::noted;
pub use report::{Purse, Report, Sent};

/// What an operator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Only to see how things stand.
    Seats,
    /// A part of the bond out of service.
    Unbond(u128),
    /// The unbonding entry to the balance, once its time has come.
    Claim,
    /// Balances of the operator's and the sender's accounts out of the contract; all of the first if no amount.
    Withdraw(Option<u128>),
    /// Out of jail, once its time is over.
    Unjail,
    /// All seats and the whole bond.
    Leave,
}

/// Why an errand cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// Chain, home or keys cannot be used.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The chain or the contract refused.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The home cannot be written.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The key that owns the bond is kept elsewhere.
    #[error(
        "keys/operator.json is not in this home; put it there, or send with the operator's key, to {contract}: {messages}"
    )]
    NoOperator {
        /// The contract.
        contract: String,
        /// What would have been sent, as JSON.
        messages: String,
    },
    /// There is nothing that the errand could be about.
    #[error("got {got}, want {want}; there is nothing to do")]
    Nothing {
        /// How it stands.
        got: &'static str,
        /// What the errand needs.
        want: &'static str,
    },
    /// What can be claimed already would have to wait anew if more were unbonded now.
    #[error(
        "{unbonding} can be claimed already, but {why}. Nothing was unbonded, since that would restart their time: \
         let the open tasks end, then say the same again"
    )]
    ClaimFirst {
        /// How much.
        unbonding: Uint128,
        /// The contract's words.
        why: ChainError,
    },
    /// It is not known whether the worker left.
    #[error(
        "{0}. It may have left or not, and is noted as gone: its next start takes no seat. \
         See with `seats`, and say `leave` again"
    )]
    Unknown(#[source] ChainError),
    /// Its time has not come.
    #[error("{what} from {date}, in {seconds} s; come back then")]
    TooEarly {
        /// What will be possible.
        what: &'static str,
        /// When, in UTC.
        date: String,
        /// How long that is.
        seconds: u64,
    },
}

/// Does an errand and tells how things stand after it.
///
/// # Errors
/// See [`OperatorError`]; nothing was sent unless the error is the chain's.
pub async fn run(config: &Config, errand: Errand) -> Result<Report, OperatorError> {
    let home = Home::new(&config.home);
    let chain = connect(config).await?;
    let office = Office {
        contract: chain.contract(&config.contract),
        signers: signers(config, &home, &chain)?,
    };
    let (sent, moved) = match errand {
        Errand::Withdraw(amount) => (office.withdraw(amount).await?, None),
        errand => office.order(errand, &home).await?,
    };
    let record = office.contract.worker(&office.signers.worker).await?;
    let balance = office.contract.balance(&office.signers.worker).await?;
    let fees = match &office.signers.sender {
        Some(sender) => office.contract.balance(sender.address()).await?,
        None => 0,
    };
    let purse = Purse { balance, fees };
    let mut report = Report::new(config, &record, purse, sent, home.has_left(), now());
    report.next.splice(0..0, moved);
    Ok(report)
}

/// The contract, and the keys that sign for it.
struct Office {
    contract: Contract,
    signers: Signers,
}

impl Office {
    /// What the operator's key sends, all in one transaction but for a claim before it; and what that moves.
    async fn order(
        &self,
        errand: Errand,
        home: &Home,
    ) -> Result<(Vec<Sent>, Option<String>), OperatorError> {
        let record = self.contract.worker(&self.signers.worker).await?;
        let messages = match plan(errand, &record, now()) {
            // An earlier `leave` may have done it and lost the answer.
            Err(OperatorError::Nothing { .. }) if errand == Errand::Leave => {
                home.mark_left()?;
                return Ok((Vec::new(), None));
            }
            planned => planned?,
        };
        if messages.is_empty() {
            return Ok((Vec::new(), None));
        }
        let Some(operator) = &self.signers.operator else {
            return Err(self.no_operator(&messages));
        };
        let mut sent = Vec::new();
        let earlier = earlier(&messages, &record, now());
        if earlier == Earlier::ClaimFirst {
            let claimed = self.send(operator, &[ExecuteMsg::ClaimUnbonded {}]).await;
            let claimed = claimed.map_err(|why| claim_refused(&record, why))?;
            sent.push(Sent::new("claim_unbonded".to_owned(), &claimed));
        }
        let what: Vec<&str> = messages.iter().map(name).collect();
        let order = self.send(operator, &messages);
        let done = match errand {
            Errand::Leave => noted(home, order).await?,
            _ => order.await?,
        };
        sent.push(Sent::new(what.join(", "), &done));
        Ok((sent, earlier.into_note()))
    }

    /// Fees of callbacks are the sender's, everything else is the operator's.
    async fn withdraw(&self, amount: Option<u128>) -> Result<Vec<Sent>, OperatorError> {
        let mut sent = Vec::new();
        if let (None, Some(sender)) = (amount, &self.signers.sender)
            && self.contract.balance(sender.address()).await? > 0
        {
            let done = self.send(sender, &[withdraw(None)]).await?;
            sent.push(Sent::new("withdraw of the sender's fees".to_owned(), &done));
        }
        if amount.is_some() || self.contract.balance(&self.signers.worker).await? > 0 {
            let message = [withdraw(amount)];
            match &self.signers.operator {
                Some(operator) => {
                    let done = self.send(operator, &message).await?;
                    sent.push(Sent::new("withdraw".to_owned(), &done));
                }
                None if sent.is_empty() => return Err(self.no_operator(&message)),
                None => {}
            }
        }
        match sent.is_empty() {
            true => Err(OperatorError::Nothing {
                got: "no balance in the contract",
                want: "one of the operator's or the sender's account",
            }),
            false => Ok(sent),
        }
    }

    async fn send(&self, key: &Sender, messages: &[ExecuteMsg]) -> Result<TxOutcome, ChainError> {
        let messages = messages.iter().map(|msg| self.contract.message(msg, &[]));
        let messages: Vec<Msg> = messages.collect::<Result<_, _>>()?;
        key.send(&messages, Gas::Simulate).await
    }

    fn no_operator(&self, messages: &[ExecuteMsg]) -> OperatorError {
        OperatorError::NoOperator {
            contract: self.contract.address().to_owned(),
            messages: serde_json::to_string(messages).unwrap_or_default(),
        }
    }
}

/// The messages of an errand, if the record and the time allow it. What else the contract asks for, it says itself.
///
/// # Errors
/// There is nothing to do, or it is too early.
pub fn plan(
    errand: Errand,
    record: &WorkerResponse,
    now: u64,
) -> Result<Vec<ExecuteMsg>, OperatorError> {
    match errand {
        Errand::Seats | Errand::Withdraw(_) => Ok(Vec::new()),
        Errand::Unbond(amount) => Ok(vec![unbond(amount)]),
        Errand::Claim => {
            let at = record.claimable.ok_or(OperatorError::Nothing {
                got: "nothing unbonding",
                want: "an unbonding entry; `unbond` first",
            })?;
            not_before(at, now, "the unbonding coins can be claimed")?;
            Ok(vec![ExecuteMsg::ClaimUnbonded {}])
        }
        Errand::Unjail => {
            let at = record.jailed_until.ok_or(OperatorError::Nothing {
                got: "a worker that is not jailed",
                want: "one that is",
            })?;
            not_before(at, now, "the worker can leave jail")?;
            Ok(vec![ExecuteMsg::Unjail {}])
        }
        Errand::Leave => leave(record),
    }
}

/// What unbonding now means for coins that unbond already: there is one entry with one date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// There are none, or nothing is unbonded.
    None,
    /// Their time has come: they are claimed before, or they would have to wait anew.
    ClaimFirst,
    /// Their date moves; the text says so.
    Moves(String),
}

impl Earlier {
    fn into_note(self) -> Option<String> {
        match self {
            Self::Moves(note) => Some(note),
            Self::None | Self::ClaimFirst => None,
        }
    }
}

/// What these messages do to coins that unbond already.
#[must_use]
pub fn earlier(messages: &[ExecuteMsg], record: &WorkerResponse, now: u64) -> Earlier {
    let unbonds = messages
        .iter()
        .any(|msg| matches!(msg, ExecuteMsg::Unbond { .. }));
    match record.claimable {
        Some(at) if unbonds && !record.unbonding.is_zero() => match at <= now {
            true => Earlier::ClaimFirst,
            false => Earlier::Moves(format!(
                "the {} that unbonded already could have been claimed from {}: their date moved with the rest",
                record.unbonding,
                rfc3339(at)
            )),
        },
        _ => Earlier::None,
    }
}

/// A refused claim stops the errand: going on would restart the time of coins that wait for nothing but open tasks.
#[must_use]
pub fn claim_refused(record: &WorkerResponse, why: ChainError) -> OperatorError {
    match why {
        ChainError::Refused(_) => OperatorError::ClaimFirst {
            unbonding: record.unbonding,
            why,
        },
        why => OperatorError::Chain(why),
    }
}

/// Seats first: the bond may go only when no seat needs it. Locks of open tasks stay where they are, since what is
/// unbonding is slashable too.
fn leave(record: &WorkerResponse) -> Result<Vec<ExecuteMsg>, OperatorError> {
    let seats = record.seats.iter();
    let mut messages: Vec<_> = seats
        .map(|model| ExecuteMsg::LeaveModel { model: *model })
        .collect();
    if !record.bond.is_zero() {
        messages.push(unbond(record.bond.u128()));
    }
    match messages.is_empty() {
        true => Err(OperatorError::Nothing {
            got: "neither seat nor bond",
            want: "a seat or a bond to leave with",
        }),
        false => Ok(messages),
    }
}

fn unbond(amount: u128) -> ExecuteMsg {
    ExecuteMsg::Unbond {
        amount: Uint128::new(amount),
    }
}

fn withdraw(amount: Option<u128>) -> ExecuteMsg {
    ExecuteMsg::Withdraw {
        amount: amount.map(Uint128::new),
    }
}

fn not_before(at: u64, now: u64, what: &'static str) -> Result<(), OperatorError> {
    match at.checked_sub(now) {
        None | Some(0) => Ok(()),
        Some(seconds) => Err(OperatorError::TooEarly {
            what,
            date: rfc3339(at),
            seconds,
        }),
    }
}

fn name(msg: &ExecuteMsg) -> &'static str {
    match msg {
        ExecuteMsg::Unbond { .. } => "unbond",
        ExecuteMsg::ClaimUnbonded {} => "claim_unbonded",
        ExecuteMsg::Unjail {} => "unjail",
        ExecuteMsg::LeaveModel { .. } => "leave_model",
        _ => "other",
    }
}

/// Dates on chain are block times, which follow the clock.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
