//! The journal by itself.

use antiphon_api::Cid;
use antiphon_client::gateway::{
    Answers as _, Charge, Facts, Journal, JournalError, Pending, Posted, QuestionKey, Standing,
};

use crate::fake::FakeNet;

fn key(prompt: &str) -> QuestionKey {
    QuestionKey {
        account: "wasm1x".to_owned(),
        model: 1,
        prompt: Cid::of_raw(prompt.as_bytes()),
        committee: None,
    }
}

fn charge(budget: u128) -> Charge {
    Charge {
        name: "alice".to_owned(),
        budget: Some(budget),
    }
}

fn posted(task: u64) -> Posted {
    Posted {
        task,
        transaction: format!("TX{task}"),
    }
}

#[test]
fn a_long_journal_is_written_anew_and_says_the_same() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let journal = Journal::open(home.path(), net.facts()).unwrap();
    let open = journal
        .intend(&key("open"), Some(&charge(u128::MAX)), 7)
        .unwrap();
    journal.posted(open, &posted(1)).unwrap();
    let ended = journal
        .intend(&key("ended"), Some(&charge(u128::MAX)), 50)
        .unwrap();
    journal.posted(ended, &posted(2)).unwrap();
    journal.settled(ended, 20).unwrap();
    for _ in 0..1_100 {
        let id = journal
            .intend(&key("x"), Some(&charge(u128::MAX)), 5)
            .unwrap();
        journal.dropped(id).unwrap();
    }
    let text = std::fs::read_to_string(home.path().join("journal.jsonl")).unwrap();
    assert!(text.lines().count() < 500, "{}", text.lines().count());
    assert_eq!(journal.spent("alice"), 37);
    drop(journal);
    let journal = Journal::open(home.path(), net.facts()).unwrap();
    assert_eq!(journal.spent("alice"), 37);
    let tasks: Vec<u64> = journal.open_tasks().iter().map(|entry| entry.id).collect();
    assert_eq!(tasks, [open]);
    let kept = journal.earlier(&key("ended"), None).pop().unwrap();
    assert!(matches!(kept.standing, Standing::Ended { task: 2, .. }));
    assert!(journal.earlier(&key("x"), None).pop().is_none());
    // Numbers are never given twice.
    assert!(journal.intend(&key("y"), None, 1).unwrap() > ended);
}

#[test]
fn a_refused_budget_sets_nothing_aside() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let journal = Journal::open(home.path(), net.facts()).unwrap();
    journal.intend(&key("a"), Some(&charge(10)), 6).unwrap();
    let error = journal.intend(&key("b"), Some(&charge(10)), 5).unwrap_err();
    let want = JournalError::Budget {
        spent: 6,
        budget: 10,
        escrow: 5,
    };
    assert_eq!(error, want);
    journal.intend(&key("b"), Some(&charge(10)), 4).unwrap();
    assert_eq!(journal.spent("alice"), 10);
}

#[test]
fn every_step_is_what_the_next_run_reads() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let again = || Journal::open(home.path(), net.facts()).unwrap();
    let journal = again();
    let intended = journal
        .intend(&key("intended"), Some(&charge(100)), 1)
        .unwrap();
    let noted = journal
        .intend(&key("noted"), Some(&charge(100)), 2)
        .unwrap();
    let pending = Pending {
        hash: "AB".to_owned(),
        until: 9,
        bytes: "00".to_owned(),
    };
    journal.noted(noted, pending.clone()).unwrap();
    let over = journal.intend(&key("over"), Some(&charge(100)), 4).unwrap();
    journal.posted(over, &posted(3)).unwrap();
    journal.over(over).unwrap();
    assert_eq!(journal.spent("alice"), 7);
    drop(journal);
    let journal = again();
    assert!(
        journal.earlier(&key("intended"), None).pop().is_none(),
        "nothing was signed for {intended}"
    );
    assert_eq!(journal.spent("alice"), 6);
    let doubt = journal.in_doubt();
    assert_eq!(
        (doubt.len(), &doubt[0].standing),
        (1, &Standing::Noted(pending))
    );
    assert!(
        journal.earlier(&key("over"), None).pop().is_none(),
        "it may be asked again"
    );
    assert_eq!(
        journal.open_tasks().len(),
        1,
        "and its refund is still waited for"
    );
    journal.settled(over, 3).unwrap();
    journal.dropped(noted).unwrap();
    drop(journal);
    assert_eq!(again().spent("alice"), 1);
}

#[test]
fn what_is_in_a_block_can_neither_be_dropped_nor_be_opened_again() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let journal = Journal::open(home.path(), net.facts()).unwrap();
    let id = journal.intend(&key("a"), Some(&charge(100)), 10).unwrap();
    let pending = |hash: &str| Pending {
        hash: hash.to_owned(),
        until: 9,
        bytes: "00".to_owned(),
    };
    journal.noted(id, pending("first")).unwrap();
    journal.noted(id, pending("second")).unwrap();
    // The first one is void, which says nothing of the second.
    journal.void(id, &pending("first")).unwrap();
    assert_eq!(journal.spent("alice"), 10);
    journal.posted(id, &posted(1)).unwrap();
    journal.void(id, &pending("second")).unwrap();
    journal.dropped(id).unwrap();
    assert_eq!(journal.spent("alice"), 10);
    journal.settled(id, 4).unwrap();
    journal.posted(id, &posted(1)).unwrap();
    journal.settled(id, 4).unwrap();
    assert_eq!(journal.spent("alice"), 6);
}

#[test]
fn a_new_contract_on_the_same_chain_keeps_what_keys_have_used() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let open = |facts: &Facts| Journal::open(home.path(), facts).unwrap();
    let journal = open(net.facts());
    let id = journal.intend(&key("a"), Some(&charge(100)), 10).unwrap();
    journal.posted(id, &posted(1)).unwrap();
    drop(journal);
    let moved = Facts {
        contract: "wasm1another".to_owned(),
        ..net.facts().clone()
    };
    for _ in 0..2 {
        let journal = open(&moved);
        assert_eq!(journal.spent("alice"), 10);
        assert!(
            journal.earlier(&key("a"), None).pop().is_none(),
            "its task is not there"
        );
    }
    let anew = Facts {
        first_block: Some("BB".repeat(32)),
        ..moved
    };
    assert_eq!(open(&anew).spent("alice"), 0);
}

#[test]
fn a_first_block_that_becomes_known_is_taken_down() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let at = |first_block: Option<&str>| Facts {
        first_block: first_block.map(str::to_owned),
        ..net.facts().clone()
    };
    let open = |first_block| Journal::open(home.path(), &at(first_block)).unwrap();
    let journal = open(None);
    let id = journal.intend(&key("a"), Some(&charge(100)), 10).unwrap();
    journal.posted(id, &posted(1)).unwrap();
    drop(journal);
    for known in [Some("AA"), None, Some("AA")] {
        assert!(
            open(known).earlier(&key("a"), None).pop().is_some(),
            "{known:?}"
        );
    }
    let other = open(Some("BB"));
    assert!(
        other.earlier(&key("a"), None).pop().is_none(),
        "the chain began anew"
    );
}
