//! Whole files against the CIDs that Kubo and the IPIP-0499 fixtures give them.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "small numbers, and a panic is how a test fails"
)]

use std::io::{self, Read};
use std::path::PathBuf;

use antiphon_content::Cid;
use antiphon_content::unixfs::{
    FileBuilder, LEAF_BYTES, Leaf, SkeletonError, hash_reader, read_skeleton,
};
use sha2::{Digest as _, Sha256};

fn pattern(length: u64) -> Vec<u8> {
    (0..length)
        .map(|i| u8::try_from((31 * i + 7 * (i >> 8)) % 251).unwrap())
        .collect()
}

fn root_of(bytes: &[u8], chunk: usize, width: usize) -> String {
    let mut builder = FileBuilder::with_width(width);
    for leaf in bytes.chunks(chunk) {
        builder.push(Cid::of_raw(leaf), leaf.len() as u64).unwrap();
    }
    builder.finish().unwrap().root.to_string()
}

#[test]
fn small_files_have_the_cids_of_four_other_implementations() {
    let zeros = vec![0; 1 << 20];
    let three_million = pattern(3_000_000);
    let cases: [(&[u8], usize, usize, &str); 7] = [
        (
            b"hello world\n",
            LEAF_BYTES,
            1024,
            "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
        ),
        (
            b"hello world",
            LEAF_BYTES,
            1024,
            "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
        ),
        (
            b"",
            LEAF_BYTES,
            1024,
            "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
        ),
        (
            &zeros,
            LEAF_BYTES,
            1024,
            "bafkreibq4fevl27rgurgnxbp7adh42aqiyd6ouflxhj3gzmcxcxzbh6lla",
        ),
        (
            &zeros,
            256 << 10,
            174,
            "bafybeiggzq4ryi7hscq5hzvzcnk4urnxt3asp37dhgvnjilf7exskximla",
        ),
        (
            &three_million,
            LEAF_BYTES,
            1024,
            "bafybeiehjyw6pkqpskbmjmfdvenkvpaooswev55zqclohb3qyzymhgn5sq",
        ),
        (
            &three_million,
            256 << 10,
            174,
            "bafybeiazhc67wzlm5crspwrfprf6zsfsoeh73kcph3zev6jtfhffxh3gvq",
        ),
    ];
    for (bytes, chunk, width, want) in cases {
        assert_eq!(root_of(bytes, chunk, width), want, "{} bytes", bytes.len());
        if chunk == LEAF_BYTES {
            let file = hash_reader(bytes).unwrap();
            assert_eq!(file.root.to_string(), want);
            assert_eq!(file.sha256, <[u8; 32]>::from(Sha256::digest(bytes)));
        }
    }
}

/// Fixtures `file-at-max-links` and `file-over-max-links-rebalanced` of profile unixfs-v1-2025: 1024 and
/// 1025 MiB of the ChaCha20 stream under SHA-256(`v1-2025-seed`).
#[test]
fn a_file_of_1024_leaves_has_one_node_and_one_more_leaf_rebalances_it() {
    let mut stream = ChaCha20::new(&Sha256::digest(b"v1-2025-seed").into());
    let mut buffer = vec![0; LEAF_BYTES];
    let mut leaves = Vec::new();
    for _ in 0..1025 {
        stream.fill(&mut buffer);
        leaves.push(Cid::of_raw(&buffer));
    }
    let root = |count: usize| {
        let mut builder = FileBuilder::new();
        for leaf in &leaves[..count] {
            builder.push(*leaf, LEAF_BYTES as u64).unwrap();
        }
        builder.finish().unwrap().root.to_string()
    };
    let at = "bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm";
    let over = "bafybeihmzokxxjqwxjcryerhp5ezpcog2wcawfryb2xm64xiakgm4a5jue";
    assert_eq!(root(1024), at);
    assert_eq!(root(1025), over);
}

#[test]
fn the_test_model_has_the_cid_that_kubo_gives_it() {
    let path = test_model();
    let file = std::fs::File::open(&path).unwrap_or_else(|error| {
        panic!(
            "the test model is not at {}: {error}; `cargo ci` fetches it, or set ANTIPHON_TEST_MODEL",
            path.display()
        )
    });
    let file = hash_reader(file).unwrap();
    let want = "bafybeidd4va46is4xmnlwbnl3gluqqdvr34o6alhgit7g5s7ruylrv64b4";
    assert_eq!(
        (file.size, file.root.to_string().as_str()),
        (98_362_432, want)
    );
    let leaves = read_skeleton(file.root, file.size, |cid| {
        let node = file.nodes.iter().find(|(node, _)| node == cid);
        Ok::<_, SkeletonError>(node.unwrap().1.clone())
    });
    assert_eq!(leaves.unwrap(), file.leaves);
}

fn test_model() -> PathBuf {
    if let Some(path) = std::env::var_os("ANTIPHON_TEST_MODEL") {
        return path.into();
    }
    let under = |name: &str, rest: &str| Some(PathBuf::from(std::env::var_os(name)?).join(rest));
    let cache = under("ANTIPHON_CACHE", "")
        .or_else(|| under("XDG_CACHE_HOME", "antiphon"))
        .or_else(|| under("HOME", ".cache/antiphon"))
        .unwrap_or_default();
    cache.join("models/SmolLM2-135M-Instruct-Q4_1.gguf")
}

/// Gives one byte at a time, then an interruption.
struct Trickle<'a>(&'a [u8], bool);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(1000);
        self.0.read(&mut buffer[..length])
    }
}

#[test]
fn short_reads_and_interruptions_do_not_change_the_cid() {
    let bytes = pattern(LEAF_BYTES as u64 + 5);
    let file = hash_reader(Trickle(&bytes, false)).unwrap();
    assert_eq!(file, hash_reader(&bytes[..]).unwrap());
    let last = Leaf {
        cid: Cid::of_raw(&bytes[LEAF_BYTES..]),
        offset: LEAF_BYTES as u64,
        size: 5,
    };
    assert_eq!(file.leaves[1..], [last]);
}

#[test]
fn an_error_of_the_reader_is_passed_on() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
    assert!(hash_reader(Broken).is_err());
}

/// RFC 8439, zero nonce, counter from zero: the fixtures' source of bytes.
struct ChaCha20 {
    state: [u32; 16],
}

impl ChaCha20 {
    fn new(key: &[u8; 32]) -> Self {
        let mut state = [0; 16];
        state[..4].copy_from_slice(&[0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574]);
        for (word, bytes) in state[4..12].iter_mut().zip(key.chunks(4)) {
            *word = u32::from_le_bytes(bytes.try_into().unwrap());
        }
        Self { state }
    }

    fn fill(&mut self, out: &mut [u8]) {
        for block in out.chunks_mut(64) {
            let mut x = self.state;
            for _ in 0..10 {
                for [a, b, c, d] in [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]] {
                    quarter(&mut x, a, b, c, d);
                }
                for [a, b, c, d] in [[0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]] {
                    quarter(&mut x, a, b, c, d);
                }
            }
            for (i, bytes) in block.chunks_mut(4).enumerate() {
                bytes.copy_from_slice(&x[i].wrapping_add(self.state[i]).to_le_bytes());
            }
            self.state[12] = self.state[12].wrapping_add(1);
        }
    }
}

fn quarter(x: &mut [u32; 16], a: usize, b: usize, c: usize, d: usize) {
    for (i, j, k, turn) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
        x[i] = x[i].wrapping_add(x[j]);
        x[k] = (x[k] ^ x[i]).rotate_left(turn);
    }
}
