//! Models on this machine: made, published, fetched, checked, served.

mod fetch;
pub mod manifest;
mod publish;
mod retire;
mod shelf;
mod verify;

pub use fetch::fetch;
pub use publish::{Offer, Published, publish};
pub use retire::{Retired, can_retire, retire};
pub use shelf::{Entry, Shelf};
pub use verify::{Verified, verify};

use std::path::Path;

use antiphon_api::Cid;
use antiphon_store::server::{Gateway, GatewayLimits, router, serve as serve_router};
use tokio::net::TcpListener;

use crate::error::ClientError;

/// Serves the shelf to workers until `stop` resolves; `told` hears the address first.
///
/// # Errors
/// The address cannot be listened at.
pub async fn serve(
    shelf: &Shelf,
    listen: &str,
    told: impl FnOnce(std::net::SocketAddr),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ClientError> {
    let fault = |error: std::io::Error| {
        ClientError::Usage(format!(
            "cannot listen at {listen}: {error}; name another --listen HOST:PORT"
        ))
    };
    let listener = TcpListener::bind(listen).await.map_err(fault)?;
    told(listener.local_addr().map_err(fault)?);
    let gateway = Gateway::new(shelf.store.clone(), GatewayLimits::default());
    serve_router(listener, router(gateway), stop)
        .await
        .map_err(fault)
}

fn file_fault(path: &Path, cause: impl std::fmt::Display) -> ClientError {
    ClientError::File {
        path: path.to_owned(),
        cause: cause.to_string(),
    }
}

fn engine_fault(error: impl std::fmt::Display) -> ClientError {
    ClientError::Engine(error.to_string())
}

/// Blocking work off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ClientError> + Send + 'static,
) -> Result<T, ClientError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(engine_fault(error)))
}

/// The root of the weights is what a fetch, a file and a manifest must agree on.
fn check_weights(path: &Path, got: Cid, want: Cid) -> Result<(), ClientError> {
    if got == want {
        return Ok(());
    }
    Err(ClientError::Verification {
        cid: want,
        said: format!("{} is {got}", path.display()),
    })
}
