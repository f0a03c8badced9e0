//! One block among liars.

use std::time::{Duration, Instant};

use antiphon_content::Cid;
use antiphon_store::Fault;

use crate::world::{LIES, Liar, Lie, Worker, client, fetcher, nobody, random};

#[tokio::test]
async fn every_kind_of_liar_is_seen_through_and_the_block_comes_from_the_next() {
    let honest = Worker::start().await;
    let bytes = random(7, 60_000);
    let cid = honest.store.blocks.put_raw(&bytes).unwrap();
    for lie in LIES {
        let liar = Liar::start(lie, bytes.clone()).await;
        let sources = [liar.url.clone(), honest.url.clone()];
        let got = fetcher().fetch_block(&cid, &sources, bytes.len()).await;
        assert_eq!(got.as_deref(), Ok(&bytes[..]), "{lie:?}");
    }
}

#[tokio::test]
async fn each_lie_has_its_name() {
    let bytes = random(8, 60_000);
    let cid = Cid::of_raw(&bytes);
    for lie in LIES {
        let liar = Liar::start(lie, bytes.clone()).await;
        let fault = client().get_block(&liar.url, &cid, bytes.len()).await;
        let fault = fault.unwrap_err();
        let named = match lie {
            Lie::WrongBytes => fault == Fault::WrongBytes(60_000),
            Lie::Short => fault == Fault::WrongBytes(30_000),
            Lie::Oversize | Lie::OversizeWithoutLength => fault == Fault::Oversize(60_000),
            Lie::Hang | Lie::Trickle => matches!(fault, Fault::Slow(_)),
            Lie::Redirect => fault == Fault::Redirect(302),
            Lie::ServerError => fault == Fault::Status(500),
            Lie::BreaksOff => matches!(fault, Fault::Broken(_)),
        };
        assert!(named, "{lie:?}: {fault:?}");
        let lied = !matches!(
            lie,
            Lie::Hang | Lie::Trickle | Lie::ServerError | Lie::BreaksOff
        );
        assert_eq!(fault.is_lie(), lied, "{lie:?}");
    }
}

#[tokio::test]
async fn a_slow_source_does_not_hold_up_the_next_one() {
    let honest = Worker::start().await;
    let cid = honest.store.blocks.put_raw(b"hello").unwrap();
    let mut sources = Vec::new();
    let mut liars = Vec::new();
    for _ in 0..2 {
        let liar = Liar::start(Lie::Hang, Vec::new()).await;
        sources.push(liar.url.clone());
        liars.push(liar);
    }
    sources.push(honest.url.clone());
    let began = Instant::now();
    fetcher().fetch_block(&cid, &sources, 100).await.unwrap();
    // Two hedges of 100 ms, instead of two time-outs of 600 ms.
    assert!(began.elapsed() < Duration::from_millis(1100));
}

#[tokio::test]
async fn when_all_fail_each_source_is_named_with_its_fault() {
    let empty = Worker::start().await;
    let down = nobody().await;
    let liar = Liar::start(Lie::Redirect, Vec::new()).await;
    let sources = [
        empty.url.clone(),
        down.clone(),
        liar.url.clone(),
        "ftp://x".to_owned(),
    ];
    let cid = Cid::of_raw(b"hello");
    let failed = fetcher().fetch_block(&cid, &sources, 100).await;
    let failed = failed.unwrap_err();
    assert_eq!(failed.faults.len(), 4);
    let text = failed.to_string();
    for part in [
        &cid.to_string(),
        &empty.url,
        "404",
        &down,
        "connect",
        &liar.url,
        "redirect",
        "https",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let nobody = fetcher().fetch_block(&cid, &[], 100).await;
    let text = nobody.unwrap_err().to_string();
    assert!(text.contains("nobody to ask"), "{text}");
}

#[tokio::test]
async fn a_block_over_the_limit_is_not_taken_even_if_its_hash_is_right() {
    let honest = Worker::start().await;
    let cid = honest.store.blocks.put_raw(b"hello").unwrap();
    let fault = client().get_block(&honest.url, &cid, 4).await;
    assert_eq!(fault, Err(Fault::Oversize(4)));
}
