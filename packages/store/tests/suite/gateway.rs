//! The gateway's answers, request by request.

use antiphon_content::Cid;
use antiphon_store::server::{Gateway, GatewayLimits, router};
use antiphon_store::{BlockLimits, PutOutcome};
use bytes::Bytes;
use reqwest::{Method, Response, StatusCode};

use crate::world::{Worker, client, random, start};

async fn ask(worker: &Worker, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let url = format!("{}{path}", worker.url);
    let mut request = reqwest::Client::new().request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

async fn get(worker: &Worker, path: &str) -> Response {
    ask(worker, Method::GET, path, &[]).await
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_block_comes_with_every_header_of_the_specification() {
    let worker = Worker::start().await;
    let cid = worker.store.blocks.put_raw(b"hello").unwrap();
    let raw = "application/vnd.ipld.raw";
    let path = format!("/ipfs/{cid}");
    let by_format = get(&worker, &format!("{path}?format=raw")).await;
    let accept = [("accept", "text/html, application/vnd.ipld.raw;q=0.9")];
    let by_accept = ask(&worker, Method::GET, &path, &accept).await;
    for response in [by_format, by_accept] {
        assert_eq!(response.status(), StatusCode::OK);
        let want = [
            ("content-type", raw.to_owned()),
            ("content-length", "5".to_owned()),
            ("etag", format!("\"{cid}.raw\"")),
            (
                "cache-control",
                "public, max-age=29030400, immutable".to_owned(),
            ),
            (
                "content-disposition",
                format!("attachment; filename=\"{cid}.bin\""),
            ),
            ("x-content-type-options", "nosniff".to_owned()),
            ("access-control-allow-origin", "*".to_owned()),
        ];
        for (name, value) in want {
            assert_eq!(header(&response, name), value, "{name}");
        }
        assert_eq!(response.bytes().await.unwrap(), "hello");
    }
}

#[tokio::test]
async fn a_head_has_the_length_and_no_body() {
    let worker = Worker::start().await;
    let cid = worker.store.blocks.put_raw(b"hello").unwrap();
    let path = format!("/ipfs/{cid}?format=raw");
    let response = ask(&worker, Method::HEAD, &path, &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "content-length"), "5");
    assert!(response.bytes().await.unwrap().is_empty());
    let absent = format!("/ipfs/{}?format=raw", Cid::of_raw(b"absent"));
    let response = ask(&worker, Method::HEAD, &absent, &[]).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_client_that_has_the_block_is_told_so() {
    let worker = Worker::start().await;
    let cid = worker.store.blocks.put_raw(b"hello").unwrap();
    let path = format!("/ipfs/{cid}?format=raw");
    let tag = format!("\"{cid}.raw\"");
    let weak = format!("\"x\", W/{tag}");
    for tag in [tag.as_str(), weak.as_str(), "*"] {
        let response = ask(&worker, Method::GET, &path, &[("if-none-match", tag)]).await;
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{tag}");
        assert!(response.bytes().await.unwrap().is_empty());
    }
    let other = ask(&worker, Method::GET, &path, &[("if-none-match", "\"x\"")]).await;
    assert_eq!(other.status(), StatusCode::OK);
    let absent = format!("/ipfs/{}?format=raw", Cid::of_raw(b"absent"));
    let response = ask(&worker, Method::GET, &absent, &[("if-none-match", "*")]).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_probe_block_is_there_and_empty() {
    let worker = Worker::start().await;
    let response = get(&worker, "/ipfs/bafkqaaa?format=raw").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn absent_blocks_are_not_looked_for_elsewhere() {
    let worker = Worker::start().await;
    let path = format!("/ipfs/{}?format=raw", Cid::of_raw(b"absent"));
    let response = get(&worker, &path).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(header(&response, "cache-control"), "no-store");
    let only = [("cache-control", "only-if-cached")];
    let response = ask(&worker, Method::GET, &path, &only).await;
    assert_eq!(response.status(), StatusCode::PRECONDITION_FAILED);
}

#[tokio::test]
async fn other_formats_are_refused_in_a_plain_sentence() {
    let worker = Worker::start().await;
    let cid = worker.store.blocks.put_raw(b"hello").unwrap();
    let car = [("accept", "application/vnd.ipld.car; version=1")];
    let cases = [
        ("", &[][..], 400),
        ("?format=car", &[], 406),
        ("", &car, 406),
        ("?format=tar", &[], 400),
        ("?format=raw", &car, 200), // format beats Accept
    ];
    for (query, headers, status) in cases {
        let path = format!("/ipfs/{cid}{query}");
        let response = ask(&worker, Method::GET, &path, headers).await;
        assert_eq!(response.status(), status, "{query} {headers:?}");
        let text = response.text().await.unwrap();
        assert!(status == 200 || text.contains("format=raw"), "{text}");
    }
}

#[tokio::test]
async fn other_spellings_of_a_cid_are_refused_on_every_route() {
    let worker = Worker::start().await;
    let cid = worker.store.blocks.put_raw(b"hello").unwrap().to_string();
    let hex = format!("f01551220{}", "0".repeat(64));
    let others = [
        cid.to_uppercase(),
        hex,
        "zb2rhiaVsbtadsg2YfG7cvUMFBtvpbrGoWrLBNrpZEHwrLL9H".to_owned(),
        "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o".to_owned(),
        format!("%2Fipfs%2F{cid}"),
    ];
    for other in others {
        for (method, path) in [
            (Method::GET, format!("/ipfs/{other}?format=raw")),
            (Method::GET, format!("/antiphon/v1/have/{other}")),
            (Method::PUT, format!("/antiphon/v1/block/{other}")),
        ] {
            let response = ask(&worker, method, &path, &[]).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{path}");
            let text = response.text().await.unwrap();
            assert!(text.contains("one spelling"), "{text}");
        }
    }
}

#[tokio::test]
async fn an_uploaded_block_is_stored_once_and_served() {
    let worker = Worker::start().await;
    let (client, bytes) = (client(), Bytes::from_static(b"a prompt"));
    let cid = Cid::of_raw(&bytes);
    let put = || client.put_block(&worker.url, &cid, bytes.clone());
    assert_eq!(put().await, Ok(PutOutcome::Stored));
    assert_eq!(put().await, Ok(PutOutcome::Known));
    let got = client.get_block(&worker.url, &cid, 100).await;
    assert_eq!(got, Ok(bytes));
}

#[tokio::test]
async fn uploads_that_lie_or_are_too_large_are_refused() {
    let worker = Worker::start().await;
    let client = client();
    let cid = Cid::of_raw(b"a prompt");
    let other = client.put_block(&worker.url, &cid, Bytes::from_static(b"other"));
    assert_eq!(other.await, Ok(PutOutcome::HashDiffers));
    let most = Bytes::from(random(1, 64 * 1024));
    let put = client
        .put_block(&worker.url, &Cid::of_raw(&most), most.clone())
        .await;
    assert_eq!(put, Ok(PutOutcome::Stored));
    let over = Bytes::from(random(2, 64 * 1024 + 1));
    let put = client
        .put_block(&worker.url, &Cid::of_raw(&over), over.clone())
        .await;
    assert_eq!(put, Ok(PutOutcome::TooLarge));
    let url = format!("{}/antiphon/v1/block/{}", worker.url, Cid::of_raw(&over));
    let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(over)]);
    let streamed = reqwest::Body::wrap_stream(chunks);
    let response = reqwest::Client::new().put(url).body(streamed).send().await;
    assert_eq!(response.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);
    let node = Cid::of_dag_pb(b"");
    let put = client.put_block(&worker.url, &node, Bytes::new()).await;
    assert_eq!(
        put,
        Ok(PutOutcome::HashDiffers),
        "only raw blocks can be uploaded"
    );
}

#[tokio::test]
async fn quotas_are_429_with_a_time_to_wait_and_507() {
    let limits = BlockLimits {
        total_bytes: 25,
        sender_bytes: 40,
        ..BlockLimits::default()
    };
    let worker = Worker::with_limits(limits).await;
    let client = client();
    let put = |seed: u64| {
        let bytes = Bytes::from(random(seed, 20));
        let (client, url) = (&client, &worker.url);
        async move {
            client
                .put_block(url, &Cid::of_raw(&bytes), bytes.clone())
                .await
        }
    };
    assert_eq!(put(1).await, Ok(PutOutcome::Stored));
    let pinned = Cid::of_raw(&random(1, 20));
    worker.store.blocks.pin(&pinned, "task", None).unwrap();
    assert_eq!(put(2).await, Ok(PutOutcome::Full));
    worker.store.blocks.unpin(&pinned, "task").unwrap();
    assert_eq!(put(2).await, Ok(PutOutcome::Stored));
    let busy = put(3).await.unwrap();
    assert!(matches!(busy, PutOutcome::Busy(Some(1..=3601))), "{busy:?}");
    assert!(!busy.held());
}

#[tokio::test]
async fn a_withheld_answer_is_404_until_its_release() {
    let worker = Worker::start().await;
    let blocks = &worker.store.blocks;
    let cid = blocks.put_withheld(b"the answer").unwrap();
    let path = format!("/ipfs/{cid}?format=raw");
    for method in [Method::GET, Method::HEAD] {
        let response = ask(&worker, method, &path, &[]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
    let guess = ask(&worker, Method::GET, &path, &[("if-none-match", "*")]).await;
    assert_eq!(guess.status(), StatusCode::NOT_FOUND);
    blocks.release(&cid).unwrap();
    let response = get(&worker, &path).await;
    assert_eq!(response.bytes().await.unwrap(), "the answer");
}

#[tokio::test]
async fn the_have_bitmap_counts_leaves_from_the_least_significant_bit() {
    let worker = Worker::start().await;
    let spec = worker.import(&random(3, (10 << 20) + 1));
    let path = format!("/antiphon/v1/have/{}", spec.root);
    let response = get(&worker, &path).await;
    assert_eq!(header(&response, "x-antiphon-leaves"), "11");
    assert_eq!(header(&response, "cache-control"), "no-store");
    assert_eq!(response.bytes().await.unwrap().to_vec(), [0xff, 0x07]);
    let have = client().have(&worker.url, &spec.root).await.unwrap();
    assert_eq!(have.unwrap().count(), 11);
    let unknown = client().have(&worker.url, &Cid::of_dag_pb(b"")).await;
    assert_eq!(unknown, Ok(None));
}

#[tokio::test]
async fn too_many_requests_at_once_are_told_to_come_back() {
    let worker = Worker::start().await;
    let limits = GatewayLimits::default();
    let none_at_once = GatewayLimits {
        requests: 0,
        ..limits
    };
    let none_a_second = GatewayLimits {
        per_second: 0,
        ..limits
    };
    for limits in [none_at_once, none_a_second] {
        let gateway = Gateway::new(worker.store.clone(), limits);
        let (url, _stop) = start(router(gateway)).await;
        let url = format!("{url}/ipfs/bafkqaaa?format=raw");
        let response = reqwest::get(url).await.unwrap();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(header(&response, "retry-after"), "1");
    }
}
