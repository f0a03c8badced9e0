//! Accepting connections: not too many, none that dawdles over its headers, and a graceful end.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::steady::Steady;

/// Connections open at once; further ones wait in the system's queue.
const MAX_CONNECTIONS: usize = 512;
/// A connection's headers must be here in this time; an idle one is closed after it.
const HEADER_TIME: Duration = Duration::from_secs(15);
/// How long requests in work may take when the gateway is told to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(10);
/// After a failed accept, such as too many open files.
const BREATHER: Duration = Duration::from_millis(100);

/// Serves until `shutdown` resolves, then lets requests in work end for ten seconds at most.
///
/// # Errors
/// None now; a listener that fails is tried again.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = async {
            let permit = Arc::clone(&slots).acquire_owned().await.ok();
            (permit, listener.accept().await)
        };
        let (permit, stream) = tokio::select! {
            () = &mut shutdown => break,
            accepted = accepted => accepted,
        };
        match stream {
            Ok((stream, _)) => {
                let connection = connection(stream, router.clone());
                let watched = graceful.watch(connection);
                tokio::spawn(async move {
                    if let Err(error) = watched.await {
                        tracing::debug!(%error, "a connection broke");
                    }
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(BREATHER).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(LAST_REQUESTS, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests were cut off; their tasks go on");
    }
    Ok(())
}

type Connection =
    hyper::server::conn::http1::Connection<TokioIo<Steady>, TowerToHyperService<Router>>;

fn connection(stream: TcpStream, router: Router) -> Connection {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "small packets may be held back");
    }
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .serve_connection(
            TokioIo::new(Steady::new(stream)),
            TowerToHyperService::new(router),
        )
}
