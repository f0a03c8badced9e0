//! Small blocks on disk: hashes, quotas, pins, and answers that nobody may see yet.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use antiphon_content::Cid;
use antiphon_store::{BlockLimits, Blocks, StoreError, Stored};

const ALICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 1));
const BOB: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 2));

fn open(dir: &Path, total: u64, sender: u64) -> Blocks {
    let limits = BlockLimits {
        total_bytes: total,
        sender_bytes: sender,
        sender_period: Duration::from_secs(3600),
    };
    Blocks::open(dir, limits).unwrap()
}

fn upload(blocks: &Blocks, from: IpAddr, bytes: &[u8]) -> Result<Stored, StoreError> {
    blocks.put_upload(from, &Cid::of_raw(bytes), bytes)
}

/// The file that holds a public block.
fn file_of(dir: &Path, cid: &Cid) -> PathBuf {
    let name = cid.to_string();
    let shard: String = name.chars().rev().skip(1).take(2).collect();
    dir.join("public").join(shard).join(name)
}

#[test]
fn a_block_survives_a_restart_and_is_known_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let blocks = open(dir.path(), 1000, 1000);
    let cid = blocks.put_raw(b"hello").unwrap();
    assert_eq!(blocks.put(&cid, b"hello").unwrap(), Stored::Known);
    drop(blocks);
    let blocks = open(dir.path(), 1000, 1000);
    assert_eq!(blocks.get(&cid).unwrap().as_deref(), Some(&b"hello"[..]));
    assert_eq!((blocks.size(&cid), blocks.used()), (Some(5), 5));
    assert_eq!(blocks.get(&Cid::of_raw(b"other")).unwrap(), None);
}

#[test]
fn bytes_under_another_name_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let blocks = open(dir.path(), 1000, 1000);
    let cid = Cid::of_raw(b"hello");
    let error = blocks.put(&cid, b"hellO").unwrap_err();
    assert!(matches!(error, StoreError::HashDiffers { bytes: 5, .. }));
    assert!(!blocks.contains(&cid));
    let huge = vec![0; 2 * 1024 * 1024 + 1];
    let error = blocks.put(&Cid::of_raw(&huge), &huge).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }));
}

#[test]
fn a_block_damaged_on_disk_is_not_given_out() {
    let dir = tempfile::tempdir().unwrap();
    let cid = open(dir.path(), 1000, 1000).put_raw(b"hello").unwrap();
    std::fs::write(file_of(dir.path(), &cid), b"hellO").unwrap();
    let blocks = open(dir.path(), 1000, 1000);
    assert_eq!(blocks.get(&cid).unwrap(), None);
    assert_eq!(
        blocks.put(&cid, b"hello").unwrap(),
        Stored::New,
        "it can be stored again"
    );
    std::fs::remove_file(file_of(dir.path(), &cid)).unwrap();
    let blocks = open(dir.path(), 1000, 1000);
    assert_eq!(blocks.get(&cid).unwrap(), None);
}

#[test]
fn half_written_files_of_a_killed_process_are_cleared() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path(), 1000, 1000));
    let half = dir.path().join("scratch/7");
    std::fs::write(&half, b"hel").unwrap();
    drop(open(dir.path(), 1000, 1000));
    assert!(!half.exists());
}

#[test]
fn the_block_used_longest_ago_makes_room_first() {
    let dir = tempfile::tempdir().unwrap();
    let blocks = open(dir.path(), 30, 1000);
    let [a, b, c] = [[1; 10], [2; 10], [3; 10]].map(|bytes| blocks.put_raw(&bytes).unwrap());
    blocks.get(&a).unwrap().unwrap();
    let d = blocks.put_raw(&[4; 10]).unwrap();
    let here = [a, b, c, d].map(|cid| blocks.contains(&cid));
    assert_eq!(here, [true, false, true, true]);
    assert!(!file_of(dir.path(), &b).exists(), "its file is gone too");
    assert_eq!(blocks.used(), 30);
}

#[test]
fn pinned_blocks_stay_until_their_time_is_over_and_pins_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let blocks = open(dir.path(), 20, 1000);
    let hour = Duration::from_secs(3600);
    let (later, earlier) = (SystemTime::now() + hour, SystemTime::now() - hour);
    let [a, b] = [[1; 10], [2; 10]].map(|bytes| blocks.put_raw(&bytes).unwrap());
    blocks.pin(&a, "task-1", Some(later)).unwrap();
    blocks.pin(&b, "task-1", None).unwrap();
    drop(blocks);
    let blocks = open(dir.path(), 20, 1000);
    let full = upload(&blocks, ALICE, &[3; 10]).unwrap_err();
    assert!(matches!(full, StoreError::Full { max: 20 }));
    // Our own blocks are never refused: the quota gives way, nothing pinned is lost.
    let own = blocks.put_raw(&[4; 10]).unwrap();
    assert!(blocks.contains(&a) && blocks.contains(&b) && blocks.contains(&own));
    blocks.pin(&a, "task-1", Some(earlier)).unwrap();
    blocks.unpin(&b, "another task").unwrap();
    upload(&blocks, ALICE, &[3; 10]).unwrap();
    assert!(!blocks.contains(&a) && blocks.contains(&b));
    blocks.unpin(&b, "task-1").unwrap();
    blocks.put_raw(&[5; 20]).unwrap();
    assert!(!blocks.contains(&b));
}

