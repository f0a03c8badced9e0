//! A gateway that listens, and can be killed like a process: everything it runs ends at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use antiphon_client::gateway::{
    Answers, Doorman, Journal, Settings, Shared, TokenCounter, router, serve,
};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::fake::FakeNet;

pub(crate) struct Gate {
    pub(crate) url: String,
    pub(crate) client: Client,
    pub(crate) home: PathBuf,
    runtime: Option<Runtime>,
    stop: Option<oneshot::Sender<()>>,
}

impl Gate {
    /// With defaults that suit a test.
    pub(crate) async fn start(net: &Arc<FakeNet>, home: &Path) -> Self {
        Self::start_with(Arc::clone(net) as Arc<dyn Answers>, home, |settings| {
            settings
        })
        .await
    }

    pub(crate) async fn start_with(
        net: Arc<dyn Answers>,
        home: &Path,
        change: impl FnOnce(Settings) -> Settings,
    ) -> Self {
        let mut settings = Settings::new(home.to_owned());
        settings.patience = Duration::from_secs(10);
        settings.poll = Duration::from_millis(10);
        Self::start_counting(net, change(settings), None).await
    }

    pub(crate) async fn start_counting(
        net: Arc<dyn Answers>,
        settings: Settings,
        counter: Option<TokenCounter>,
    ) -> Self {
        let home = settings.home.clone();
        let journal = open_journal(&home, &*net).await;
        let doorman = Doorman::new(&home).unwrap();
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (ready, is_ready) = oneshot::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        runtime.spawn(async move {
            let shared = Shared::new(settings, net, Arc::new(journal), doorman, counter);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            ready.send(listener.local_addr().unwrap()).unwrap();
            tokio::spawn(Arc::clone(&shared).run_in_background());
            let asked = async move { drop(stopped.await) };
            serve(listener, router(shared), asked).await.unwrap();
        });
        let url = format!("http://{}", is_ready.await.unwrap());
        Self {
            url,
            client: Client::new(),
            home,
            runtime: Some(runtime),
            stop: Some(stop),
        }
    }

    /// As by `kill -9`.
    pub(crate) async fn kill(mut self) {
        let runtime = self.runtime.take();
        let end = move || runtime.unwrap().shutdown_timeout(Duration::from_secs(5));
        tokio::task::spawn_blocking(end).await.unwrap();
    }

    /// As by SIGTERM.
    pub(crate) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url))
    }

    pub(crate) async fn chat(&self, body: &Value) -> Response {
        let asked = self.post("/v1/chat/completions").json(body);
        asked.send().await.unwrap()
    }

    pub(crate) async fn chat_with(&self, key: &str, body: &Value) -> Response {
        let asked = self.post("/v1/chat/completions").bearer_auth(key);
        asked.json(body).send().await.unwrap()
    }

    /// Waits until the metrics hold this line.
    pub(crate) async fn until_metric(&self, line: &str) {
        for _ in 0..500 {
            let text = self.get("/metrics").send().await.unwrap();
            if text.text().await.unwrap().lines().any(|one| one == line) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the metrics never held {line}");
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The system lets go of a killed gateway's home in a moment.
async fn open_journal(home: &Path, net: &dyn Answers) -> Journal {
    for _ in 0..200 {
        match Journal::open(home, net.facts()) {
            Ok(journal) => return journal,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    Journal::open(home, net.facts()).unwrap()
}

pub(crate) fn question() -> Value {
    json!({ "model": "SmolLM2-135M", "messages": [{ "role": "user", "content": "Why is the sky blue?" }] })
}

pub(crate) fn asking(content: &str) -> Value {
    json!({ "model": "SmolLM2-135M", "messages": [{ "role": "user", "content": content }] })
}

/// The reply of a request that must succeed.
pub(crate) async fn fine(response: Response) -> Value {
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert_eq!(status, StatusCode::OK, "{body}");
    body
}

/// The `error` of a request that must fail so.
pub(crate) async fn refused(response: Response, status: u16, code: &str) -> Value {
    let got = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert_eq!(
        (got, body["error"]["code"].as_str()),
        (status, Some(code)),
        "{body}"
    );
    let error = body["error"].clone();
    for field in ["message", "type"] {
        assert!(!error[field].as_str().unwrap().is_empty(), "{body}");
    }
    assert!(error.get("param").is_some(), "{body}");
    assert_plain(error["message"].as_str().unwrap());
    error
}

/// One plain sentence or a few: no trace, no path, no Rust.
pub(crate) fn assert_plain(message: &str) {
    for bad in [
        "::", "panicked", "/tmp", "/home", "Error {", "Some(", "None",
    ] {
        assert!(!message.contains(bad), "{message}");
    }
    assert!(message.len() < 600, "{message}");
}
