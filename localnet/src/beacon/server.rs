//! The beacon's HTTP paths, as drand nodes serve them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;

use super::Beacon;
use crate::error::{Doing, Result};

/// Now, in Unix seconds: a parameter so that tests can choose it.
type Clock = fn() -> u64;

#[derive(Clone)]
struct Site {
    beacon: Arc<Beacon>,
    hash: Arc<str>,
    clock: Clock,
}

/// Serves until the process ends.
///
/// # Errors
/// The socket fails.
pub async fn serve(beacon: Beacon, listener: TcpListener) -> Result<()> {
    axum::serve(listener, router(beacon, now))
        .await
        .doing(|| "serve the beacon".to_owned())
}

fn now() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}

fn router(beacon: Beacon, clock: Clock) -> Router {
    let hash = beacon.info().hash.into();
    let site = Site {
        beacon: Arc::new(beacon),
        hash,
        clock,
    };
    Router::new()
        .route("/info", get(info))
        .route("/public/latest", get(latest))
        .route("/public/{round}", get(round))
        .route("/{hash}/info", get(info_of))
        .route("/{hash}/public/latest", get(latest_of))
        .route("/{hash}/public/{round}", get(round_of))
        .with_state(site)
}

async fn info(State(site): State<Site>) -> Response {
    Json(site.beacon.info()).into_response()
}

async fn latest(State(site): State<Site>) -> Response {
    match site.beacon.latest((site.clock)()) {
        Some(round) => Json(site.beacon.round(round)).into_response(),
        None => missing(),
    }
}

async fn round(State(site): State<Site>, Path(round): Path<u64>) -> Response {
    site.published(round)
}

async fn info_of(State(site): State<Site>, Path(hash): Path<String>) -> Response {
    if site.is(&hash) {
        info(State(site)).await
    } else {
        missing()
    }
}

async fn latest_of(State(site): State<Site>, Path(hash): Path<String>) -> Response {
    if site.is(&hash) {
        latest(State(site)).await
    } else {
        missing()
    }
}

async fn round_of(State(site): State<Site>, Path((hash, round)): Path<(String, u64)>) -> Response {
    if site.is(&hash) {
        site.published(round)
    } else {
        missing()
    }
}

impl Site {
    fn is(&self, hash: &str) -> bool {
        hash == &*self.hash
    }

    /// A round that is out; a future one does not exist, however well it could be computed.
    fn published(&self, round: u64) -> Response {
        let latest = self.beacon.latest((self.clock)());
        if round == 0 || latest.is_none_or(|latest| round > latest) {
            return missing();
        }
        Json(self.beacon.round(round)).into_response()
    }
}

fn missing() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

#[cfg(test)]
mod tests {
    use super::super::{Info, Round};
    use super::*;

    /// Serves a beacon of genesis 1,000 at time 1,009: round 10 is the latest.
    async fn url() -> (String, Info) {
        let beacon = Beacon::from_seed(&[7; 32], 1_000).unwrap();
        let info = beacon.info();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, router(beacon, || 1_009)).into_future());
        (format!("http://{address}"), info)
    }

    async fn get(url: &str) -> std::result::Result<Round, StatusCode> {
        let response = reqwest::get(url).await.unwrap();
        let status = response.status();
        if status.is_success() {
            Ok(response.json().await.unwrap())
        } else {
            Err(status)
        }
    }

    #[tokio::test]
    async fn the_paths_of_drand_answer_with_and_without_the_chain_hash() {
        let (url, info) = url().await;
        let hash = &info.hash;
        let got: Info = reqwest::get(format!("{url}/{hash}/info"))
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(got, info);
        let want = get(&format!("{url}/{hash}/public/10")).await.unwrap();
        assert_eq!(want.round, 10);
        for path in [
            "public/10",
            "public/latest",
            &format!("{hash}/public/latest"),
        ] {
            assert_eq!(get(&format!("{url}/{path}")).await.unwrap(), want, "{path}");
        }
    }

    #[tokio::test]
    async fn a_future_round_and_round_zero_do_not_exist() {
        let (url, info) = url().await;
        for round in [0, 11, u64::MAX] {
            let path = format!("{url}/{}/public/{round}", info.hash);
            assert_eq!(get(&path).await, Err(StatusCode::NOT_FOUND));
        }
    }

    #[tokio::test]
    async fn another_beacons_hash_is_not_served() {
        let (url, _) = url().await;
        let other = "0".repeat(64);
        assert_eq!(
            get(&format!("{url}/{other}/public/1")).await,
            Err(StatusCode::NOT_FOUND)
        );
    }
}
