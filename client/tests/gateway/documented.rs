//! The manual, the OpenAPI document and the program say the same.

use std::collections::BTreeSet;

use antiphon_client::gateway::{Code, ROUTES, document};
use serde_json::Value;

use crate::fake::FakeNet;
use crate::gate::{Gate, fine, question};

fn manual() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/gateway.md")).unwrap()
}

/// Words of the manual in backquotes that begin so, without labels.
fn named(text: &str, prefix: &str) -> BTreeSet<String> {
    let words = text.split('`').skip(1).step_by(2);
    let names = words.filter(|word| word.starts_with(prefix));
    names
        .map(|word| word.split('{').next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn every_metric_is_in_the_manual_and_the_manual_names_no_other() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start(&net, home.path()).await;
    fine(gate.chat(&question()).await).await;
    let text = gate
        .get("/metrics")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let written: BTreeSet<String> = types
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(written, named(&manual(), "antiphon_gateway_"));
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|tail| name.strip_suffix(tail));
        assert!(
            written.contains(name) || family.is_some_and(|name| written.contains(name)),
            "{line}"
        );
        let value = line.rsplit(' ').next().unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
}

#[test]
fn every_failure_is_in_the_manual_with_its_status() {
    let manual = manual();
    for code in Code::ALL {
        let row = format!("| {} | `{}` |", code.status().as_u16(), code.name());
        assert!(manual.contains(&row), "{row}");
    }
}

#[test]
fn every_route_and_every_failure_is_in_the_openapi_document() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    let written: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
    assert_eq!(written, ROUTES.into_iter().collect());
    let manual = manual();
    for route in ROUTES {
        assert!(manual.contains(route), "{route}");
    }
    let text = document["paths"].to_string();
    for code in Code::ALL {
        assert!(
            text.contains(&format!("`{}`", code.name())),
            "{}",
            code.name()
        );
    }
}

#[test]
fn every_reference_of_the_openapi_document_leads_somewhere() {
    let document = document();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(["get", "post"].contains(&method.as_str()), "{path}");
            assert!(
                operation["responses"]["200"]["description"].is_string(),
                "{path}"
            );
        }
    }
}

fn collect(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "$ref" => into.push(text.clone()),
                    other => collect(other, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        _ => {}
    }
}

#[tokio::test]
async fn every_route_of_the_document_is_really_served() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start(&net, home.path()).await;
    for route in ROUTES {
        let path = route.replace("{id}", "1");
        let body = gate.get(&path).send().await.unwrap().text().await.unwrap();
        assert!(!body.contains("\"not_found\""), "{route}: {body}");
    }
    let served: Value = gate
        .get("/openapi.json")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(served, document());
}
