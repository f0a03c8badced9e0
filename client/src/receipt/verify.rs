//! A receipt's file, and the report of everything that was checked.

use std::path::Path;

use antiphon_chain::write_atomically;
use antiphon_receipt::{Check, MAX_RECEIPT_BYTES, Report, VERDICT, check};
use serde::Serialize;

use super::error::ReceiptError;
use crate::error::ClientError;

/// What `antiphon verify --json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// Whether every check holds.
    pub ok: bool,
    /// What that proves; or which check does not hold.
    pub verdict: String,
    /// The checks, in their order.
    pub checks: Vec<Check>,
    /// It was compared with a chain.
    pub online: bool,
    /// The model was run again.
    pub replayed: bool,
    /// The contract it was compared with; none if it was not.
    pub contract: Option<String>,
    /// Only the receipt names that contract: whoever made the receipt may have made the contract too.
    pub contract_from_receipt: bool,
}

/// What a chain says of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Online {
    /// The checks.
    pub report: Report,
    /// The contract that was asked.
    pub contract: String,
    /// Nobody but the receipt named it.
    pub from_receipt: bool,
}

impl VerifyReport {
    /// Everything that was checked.
    #[must_use]
    pub fn of(offline: Report, online: Option<Online>, replayed: Option<Report>) -> Self {
        let (is_online, is_replayed) = (online.is_some(), replayed.is_some());
        let proven = proven(online.as_ref(), is_replayed);
        let from_receipt = online.as_ref().is_some_and(|online| online.from_receipt);
        let (online, contract) = online.map(|it| (it.report, it.contract)).unzip();
        let more = online.into_iter().chain(replayed);
        let checks: Vec<_> = offline
            .checks
            .into_iter()
            .chain(more.flat_map(|report| report.checks))
            .collect();
        let report = Report { checks };
        Self {
            ok: report.is_ok(),
            verdict: match report.is_ok() {
                true => proven,
                false => report.verdict(),
            },
            checks: report.checks,
            online: is_online,
            replayed: is_replayed,
            contract,
            contract_from_receipt: from_receipt,
        }
    }
}

fn proven(online: Option<&Online>, replayed: bool) -> String {
    let Some(online) = online else {
        return match replayed {
            false => VERDICT.to_owned(),
            true => "consistent, and the model gives this answer here; whether it happened on this chain is what --rpc shows".to_owned(),
        };
    };
    let model = match replayed {
        false => "consistent, and it happened on this chain",
        true => "consistent, the model gives this answer here, and it happened on this chain",
    };
    match online.from_receipt {
        false => model.to_owned(),
        true => format!(
            "{model} at contract {}, which only the receipt names: compare it, or give --network or --contract",
            online.contract
        ),
    }
}

/// The report as a result: an error names the first check that does not hold.
///
/// # Errors
/// A check does not hold.
pub fn verified(report: &VerifyReport) -> Result<(), ClientError> {
    match report.checks.iter().find(|check| !check.ok) {
        None => Ok(()),
        Some(failed) => Err(ReceiptError::Failed {
            check: failed.name,
            detail: failed.detail.clone(),
        }
        .into()),
    }
}

/// Reads a receipt's file and checks it offline. Bytes that are no text are a receipt of no form.
///
/// # Errors
/// The file cannot be read.
pub fn read(path: &Path) -> Result<(String, Report), ClientError> {
    let fault = |cause: String| ClientError::File {
        path: path.to_owned(),
        cause,
    };
    let size = std::fs::metadata(path).map_err(|error| fault(error.to_string()))?;
    let most = u64::try_from(MAX_RECEIPT_BYTES).unwrap_or(u64::MAX);
    if size.len() > most {
        let said = format!("got {} bytes, want a receipt of at most {most}", size.len());
        return Ok((String::new(), unread(said)));
    }
    let bytes = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    match String::from_utf8(bytes) {
        Ok(text) => {
            let report = check(&text);
            Ok((text, report))
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            Ok((
                String::new(),
                unread(format!("not UTF-8 text at byte {at}")),
            ))
        }
    }
}

fn unread(said: String) -> Report {
    Report {
        checks: vec![Check::new("form", Err(said))],
    }
}

/// Writes a receipt, all of it or nothing.
///
/// # Errors
/// The file cannot be written.
pub fn save(path: &Path, text: &str) -> Result<(), ClientError> {
    write_atomically(path, text.as_bytes(), 0o644).map_err(|error| ClientError::File {
        path: path.to_owned(),
        cause: error.to_string(),
    })
}
