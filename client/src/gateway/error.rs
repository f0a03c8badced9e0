//! Every "no" of the gateway: a status, a stable code, one plain sentence.

use antiphon_api::Ballot;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::failure::{BallotVotes, Failure};
use super::wire::{BallotLine, ErrorBody, ErrorReply};

/// The stable names of all failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// The body is not JSON.
    InvalidJson,
    /// A field is wrong.
    InvalidRequest,
    /// The conversation is longer than the model takes.
    ContextLengthExceeded,
    /// The committee says the prompt is not valid.
    InvalidPrompt,
    /// No API key, or an unknown one.
    InvalidApiKey,
    /// The payer cannot pay.
    InsufficientFunds,
    /// A page of this origin may not spend.
    OriginNotAllowed,
    /// No such address.
    NotFound,
    /// No such model.
    ModelNotFound,
    /// No such receipt.
    ReceiptNotFound,
    /// The task is not at its end.
    ReceiptPending,
    /// Another method is wanted.
    MethodNotAllowed,
    /// The body took too long.
    RequestTimeout,
    /// The body is too large.
    RequestTooLarge,
    /// The committee did not agree.
    NoQuorum,
    /// Too many requests of one API key.
    RateLimit,
    /// Our own disk or logic.
    InternalError,
    /// An answer stands and its text is not to be had, or was forged.
    ContentUnavailable,
    /// The chain refused.
    ChainRefused,
    /// Too few workers.
    NoWorkers,
    /// No chain node answers.
    NodeDown,
    /// Too much to do.
    Overloaded,
    /// The answer takes longer than the gateway waits.
    TaskPending,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::InvalidJson,
        Self::InvalidRequest,
        Self::ContextLengthExceeded,
        Self::InvalidPrompt,
        Self::InvalidApiKey,
        Self::InsufficientFunds,
        Self::OriginNotAllowed,
        Self::NotFound,
        Self::ModelNotFound,
        Self::ReceiptNotFound,
        Self::ReceiptPending,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::RequestTooLarge,
        Self::NoQuorum,
        Self::RateLimit,
        Self::InternalError,
        Self::ContentUnavailable,
        Self::ChainRefused,
        Self::NoWorkers,
        Self::NodeDown,
        Self::Overloaded,
        Self::TaskPending,
    ];

    /// Its status, name and class.
    const fn row(self) -> (u16, &'static str, &'static str) {
        const REQUEST: &str = "invalid_request_error";
        const SERVER: &str = "server_error";
        match self {
            Self::InvalidJson => (400, "invalid_json", REQUEST),
            Self::InvalidRequest => (400, "invalid_request", REQUEST),
            Self::ContextLengthExceeded => (400, "context_length_exceeded", REQUEST),
            Self::InvalidPrompt => (400, "invalid_prompt", REQUEST),
            Self::InvalidApiKey => (401, "invalid_api_key", "authentication_error"),
            Self::InsufficientFunds => (402, "insufficient_funds", "billing_error"),
            Self::OriginNotAllowed => (403, "origin_not_allowed", "permission_error"),
            Self::NotFound => (404, "not_found", REQUEST),
            Self::ModelNotFound => (404, "model_not_found", REQUEST),
            Self::ReceiptNotFound => (404, "receipt_not_found", REQUEST),
            Self::ReceiptPending => (404, "receipt_pending", REQUEST),
            Self::MethodNotAllowed => (405, "method_not_allowed", REQUEST),
            Self::RequestTimeout => (408, "request_timeout", REQUEST),
            Self::RequestTooLarge => (413, "request_too_large", REQUEST),
            Self::NoQuorum => (422, "no_quorum", "consensus_error"),
            Self::RateLimit => (429, "rate_limit", "rate_limit_error"),
            Self::InternalError => (500, "internal_error", SERVER),
            Self::ContentUnavailable => (502, "content_unavailable", SERVER),
            Self::ChainRefused => (502, "chain_refused", SERVER),
            Self::NoWorkers => (503, "no_workers", SERVER),
            Self::NodeDown => (503, "node_down", SERVER),
            Self::Overloaded => (503, "overloaded", SERVER),
            Self::TaskPending => (504, "task_pending", SERVER),
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Its name in `error.code`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().1
    }

    const fn kind(self) -> &'static str {
        self.row().2
    }

    /// Seconds after which trying again can help.
    const fn retry_after(self) -> Option<u32> {
        match self {
            Self::NoWorkers | Self::NodeDown | Self::ContentUnavailable => Some(5),
            Self::Overloaded | Self::TaskPending => Some(1),
            Self::ReceiptPending => Some(3),
            _ => None,
        }
    }

    /// Whether OpenAI's clients, which look at the status alone, must be told otherwise.
    const fn should_retry(self) -> Option<bool> {
        match self {
            Self::TaskPending => Some(true),
            Self::InternalError | Self::ChainRefused | Self::RequestTimeout => Some(false),
            _ => None,
        }
    }
}

