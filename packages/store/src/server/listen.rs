//! Accepting connections: no delayed packets, not too many at once, none that dawdles, a graceful end.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// How long the listener rests after the system refused it a connection (no file descriptors left).
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// How patient the listener is with strangers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenLimits {
    /// Connections open at once; further ones wait in the system's queue.
    pub connections: usize,
    /// A request's head must be here so long after the connection was made or the request before was
    /// answered: a head that comes byte by byte cannot hold a slot, nor can an idle connection.
    pub head: Duration,
    /// A connection on which no byte moves for so long in the middle of a request is closed.
    pub idle: Duration,
    /// At the end, requests in work get so long.
    pub grace: Duration,
}

impl Default for ListenLimits {
    fn default() -> Self {
        Self {
            connections: 512,
            head: Duration::from_secs(20),
            idle: Duration::from_secs(60),
            grace: Duration::from_secs(10),
        }
    }
}

/// Serves until `shutdown` resolves, then lets requests in work end.
///
/// # Errors
/// Never while it runs: a connection that fails is its own affair.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_with(listener, router, ListenLimits::default(), shutdown).await
}

/// The same with other limits.
///
/// # Errors
/// As [`serve`].
pub async fn serve_with(
    listener: TcpListener,
    router: Router,
    limits: ListenLimits,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let door = Door {
        listener,
        slots: Arc::new(Semaphore::new(limits.connections)),
        limits,
    };
    let ending = GracefulShutdown::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            (slot, address) = door.accept() => welcome(slot, address, &router, &limits, &ending),
            () = &mut shutdown => break,
        }
    }
    drop(door);
    tokio::time::timeout(limits.grace, ending.shutdown())
        .await
        .ok();
    Ok(())
}

/// Speaks with one client until it leaves, breaks a rule, or everything ends.
fn welcome(
    slot: Slot,
    address: SocketAddr,
    router: &Router,
    limits: &ListenLimits,
    ending: &GracefulShutdown,
) {
    let inner = TowerToHyperService::new(router.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request
            .extensions_mut()
            .insert(ConnectInfo(Caller(address)));
        inner.call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head);
    let connection = http.serve_connection(TokioIo::new(slot), service);
    let watched = ending.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = watched.await {
            tracing::debug!(%address, %error, "a connection ended early");
        }
    });
}

/// A TCP listener that sends small packets at once and bounds the number of open connections.
#[derive(Debug)]
struct Door {
    listener: TcpListener,
    slots: Arc<Semaphore>,
    limits: ListenLimits,
}

impl Door {
    /// The next connection. Safe to drop half-way: a connection not taken yet stays in the queue.
    async fn accept(&self) -> (Slot, SocketAddr) {
        let permit = Arc::clone(&self.slots).acquire_owned().await.ok();
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    stream.set_nodelay(true).ok();
                    return (Slot::new(stream, self.limits.idle, permit), address);
                }
                // One client that left at once, or a machine out of descriptors: neither ends the server.
                Err(error) => {
                    tracing::debug!(%error, "a connection could not be taken");
                    sleep(ACCEPT_AGAIN).await;
                }
            }
        }
    }
}

/// The address at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller(pub SocketAddr);

/// An open connection, which counts as long as it lives.
#[derive(Debug)]
struct Slot {
    stream: TcpStream,
    patience: Duration,
    idle: Pin<Box<Sleep>>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Slot {
    fn new(stream: TcpStream, patience: Duration, permit: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            stream,
            patience,
            idle: Box::pin(sleep(patience)),
            _permit: permit,
        }
    }

    /// Passes a result on: bytes that moved start the clock anew, none for too long is an error.
    fn watched<T>(
        &mut self,
        context: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            let now = Instant::now();
            let end = now.checked_add(self.patience).unwrap_or(now);
            self.idle.as_mut().reset(end);
            return result;
        }
        let over = self.idle.as_mut().poll(context);
        over.map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Slot {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.watched(context, result)
    }
}

impl AsyncWrite for Slot {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watched(context, result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watched(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
