//! The page's files.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::fake::FakeNet;
use crate::gate::{Gate, refused};

fn build(folder: &Path) {
    std::fs::create_dir_all(folder.join("dist/assets")).unwrap();
    std::fs::create_dir_all(folder.join("dist/.git")).unwrap();
    let files: [(&str, &[u8]); 6] = [
        ("dist/index.html", b"<!doctype html>"),
        ("dist/assets/index-B3xYz_81.js", b"1"),
        ("dist/icon.svg", b"<svg/>"),
        ("dist/odd.bin", &[0, 159]),
        ("dist/.git/config", b"secret"),
        ("secret.txt", b"secret"),
    ];
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    std::os::unix::fs::symlink(folder.join("secret.txt"), folder.join("dist/link.txt")).unwrap();
}

async fn gate() -> (tempfile::TempDir, Gate) {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    build(home.path());
    let gate = Gate::start_with(
        Arc::clone(&net) as _,
        &home.path().join("home"),
        |mut settings| {
            settings.page = Some(home.path().join("dist"));
            settings.network = json!({ "chain_id": "antiphon-fake-1" });
            settings
        },
    )
    .await;
    (home, gate)
}

#[tokio::test]
async fn files_have_their_types_their_caching_and_a_strict_policy() {
    let (_home, gate) = gate().await;
    let cases = [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/index.html", "text/html; charset=utf-8", "no-cache"),
        (
            "/assets/index-B3xYz_81.js",
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
        ("/icon.svg", "image/svg+xml", "no-cache"),
        ("/odd.bin", "application/octet-stream", "no-cache"),
    ];
    for (path, kind, cache) in cases {
        let response = gate.get(path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let headers = response.headers();
        assert_eq!(headers["content-type"], kind, "{path}");
        assert_eq!(headers["cache-control"], cache, "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

#[tokio::test]
async fn a_file_that_did_not_change_is_not_sent_again() {
    let (_home, gate) = gate().await;
    let tag = gate.get("/").send().await.unwrap().headers()["etag"].clone();
    let again = gate
        .get("/")
        .header("if-none-match", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    assert!(again.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn nothing_outside_of_the_folder_and_nothing_hidden_is_served() {
    let (_home, gate) = gate().await;
    for path in [
        "/secret.txt",
        "/.git/config",
        "/link.txt",
        "/assets",
        "/nothing.js",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
    ] {
        refused(gate.get(path).send().await.unwrap(), 404, "not_found").await;
    }
    // A client that does not tidy up its paths.
    for path in ["/../secret.txt", "/assets/../../secret.txt", "//etc/passwd"] {
        let mut socket = tokio::net::TcpStream::connect(gate.url.trim_start_matches("http://"))
            .await
            .unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn without_a_page_there_is_a_hint_and_the_network_is_told_all_the_same() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let bare = Gate::start(&net, home.path()).await;
    refused(bare.get("/").send().await.unwrap(), 404, "not_found").await;
    let (_home, gate) = gate().await;
    let network: Value = gate
        .get("/network.json")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(network["chain_id"], "antiphon-fake-1");
}