/// A failure on its way to a program.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// Which.
    pub code: Code,
    /// What to do.
    pub message: String,
    /// The field that is wrong.
    pub param: Option<String>,
    /// Seconds after which trying again can help.
    pub retry_after: Option<u32>,
    task: Option<u64>,
    ballots: Option<Vec<BallotLine>>,
}

impl ApiError {
    /// A failure with its sentence.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            param: None,
            retry_after: code.retry_after(),
            task: None,
            ballots: None,
        }
    }

    /// A wrong field.
    #[must_use]
    pub fn field(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Code::InvalidRequest, message).about(param)
    }

    /// The same, about this field.
    #[must_use]
    pub fn about(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// Too many requests: come back in so many seconds.
    #[must_use]
    pub fn too_many(message: impl Into<String>, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds.max(1)),
            ..Self::new(Code::RateLimit, message)
        }
    }

    /// The body of the reply, and of an error event in a stream.
    #[must_use]
    pub fn body(&self) -> ErrorReply {
        ErrorReply {
            error: ErrorBody {
                message: self.message.clone(),
                kind: self.code.kind(),
                code: self.code.name(),
                param: self.param.clone(),
                task: self.task,
                ballots: self.ballots.clone(),
            },
        }
    }
}

impl From<&Failure> for ApiError {
    fn from(failure: &Failure) -> Self {
        let code = match failure {
            Failure::NoQuorum { .. } => Code::NoQuorum,
            Failure::Invalid { .. } => Code::InvalidPrompt,
            Failure::PromptGone { .. } | Failure::TextGone { .. } | Failure::TextForged { .. } => {
                Code::ContentUnavailable
            }
            Failure::Funds(_) => Code::InsufficientFunds,
            Failure::Request { .. } => Code::InvalidRequest,
            Failure::NoTask { .. } | Failure::NoReceipt { .. } => Code::ReceiptNotFound,
            Failure::NoReceiptYet { .. } => Code::ReceiptPending,
            Failure::NoWorkers(_) => Code::NoWorkers,
            Failure::NodeDown => Code::NodeDown,
            Failure::Refused(_) => Code::ChainRefused,
            Failure::Pending { .. } => Code::TaskPending,
            Failure::Overloaded => Code::Overloaded,
            Failure::Internal(_) => Code::InternalError,
        };
        let mut error = Self::new(code, failure.to_string());
        error.task = failure.task();
        if let Failure::NoQuorum { ballots, .. } = failure {
            error.ballots = Some(ballots.iter().map(line).collect());
        }
        if let Failure::Request { param, .. } = failure {
            error.param = param.map(str::to_owned);
        }
        error
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        Self::from(&failure)
    }
}

fn line(votes: &BallotVotes) -> BallotLine {
    let (ballot, cid) = match &votes.ballot {
        Ballot::Answer { cid, .. } => ("answer", Some(cid.to_string())),
        Ballot::Unavailable {} => ("unavailable", None),
        Ballot::Invalid {} => ("invalid", None),
    };
    BallotLine {
        ballot,
        cid,
        votes: votes.votes,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.code.status(), Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(retry) = self.code.should_retry() {
            let word = if retry { "true" } else { "false" };
            headers.insert("x-should-retry", HeaderValue::from_static(word));
        }
        if self.code == Code::InvalidApiKey {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(task) = self.task {
            headers.insert("x-antiphon-task", HeaderValue::from(task));
        }
        response
    }
}
