//! `/openapi.json`: OpenAPI 3.1, made from the types and the table of failures.

use axum::Json;
use schemars::r#gen::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use crate::gateway::error::Code;
use crate::gateway::wire::{
    ChatChunk, ChatReply, ChatRequest, CompletionChunk, CompletionReply, CompletionRequest,
    ErrorReply, HealthReply, ModelList, ModelObject, ReadyReply,
};

pub(super) async fn show() -> Json<Value> {
    Json(document())
}

/// The whole document.
#[must_use]
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let paths = paths(&mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Antiphon gateway",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": "OpenAI's chat and completion interface, answered by committees of independent workers in bit-identical unison.",
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{ "url": "/" }],
        "security": [{}, { "apiKey": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas.finish(),
            "securitySchemes": { "apiKey": {
                "type": "http", "scheme": "bearer",
                "description": "Wanted if the gateway has API keys: `ak-…`, made with `antiphon gateway keys new`.",
            }},
        },
    })
}

/// Every failure a request for an answer can meet.
const ASKING: &[Code] = &[
    Code::InvalidJson,
    Code::InvalidRequest,
    Code::ContextLengthExceeded,
    Code::InvalidPrompt,
    Code::InvalidApiKey,
    Code::InsufficientFunds,
    Code::OriginNotAllowed,
    Code::ModelNotFound,
    Code::MethodNotAllowed,
    Code::RequestTimeout,
    Code::RequestTooLarge,
    Code::NoQuorum,
    Code::RateLimit,
    Code::InternalError,
    Code::ContentUnavailable,
    Code::ChainRefused,
    Code::NoWorkers,
    Code::NodeDown,
    Code::Overloaded,
    Code::TaskPending,
];

fn paths(schemas: &mut Schemas) -> Value {
    let chat = Operation {
        summary: "Answers a conversation",
        reply: schemas.of::<ChatReply>("ChatReply"),
        stream: Some(schemas.of::<ChatChunk>("ChatChunk")),
        body: Some(schemas.of::<ChatRequest>("ChatRequest")),
        failures: ASKING,
        parameter: None,
    };
    let completion = Operation {
        summary: "Answers a text, as one message of the user",
        reply: schemas.of::<CompletionReply>("CompletionReply"),
        stream: Some(schemas.of::<CompletionChunk>("CompletionChunk")),
        body: Some(schemas.of::<CompletionRequest>("CompletionRequest")),
        failures: ASKING,
        parameter: None,
    };
    json!({
        "/v1/chat/completions": { "post": chat.show() },
        "/v1/completions": { "post": completion.show() },
        "/v1/models": { "get": reads("Models that take questions", schemas.of::<ModelList>("ModelList"), None, &[Code::NodeDown, Code::ChainRefused]) },
        "/v1/models/{id}": { "get": reads("One model", schemas.of::<ModelObject>("ModelObject"), Some("A model's name, number or manifest CID"), &[Code::ModelNotFound, Code::NodeDown, Code::ChainRefused]) },
        "/v1/receipts/{id}": { "get": reads("How an answer was agreed on: the document that `antiphon verify` checks offline", json!({ "type": "object" }), Some("A task's number, or the `id` of a reply"), &[Code::ReceiptNotFound, Code::ReceiptPending, Code::ContentUnavailable, Code::NodeDown, Code::InternalError]) },
        "/healthz": { "get": reads("Whether the process answers", schemas.of::<HealthReply>("HealthReply"), None, &[]) },
        "/readyz": { "get": ready(schemas) },
        "/metrics": { "get": plain("What it did, as Prometheus text") },
        "/openapi.json": { "get": reads("This document", json!({ "type": "object" }), None, &[]) },
        "/network.json": { "get": reads("What a page must know of the network", json!({ "type": "object" }), None, &[Code::NotFound]) },
    })
}

fn reads(
    summary: &'static str,
    reply: Value,
    parameter: Option<&'static str>,
    failures: &[Code],
) -> Value {
    let operation = Operation {
        summary,
        reply,
        stream: None,
        body: None,
        failures,
        parameter,
    };
    operation.show()
}

fn ready(schemas: &mut Schemas) -> Value {
    let reply = schemas.of::<ReadyReply>("ReadyReply");
    let mut shown = reads(
        "Whether questions can be answered now",
        reply.clone(),
        None,
        &[],
    );
    shown["responses"]["503"] = json!({
        "description": "Not now, for these reasons.",
        "content": { "application/json": { "schema": reply } },
    });
    shown
}

fn plain(summary: &str) -> Value {
    json!({
        "summary": summary,
        "responses": { "200": {
            "description": "It.",
            "content": { "text/plain": { "schema": { "type": "string" } } },
        }},
    })
}

struct Operation<'o> {
    summary: &'static str,
    reply: Value,
    stream: Option<Value>,
    body: Option<Value>,
    failures: &'o [Code],
    parameter: Option<&'static str>,
}

impl Operation<'_> {
    fn show(&self) -> Value {
        let mut content = json!({ "application/json": { "schema": self.reply } });
        if let Some(chunk) = &self.stream {
            content["text/event-stream"] = json!({ "schema": {
                "description": "Each `data:` line is one of these, then `[DONE]`; lines that begin with a colon are progress.",
                "allOf": [chunk],
            }});
        }
        let mut responses = failures(self.failures);
        responses.insert(
            "200".to_owned(),
            json!({ "description": "Done.", "content": content }),
        );
        let mut shown = json!({ "summary": self.summary, "responses": responses });
        if let Some(body) = &self.body {
            shown["requestBody"] = json!({
                "required": true,
                "content": { "application/json": { "schema": body } },
            });
        }
        if let Some(text) = self.parameter {
            shown["parameters"] = json!([{
                "name": "id", "in": "path", "required": true, "description": text, "schema": { "type": "string" },
            }]);
        }
        shown
    }
}

/// Failures by status: several codes share one.
fn failures(codes: &[Code]) -> Map<String, Value> {
    let mut by_status: Map<String, Value> = Map::new();
    for code in codes {
        let status = code.status().as_u16().to_string();
        let entry = by_status.entry(status).or_insert_with(|| {
            json!({
                "description": "",
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/ErrorReply" } } },
            })
        });
        let before = entry["description"].as_str().unwrap_or_default();
        let joined = if before.is_empty() {
            format!("`{}`", code.name())
        } else {
            format!("{before}, `{}`", code.name())
        };
        entry["description"] = Value::String(joined);
    }
    by_status
}

/// Schemas of the types, each under its name.
struct Schemas(SchemaGenerator);

impl Schemas {
    fn new() -> Self {
        let settings = SchemaSettings::draft2019_09().with(|settings| {
            settings.definitions_path = "#/components/schemas/".to_owned();
            settings.meta_schema = None;
        });
        let mut generator = settings.into_generator();
        generator.subschema_for::<ErrorReply>();
        Self(generator)
    }

    fn of<T: schemars::JsonSchema>(&mut self, name: &str) -> Value {
        self.0.subschema_for::<T>();
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    fn finish(self) -> Value {
        serde_json::to_value(self.0.definitions()).unwrap_or_default()
    }
}
