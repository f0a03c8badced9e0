//! Accepting connections: not too many, none that dawdles over its headers, and a graceful end.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::steady::{Refused, Steady};

/// Connections open at once; further ones wait in the system's queue.
const MAX_CONNECTIONS: usize = 512;
/// Of these from one address. Loopback is free of it: proxies of this machine speak for many.
const MAX_PER_ADDRESS: usize = 64;
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
    let guests = Guests::default();
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
            Ok((stream, peer)) => {
                let Some(seat) = guests.seat(peer.ip()) else {
                    tracing::debug!(%peer, "too many connections from one address");
                    continue;
                };
                let connection = connection(stream, router.clone());
                let watched = graceful.watch(connection);
                tokio::spawn(async move {
                    if let Err(error) = watched.await {
                        tracing::debug!(%error, "a connection broke");
                    }
                    drop((permit, seat));
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

/// Connections by address.
#[derive(Clone, Debug, Default)]
struct Guests {
    inner: Arc<Mutex<BTreeMap<IpAddr, usize>>>,
}

/// One connection's place.
#[derive(Debug)]
struct Seat {
    guests: Guests,
    /// None for an address without a limit.
    address: Option<IpAddr>,
}

impl Guests {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place, if this address has not too many.
    fn seat(&self, address: IpAddr) -> Option<Seat> {
        let address = Some(address.to_canonical()).filter(|address| !address.is_loopback());
        if let Some(address) = address {
            let mut places = self.lock();
            let taken = places.entry(address).or_default();
            if *taken >= MAX_PER_ADDRESS {
                return None;
            }
            *taken = taken.saturating_add(1);
        }
        let guests = self.clone();
        Some(Seat { guests, address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut places = self.guests.lock();
        let left = places.get(&address).map_or(0, |n| n.saturating_sub(1));
        if left == 0 {
            places.remove(&address);
        } else {
            places.insert(address, left);
        }
    }
}

type Connection = http1::Connection<TokioIo<Steady>, Answering>;

fn connection(stream: TcpStream, router: Router) -> Connection {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "small packets may be held back");
    }
    let refused = Refused::default();
    let stream = TokioIo::new(Steady::new(stream, refused.clone()));
    let router = TowerToHyperService::new(router);
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .serve_connection(stream, Answering { router, refused })
}

/// The routes, for one connection: it is told of refusals, whose requests may not have been read.
#[derive(Debug)]
struct Answering {
    router: TowerToHyperService<Router>,
    refused: Refused,
}

impl Service<Request<Incoming>> for Answering {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (answer, refused) = (self.router.call(request), self.refused.clone());
        Box::pin(async move {
            let response = answer.await?;
            let status = response.status();
            refused.set(status.is_client_error() || status.is_server_error());
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_gets_64_connections_and_a_new_one_when_one_ends() {
        let guests = Guests::default();
        let [one, mapped, other]: [IpAddr; 3] =
            ["10.0.0.1", "::ffff:10.0.0.1", "10.0.0.2"].map(|text| text.parse().unwrap());
        let mut seats: Vec<_> = (0..MAX_PER_ADDRESS).map(|_| guests.seat(one)).collect();
        assert!(seats.iter().all(Option::is_some));
        assert!(guests.seat(one).is_none() && guests.seat(mapped).is_none());
        assert!(guests.seat(other).is_some());
        seats.pop();
        assert!(guests.seat(one).is_some());
        drop(seats);
        assert!(guests.lock().is_empty());
    }
}
