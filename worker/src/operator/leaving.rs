//! `leave` is noted before it is sent: were the answer lost, the next start would take the seats again.

use antiphon_chain::ChainError;

use super::OperatorError;
use crate::home::Home;

/// Sends with the note that the operator left in the home; a definite refusal takes back a note that is new.
///
/// # Errors
/// The chain's, [`OperatorError::Unknown`] if it may have been sent; or the home cannot be written.
pub async fn noted<T>(
    home: &Home,
    send: impl Future<Output = Result<T, ChainError>>,
) -> Result<T, OperatorError> {
    let before = home.has_left();
    home.mark_left()?;
    match send.await {
        Ok(sent) => Ok(sent),
        Err(error) if is_open(&error) => Err(OperatorError::Unknown(error)),
        Err(error) => {
            if !before {
                home.unmark_left()?;
            }
            Err(error.into())
        }
    }
}

/// Whether it may have been done for all that is known.
const fn is_open(error: &ChainError) -> bool {
    matches!(
        error,
        ChainError::Unconfirmed { .. }
            | ChainError::NodeDown { .. }
            | ChainError::Rpc { .. }
            | ChainError::Malformed { .. }
            | ChainError::Distrusted { .. }
    )
}
