//! Every "no" of the gateway: a status and one plain sentence.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::error::StoreError;

/// Never cached: what is refused now may be there in a moment.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    text: String,
    retry_after: Option<u64>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
            retry_after: None,
        }
    }

    /// Too much at once: come back after so many seconds.
    pub(super) fn later(text: impl Into<String>, seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, text)
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        let mut response = (self.status, headers, format!("{}\n", self.text)).into_response();
        if let Some(seconds) = self.retry_after {
            let value = HeaderValue::from(seconds);
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::HashDiffers { .. } => Self::new(StatusCode::BAD_REQUEST, text),
            StoreError::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, text),
            StoreError::SenderQuota { seconds, .. } => Self::later(text, seconds),
            StoreError::Full { .. } => Self::new(StatusCode::INSUFFICIENT_STORAGE, text),
            _ => {
                tracing::error!(%error, "the store failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the disk failed")
            }
        }
    }
}

impl From<antiphon_content::CidError> for Refusal {
    fn from(error: antiphon_content::CidError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.to_string())
    }
}
