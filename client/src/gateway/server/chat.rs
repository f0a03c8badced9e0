//! `POST /v1/chat/completions` and `/v1/completions`.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use super::reply::{Reply, Shape};
use super::{Shared, models, stream};
use crate::gateway::answers::{Answered, ModelInfo, Question, QuestionKey};
use crate::gateway::desk::{Flight, FlightState};
use crate::gateway::error::{ApiError, Code};
use crate::gateway::failure::Failure;
use crate::gateway::keys::Caller;
use crate::gateway::request::{Asked, too_long};

/// Largest body of a request, in bytes. The largest document is 16 KiB.
const MAX_BODY: usize = 1024 * 1024;
/// A body must be here in this time.
const BODY_TIME: Duration = Duration::from_secs(30);

pub(super) async fn chat(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, ApiError> {
    let (caller, body) = enter(&shared, request).await?;
    answer(&shared, caller, Asked::chat(&body)?, Shape::Chat).await
}

pub(super) async fn completion(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, ApiError> {
    let (caller, body) = enter(&shared, request).await?;
    answer(
        &shared,
        caller,
        Asked::completion(&body)?,
        Shape::Completion,
    )
    .await
}

/// Who asks, and the whole body.
async fn enter(shared: &Shared, request: Request) -> Result<(Caller, Bytes), ApiError> {
    let authorization = request.headers().get(header::AUTHORIZATION);
    let authorization = authorization.and_then(|value| value.to_str().ok());
    let caller = shared.doorman.admit(authorization)?;
    let body = read_body(request.headers().clone(), request.into_body()).await?;
    Ok((caller, body))
}

async fn read_body(headers: HeaderMap, body: Body) -> Result<Bytes, ApiError> {
    let large = || {
        ApiError::new(
            Code::RequestTooLarge,
            format!(
                "the body is larger than {MAX_BODY} bytes. A conversation of 16 KiB is the longest that can be answered"
            ),
        )
    };
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MAX_BODY) {
        return Err(large());
    }
    match tokio::time::timeout(BODY_TIME, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_length(&error) => Err(large()),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a body broke off");
            Err(ApiError::new(
                Code::InvalidRequest,
                "the body broke off before its end. Send it again",
            ))
        }
        Err(_) => Err(ApiError::new(
            Code::RequestTimeout,
            format!(
                "the body was not here within {} s. Send it again",
                BODY_TIME.as_secs()
            ),
        )),
    }
}

/// Whether a body was refused for its length alone.
fn is_length(error: &axum::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

async fn answer(
    shared: &Arc<Shared>,
    caller: Caller,
    asked: Asked,
    shape: Shape,
) -> Result<Response, ApiError> {
    let permit = Arc::clone(&shared.work).try_acquire_owned();
    let permit = permit.map_err(|_| ApiError::from(Failure::Overloaded))?;
    let model = models::find(shared, asked.model.as_deref()).await?;
    let question = question(shared, &caller, &asked, &model)?;
    let reply = Reply {
        shape,
        chain: shared.answers.facts().chain_id.clone(),
        model: model.id.clone(),
        manifest: model.manifest,
        include_usage: asked.include_usage,
    };
    let mut flight = shared.desk.ask(question, caller.charge)?;
    let state = wait(&mut flight, shared.settings.patience, asked.stream).await?;
    let mut response = match state.done {
        Some(Ok(answered)) if !asked.stream => whole(&reply, &answered),
        Some(Err(failure)) => return Err(ApiError::from(&*failure)),
        _ => stream::respond(&shared.settings, reply, flight, permit),
    };
    ignored(&asked.ignored, response.headers_mut());
    Ok(response)
}

fn question(
    shared: &Shared,
    caller: &Caller,
    asked: &Asked,
    model: &ModelInfo,
) -> Result<Question, ApiError> {
    let prompt = asked.prompt(model.limits.max_output_tokens)?;
    let bytes = prompt.to_canonical().len();
    let most = usize::try_from(model.limits.max_prompt_bytes).unwrap_or(usize::MAX);
    if bytes > most {
        return Err(too_long(bytes, most));
    }
    if let Some(counter) = &shared.counter {
        counter.check(model, &prompt)?;
    }
    let account = caller.granter.as_ref();
    Ok(Question {
        key: QuestionKey {
            account: account.unwrap_or(&shared.answers.facts().account).clone(),
            model: model.number,
            prompt: prompt.cid(),
            committee: asked.committee.or(shared.settings.committee),
        },
        prompt,
        granter: caller.granter.clone(),
    })
}

/// The end of the flight; for a stream its task is enough, so that whatever is refused before anything
/// is paid has a status of its own.
async fn wait(
    flight: &mut Flight,
    patience: Duration,
    stream: bool,
) -> Result<FlightState, ApiError> {
    let far = |state: &FlightState| state.done.is_some() || stream && state.task.is_some();
    let waited = tokio::time::timeout(patience, async {
        flight.wait_for(far).await.map(|state| state.clone())
    })
    .await;
    match waited {
        Ok(state) => state.map_err(|_| crashed()),
        Err(_) => {
            let task = flight.borrow().task;
            Err(Failure::Pending { task }.into())
        }
    }
}

pub(super) fn crashed() -> ApiError {
    Failure::Internal("the question was dropped".to_owned()).into()
}

fn whole(reply: &Reply, answered: &Answered) -> Response {
    let mut response = match reply.shape {
        Shape::Chat => Json(reply.chat(answered)).into_response(),
        Shape::Completion => Json(reply.completion(answered)).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    proven(headers, answered);
    response
}

/// The task and the answer's block, for clients that keep headers only.
pub(super) fn proven(headers: &mut HeaderMap, answered: &Answered) {
    headers.insert("x-antiphon-task", HeaderValue::from(answered.task));
    if let Ok(cid) = HeaderValue::from_str(&answered.answer.to_string()) {
        headers.insert("x-antiphon-answer", cid);
    }
}

/// Fields that mean nothing here, by name.
fn ignored(names: &[String], headers: &mut HeaderMap) {
    if names.is_empty() {
        return;
    }
    if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
        headers.insert("x-antiphon-ignored", value);
    }
}
