//! Server-sent events: comments while the committee votes, the whole text after the quorum.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Instant;

use super::Settings;
use super::chat::{crashed, proven};
use super::reply::Reply;
use crate::gateway::answers::Progress;
use crate::gateway::desk::{Flight, FlightState};
use crate::gateway::error::ApiError;
use crate::gateway::failure::Failure;

/// Events on their way to a slow reader.
const QUEUE: usize = 32;

/// The reader has gone away.
struct Gone;

/// Begins the stream. The task goes on when the reader goes away.
pub(super) fn respond(
    settings: &Settings,
    reply: Reply,
    flight: Flight,
    permit: OwnedSemaphorePermit,
) -> Response {
    let (sender, receiver) = mpsc::channel::<Result<Bytes, Infallible>>(QUEUE);
    let begun = flight.borrow().clone();
    let writer = Writer {
        sender,
        keep_alive: settings.keep_alive,
        patience: settings.stream_patience,
    };
    tokio::spawn(async move {
        if writer.write(&reply, flight).await.is_err() {
            tracing::debug!("the reader of a stream has gone away");
        }
        drop(permit);
    });
    let events = futures_util::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|event| (event, receiver))
    });
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    let fixed = [
        (
            header::CONTENT_TYPE.as_str(),
            "text/event-stream; charset=utf-8",
        ),
        (header::CACHE_CONTROL.as_str(), "no-cache"),
        // Proxies of the nginx kind would hold the comments back.
        ("x-accel-buffering", "no"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(Ok(answered)) = &begun.done {
        proven(headers, answered);
    } else if let Some(task) = begun.task {
        headers.insert("x-antiphon-task", HeaderValue::from(task));
    }
    response
}

struct Writer {
    sender: mpsc::Sender<Result<Bytes, Infallible>>,
    keep_alive: Duration,
    patience: Duration,
}

impl Writer {
    async fn write(&self, reply: &Reply, mut flight: Flight) -> Result<(), Gone> {
        let now = Instant::now();
        let end = now.checked_add(self.patience).unwrap_or(now);
        let mut told = None;
        loop {
            let state = flight.borrow_and_update().clone();
            if state.progress != told {
                told = state.progress;
                self.send(comment(&state)).await?;
            }
            if let Some(done) = state.done {
                return match done {
                    Ok(answered) => self.text(reply.chunks(&answered)).await,
                    Err(failure) => self.error(&ApiError::from(&*failure)).await,
                };
            }
            if Instant::now() >= end {
                let task = state.task;
                return self.error(&Failure::Pending { task }.into()).await;
            }
            match tokio::time::timeout(self.keep_alive, flight.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) if flight.borrow().done.is_some() => {}
                Ok(Err(_)) => return self.error(&crashed()).await,
                Err(_) => self.send(comment(&state)).await?,
            }
        }
    }

    async fn text(&self, chunks: Vec<Result<String, serde_json::Error>>) -> Result<(), Gone> {
        for chunk in chunks {
            match chunk {
                Ok(json) => self.send(format!("data: {json}\n\n")).await?,
                Err(_) => return self.error(&crashed()).await,
            }
        }
        self.send("data: [DONE]\n\n".to_owned()).await
    }

    async fn error(&self, error: &ApiError) -> Result<(), Gone> {
        let json = serde_json::to_string(&error.body()).unwrap_or_default();
        self.send(format!("data: {json}\n\n")).await
    }

    async fn send(&self, event: String) -> Result<(), Gone> {
        self.sender.send(Ok(event.into())).await.map_err(|_| Gone)
    }
}

/// A line that clients skip: it keeps the connection, and people see how far the vote is.
fn comment(state: &FlightState) -> String {
    let how_far = match state.progress {
        None => "waiting".to_owned(),
        Some(Progress::Posted) => "posted".to_owned(),
        Some(Progress::Drawn) => "drawn".to_owned(),
        Some(Progress::Committed(n, of)) => format!("committed {n}/{of}"),
        Some(Progress::Revealed(n, of)) => format!("revealed {n}/{of}"),
    };
    format!(": {how_far}\n\n")
}
