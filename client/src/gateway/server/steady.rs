//! A connection whose other end must take what it is sent: a reader that stops holds no slot for ever. And
//! one that is still sending what nobody wants any more is heard out for a moment, so that it gets its answer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// Nothing was taken for so long: the other end has stopped reading.
const STUCK: Duration = Duration::from_secs(30);
/// After a refusal the rest of a request is read away for so long at most …
const LINGER: Duration = Duration::from_secs(2);
/// … and so much of it: a system that closes with unread bytes resets the connection, and the answer is lost.
const LINGER_BYTES: usize = 8 << 20;
/// Read away at once.
const GULP: usize = 16 << 10;

/// Told by whoever answers: the last request was refused, and may not have been read to its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Refused(Arc<AtomicBool>);

impl Refused {
    pub(super) fn set(&self, refused: bool) {
        self.0.store(refused, Ordering::Relaxed);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A TCP stream with a limit on how long a write may wait, and a patient end.
#[derive(Debug)]
pub(super) struct Steady {
    stream: TcpStream,
    /// Runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
    refused: Refused,
    /// Our side is closed, and the rest of the other's is read away.
    leaving: Option<Leaving>,
}

#[derive(Debug)]
struct Leaving {
    until: Pin<Box<Sleep>>,
    left: usize,
}

impl Steady {
    pub(super) const fn new(stream: TcpStream, refused: Refused) -> Self {
        Self {
            stream,
            waiting: None,
            refused,
            leaving: None,
        }
    }

    fn watched<T>(
        &mut self,
        context: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.waiting = None;
            return result;
        }
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(STUCK)));
        let over = waiting.as_mut().poll(context);
        over.map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Reads away what still comes, until it ends or is too much.
    fn heard_out(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(leaving) = &mut self.leaving else {
            return Poll::Ready(());
        };
        let mut gulp = [0; GULP];
        while leaving.left > 0 && leaving.until.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut gulp);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            let bytes = buffer.filled().len();
            if read.is_err() || bytes == 0 {
                break;
            }
            leaving.left = leaving.left.saturating_sub(bytes);
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Steady {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Steady {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watched(context, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watched(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// Closes our side first: the other end sees that the answer is whole, and has time to read it.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.leaving.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            if !self.refused.get() {
                return Poll::Ready(Ok(()));
            }
            self.leaving = Some(Leaving {
                until: Box::pin(sleep(LINGER)),
                left: LINGER_BYTES,
            });
        }
        self.heard_out(context).map(Ok)
    }
}
