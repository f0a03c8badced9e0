//! The web page: files of one folder, and what it must know of the network.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Shared;
use crate::gateway::error::{ApiError, Code};

/// Nothing of the page is larger.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;
const CONTENT_SECURITY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self' https: http://127.0.0.1:* http://localhost:*; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
/// Files whose names hold a hash of their bytes never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// `/network.json`
pub(super) async fn network(State(shared): State<Arc<Shared>>) -> Response {
    let mut response = Json::<Value>(shared.settings.network.clone()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(ASK_AGAIN));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    response
}

/// Everything that is no route.
pub(super) async fn file(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, ApiError> {
    let path = request.uri().path().to_owned();
    let Some(folder) = shared.settings.page.clone() else {
        return Err(no_such(&path, "GET /openapi.json names all addresses"));
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(ApiError::new(
            Code::MethodNotAllowed,
            format!("{} takes GET, not {}", shown(&path), request.method()),
        ));
    }
    let relative = relative(&path);
    let found = relative.and_then(|relative| open(&folder, &relative));
    let (bytes, name) = found.ok_or_else(|| no_such(&path, "The page is at /"))?;
    Ok(reply(request.headers(), bytes, &name))
}

/// A path inside of the folder: plain names only, none hidden.
fn relative(path: &str) -> Option<PathBuf> {
    let path = path.strip_prefix('/')?;
    let path = if path.is_empty() { "index.html" } else { path };
    let mut relative = PathBuf::new();
    for part in path.split('/') {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if part.is_empty() || part.starts_with('.') || !part.chars().all(plain) {
            return None;
        }
        relative.push(part);
    }
    Some(relative)
}

/// The file, if it lies in the folder when all links are followed.
fn open(folder: &Path, relative: &Path) -> Option<(Vec<u8>, String)> {
    let root = folder.canonicalize().ok()?;
    let path = root.join(relative).canonicalize().ok()?;
    let found = std::fs::metadata(&path).ok()?;
    if !path.starts_with(&root) || !found.is_file() || found.len() > MAX_FILE_BYTES {
        return None;
    }
    let name = path.file_name()?.to_str()?.to_owned();
    Some((std::fs::read(&path).ok()?, name))
}

fn reply(asked: &HeaderMap, bytes: Vec<u8>, name: &str) -> Response {
    let tag = HEXLOWER.encode(&Sha256::digest(&bytes));
    let tag = format!("\"{}\"", tag.get(..32).unwrap_or_default());
    let same = asked
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let mut response = if same {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        bytes.into_response()
    };
    let cache = if has_hash(name) { FOR_EVER } else { ASK_AGAIN };
    let fixed: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_TYPE, content_type(name)),
        (header::CACHE_CONTROL, cache),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    let headers = response.headers_mut();
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// `index-B3xYz_81.js`: a hash of eight or more characters with a digit or a capital, before the ending.
fn has_hash(name: &str) -> bool {
    let Some((stem, _)) = name.rsplit_once('.') else {
        return false;
    };
    let hash = stem.get(stem.len().saturating_sub(8)..).unwrap_or_default();
    let before = stem.strip_suffix(hash).unwrap_or_default();
    let tells = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase();
    hash.len() == 8 && before.ends_with(['-', '.']) && hash.contains(tells)
}

fn no_such(path: &str, hint: &str) -> ApiError {
    ApiError::new(
        Code::NotFound,
        format!("there is nothing at {}. {hint}", shown(path)),
    )
}

fn shown(path: &str) -> String {
    path.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_inside_of_the_folder_are_opened() {
        assert_eq!(relative("/"), Some(PathBuf::from("index.html")));
        assert_eq!(
            relative("/assets/a-b_1.js"),
            Some(PathBuf::from("assets/a-b_1.js"))
        );
        for bad in [
            "/../x",
            "/a/../x",
            "/%2e%2e/x",
            "/.git/config",
            "//etc/passwd",
            "/a\\b",
            "/a/",
            "x",
            "/a%00",
        ] {
            assert_eq!(relative(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        for name in ["index-B3xYz_81.js", "app-12345678.css", "a.0a1b2c3d.svg"] {
            assert!(has_hash(name), "{name}");
        }
        for name in [
            "index.html",
            "favicon.svg",
            "two-colleges.css",
            "service-worker.js",
            "a-b.js",
        ] {
            assert!(!has_hash(name), "{name}");
        }
    }
}
