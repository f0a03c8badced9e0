//! Typed gRPC queries carried by `abci_query`.

use cosmrs::proto::traits::Message;

use crate::error::{ChainError, classify};
use crate::rpc::Rpc;
use crate::types::AbciAnswer;

/// Asks and decodes; a refusal of the application becomes a typed error.
pub(crate) async fn ask<R: Message + Default>(
    rpc: &Rpc,
    path: &str,
    request: &impl Message,
    height: Option<u64>,
) -> Result<R, ChainError> {
    let answer = rpc
        .abci_query(path, &request.encode_to_vec(), height)
        .await?;
    if answer.code != 0 {
        return Err(refused(&answer));
    }
    R::decode(answer.value.as_slice())
        .map_err(|error| ChainError::malformed(path, error, "its protobuf answer"))
}

fn refused(answer: &AbciAnswer) -> ChainError {
    classify(
        answer.code,
        &answer.codespace,
        &answer.log,
        "the account",
        None,
    )
}