#[test]
fn pins_that_are_over_are_cleared_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let blocks = open(dir.path(), 1000, 1000);
    let cid = blocks.put_raw(b"hello").unwrap();
    let earlier = SystemTime::now() - Duration::from_secs(5);
    blocks.pin(&cid, "task-1", Some(earlier)).unwrap();
    let pins = || std::fs::read_dir(dir.path().join("pins")).unwrap().count();
    assert_eq!(pins(), 1);
    drop(blocks);
    drop(open(dir.path(), 1000, 1000));
    assert_eq!(pins(), 0);
}

#[test]
fn one_address_cannot_upload_more_than_its_share() {
    let dir = tempfile::tempdir().unwrap();
    let blocks = open(dir.path(), 1000, 20);
    upload(&blocks, ALICE, &[1; 15]).unwrap();
    let error = upload(&blocks, ALICE, &[2; 15]).unwrap_err();
    assert!(matches!(error, StoreError::SenderQuota { max: 20, .. }));
    assert_eq!(
        upload(&blocks, ALICE, &[1; 15]).unwrap(),
        Stored::Known,
        "costs nothing"
    );
    upload(&blocks, ALICE, &[2; 5]).unwrap();
    upload(&blocks, BOB, &[2; 15]).unwrap();
    // One IPv6 customer is one sender, whatever the lower half of the address.
    let network: [IpAddr; 2] = ["2001:db8::1", "2001:db8::2"].map(|text| text.parse().unwrap());
    upload(&blocks, network[0], &[3; 15]).unwrap();
    upload(&blocks, network[1], &[4; 15]).unwrap_err();
}

#[test]
fn a_share_is_there_again_in_the_next_period() {
    let dir = tempfile::tempdir().unwrap();
    let limits = BlockLimits {
        sender_bytes: 10,
        sender_period: Duration::from_millis(200),
        ..BlockLimits::default()
    };
    let blocks = Blocks::open(dir.path(), limits).unwrap();
    upload(&blocks, ALICE, &[1; 10]).unwrap();
    let mut seconds_waited = 0.0;
    while let Err(error) = upload(&blocks, ALICE, &[2; 10]) {
        assert!(matches!(error, StoreError::SenderQuota { .. }));
        assert!(seconds_waited < 20.0, "the next period never came");
        std::thread::sleep(Duration::from_millis(50));
        seconds_waited += 0.05;
    }
}

#[test]
fn a_withheld_answer_stays_withheld_after_a_restart_until_it_is_released() {
    let dir = tempfile::tempdir().unwrap();
    let cid = open(dir.path(), 1000, 1000).put_withheld(b"42").unwrap();
    let blocks = open(dir.path(), 1000, 1000);
    assert_eq!(blocks.get(&cid).unwrap(), None);
    assert_eq!((blocks.contains(&cid), blocks.size(&cid)), (false, None));
    let own = blocks.get_withheld(&cid).unwrap();
    assert_eq!(own.as_deref(), Some(&b"42"[..]));
    assert!(blocks.release(&cid).unwrap());
    assert!(!blocks.release(&cid).unwrap(), "released once");
    assert_eq!(blocks.get(&cid).unwrap().as_deref(), Some(&b"42"[..]));
    assert_eq!(blocks.get_withheld(&cid).unwrap(), None);
}

#[test]
fn a_guess_of_a_withheld_answer_is_treated_as_any_other_upload() {
    let dir = tempfile::tempdir().unwrap();
    let blocks = open(dir.path(), 1000, 1000);
    blocks.put_withheld(b"42").unwrap();
    assert_eq!(upload(&blocks, ALICE, b"42").unwrap(), Stored::New);
    assert_eq!(upload(&blocks, ALICE, b"43").unwrap(), Stored::New);
}

#[test]
fn a_discarded_answer_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let blocks = open(dir.path(), 1000, 1000);
    let cid = blocks.put_withheld(b"42").unwrap();
    blocks.discard_withheld(&cid).unwrap();
    blocks.discard_withheld(&cid).unwrap();
    assert!(!blocks.release(&cid).unwrap());
}

#[test]
fn a_folder_that_cannot_be_made_is_named_in_the_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let error = Blocks::open(file.join("blocks"), BlockLimits::default()).unwrap_err();
    assert!(error.to_string().contains("blocks"), "{error}");
}
