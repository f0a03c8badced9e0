//! The journal: on disk before any commit, never replaced.

use antiphon_api::Hex;
use antiphon_worker::duty::DutyKey;
use antiphon_worker::journal::{Entry, Journal, JournalError};

use crate::answer;

fn entry(task: u64, number: u8) -> Entry {
    Entry {
        task,
        round: 0,
        task_digest: Hex([9; 32]),
        ballot: answer(number),
        commitment: Hex([number; 32]),
    }
}

#[test]
fn a_vote_is_there_again_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(dir.path()).unwrap();
    journal.write(entry(1, 1)).unwrap();
    journal.write(entry(2, 2)).unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    assert_eq!(journal.get(DutyKey::new(1, 0)), Some(&entry(1, 1)));
    assert_eq!(journal.keys().count(), 2);
}

#[test]
fn the_same_vote_again_is_fine_and_another_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(dir.path()).unwrap();
    journal.write(entry(1, 1)).unwrap();
    journal.write(entry(1, 1)).unwrap();
    let error = journal.write(entry(1, 2)).unwrap_err();
    assert!(matches!(
        error,
        JournalError::Replaced {
            task: 1,
            round: 0,
            ..
        }
    ));
    assert!(error.to_string().contains("never replaced"), "{error}");
    let mut again = Journal::open(dir.path()).unwrap();
    assert_eq!(again.get(DutyKey::new(1, 0)), Some(&entry(1, 1)));
    assert!(
        again.write(entry(1, 2)).is_err(),
        "refused after a restart too"
    );
}

#[test]
fn a_damaged_entry_stops_the_start_with_its_name() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("5-0.json"), "{\"task\":5").unwrap();
    let error = Journal::open(dir.path()).unwrap_err().to_string();
    assert!(
        error.contains("5-0.json") && error.contains("not a journal entry"),
        "{error}"
    );
}

#[test]
fn what_a_crash_left_half_written_is_no_vote() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("5-0.json.77.new"), "{\"task\":5").unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    assert_eq!(journal.keys().count(), 0);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_retired_vote_is_gone_from_disk() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(dir.path()).unwrap();
    journal.write(entry(1, 1)).unwrap();
    journal.retire(DutyKey::new(1, 0)).unwrap();
    journal.retire(DutyKey::new(1, 0)).unwrap();
    assert_eq!(Journal::open(dir.path()).unwrap().keys().count(), 0);
}

#[test]
fn a_disk_that_refuses_leaves_no_vote_behind() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("journal");
    let mut journal = Journal::open(&folder).unwrap();
    std::fs::remove_dir(&folder).unwrap();
    std::fs::write(&folder, "a file where the folder was").unwrap();
    assert!(matches!(
        journal.write(entry(1, 1)),
        Err(JournalError::Io { .. })
    ));
    assert_eq!(
        journal.get(DutyKey::new(1, 0)),
        None,
        "what is not on disk is not voted"
    );
}
