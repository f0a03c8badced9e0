//! Clients that take their time cannot hold a slot, and the end does not wait for them.

use std::time::{Duration, Instant};

use antiphon_store::server::{Gateway, GatewayLimits, ListenLimits, router, serve_with};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::world::Worker;

const PROBE: &[u8] = b"GET /ipfs/bafkqaaa?format=raw HTTP/1.1\r\nhost: x\r\n\r\n";

struct Listening {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
    _worker: Worker,
}

async fn listening(limits: ListenLimits) -> Listening {
    let worker = Worker::start().await;
    let gateway = Gateway::new(worker.store.clone(), GatewayLimits::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(serve_with(listener, router(gateway), limits, async {
        stopped.await.ok();
    }));
    Listening {
        address,
        stop,
        served,
        _worker: worker,
    }
}

fn impatient() -> ListenLimits {
    ListenLimits {
        head: Duration::from_millis(300),
        idle: Duration::from_millis(300),
        grace: Duration::from_millis(300),
        ..ListenLimits::default()
    }
}

/// Everything until the other end closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    stream.read_to_end(&mut text).await.ok();
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_cut_off_although_bytes_move() {
    let server = listening(impatient()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let began = Instant::now();
    for byte in PROBE.iter().cycle() {
        if stream.write_all(&[*byte]).await.is_err() || began.elapsed().as_secs() > 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_body_that_stops_coming_is_cut_off() {
    let server = listening(impatient()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let cid = antiphon_content::Cid::of_raw(b"0123456789");
    let head =
        format!("PUT /antiphon/v1/block/{cid} HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n01");
    stream.write_all(head.as_bytes()).await.unwrap();
    let began = Instant::now();
    let text = rest(&mut stream).await;
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    assert!(!text.starts_with("HTTP/1.1 2"), "{text}");
}

#[tokio::test]
async fn an_idle_connection_gives_its_slot_to_the_next() {
    let one = ListenLimits {
        connections: 1,
        ..impatient()
    };
    let server = listening(one).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(PROBE).await.unwrap();
    let mut answer = [0; 12];
    first.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second.write_all(PROBE).await.unwrap();
    let began = Instant::now();
    second.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn the_end_waits_for_nobody_longer_than_its_grace() {
    let patient = ListenLimits {
        head: Duration::from_secs(60),
        idle: Duration::from_secs(60),
        ..impatient()
    };
    let server = listening(patient).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /ipfs/").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop.send(()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(3), server.served).await;
    assert!(ended.unwrap().unwrap().is_ok());
    assert!(TcpStream::connect(server.address).await.is_err());
}
