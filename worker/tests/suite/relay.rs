//! Votes handed from worker to worker.

use antiphon_api::{Hex, TaskStatus};
use antiphon_worker::duty::{DutyKey, State};
use antiphon_worker::ports::Handed;
use antiphon_worker::relay::{Intake, Item, Member, RoundBoard, Verdict};
use antiphon_worker::vote::Voter;

use crate::fake::{FakePeers, Harness, World, edges::Source, world::prompt};

const KEY: DutyKey = DutyKey::new(1, 0);

pub(crate) struct Room {
    pub(crate) intake: Intake,
    voter: Voter,
    pub(crate) item: Item,
    pub(crate) reveal: Item,
}

/// An intake of member 3 and a good vote of member 1.
pub(crate) fn room(status: TaskStatus, committed: bool) -> Room {
    let world = World::new(0, 0);
    let task = world.post(&prompt(1));
    let state = world.lock();
    let (worker, voter) = state
        .voters
        .iter()
        .next()
        .map(|(w, v)| (w.clone(), v.clone()))
        .unwrap();
    let entry = state.entry_of(task, &worker);
    let member = |(worker, voter): (&String, &Voter)| Member {
        worker: worker.clone(),
        canonical: voter.canonical().to_vec(),
        endpoint: None,
        voter: Some(voter.public_key()),
        commitment: committed.then(|| state.entry_of(task, worker).commitment),
        revealed: false,
    };
    let board = RoundBoard {
        task_digest: entry.task_digest,
        status,
        deadline: 100,
        members: state.voters.iter().map(member).collect(),
    };
    let intake = Intake::new(state.me.clone());
    intake.lock().boards.insert(KEY, board);
    Room {
        intake,
        item: Item::Commit(voter.commit(&entry).unwrap()),
        reveal: Item::Reveal(voter.reveal(&entry)),
        voter,
    }
}

fn commit_with(room: &Room, change: impl FnOnce(&mut antiphon_api::CommitItem)) -> Item {
    let Item::Commit(mut item) = room.item.clone() else {
        panic!()
    };
    change(&mut item);
    Item::Commit(item)
}

#[test]
fn a_good_commit_is_taken_and_a_good_reveal_too() {
    let room = self::room(TaskStatus::Committing, false);
    assert_eq!(room.intake.take(room.item.clone()).status(), 202);
    let room = self::room(TaskStatus::Revealing, true);
    assert_eq!(room.intake.take(room.reveal.clone()), Verdict::Taken);
}

#[test]
fn a_vote_at_the_wrong_time_is_a_conflict() {
    let early = room(TaskStatus::Committing, true);
    assert_eq!(
        early.intake.take(early.reveal.clone()).status(),
        409,
        "reveal before its phase"
    );
    assert_eq!(
        early.intake.take(early.item.clone()).status(),
        409,
        "on chain already"
    );
    let late = room(TaskStatus::Revealing, true);
    assert_eq!(late.intake.take(late.item.clone()).status(), 409);
    let elsewhere = commit_with(&late, |item| item.task = 9);
    assert_eq!(
        late.intake.take(elsewhere).status(),
        409,
        "a round we are not in, or not yet"
    );
}

#[test]
fn a_vote_that_does_not_prove_itself_is_unprocessable() {
    let room = self::room(TaskStatus::Committing, false);
    let cases = [
        commit_with(&room, |item| item.signature = Hex([1; 64])),
        commit_with(&room, |item| item.task_digest = Hex([1; 32])),
        commit_with(&room, |item| item.commitment = Hex([1; 32])),
        commit_with(&room, |item| item.worker = "wasm1stranger".to_owned()),
    ];
    for case in cases {
        let verdict = room.intake.take(case.clone());
        assert_eq!(verdict.status(), 422, "{case:?}: {}", verdict.reason());
    }
    let room = self::room(TaskStatus::Revealing, true);
    let Item::Reveal(mut reveal) = room.reveal.clone() else {
        panic!()
    };
    reveal.salt = Hex([0; 32]);
    assert_eq!(room.intake.take(Item::Reveal(reveal)).status(), 422);
    assert_eq!(room.voter.public_key().bytes().len(), 33);
}

/// All five workers on one fake chain, handing votes to each other.
async fn five_workers(answer: Option<Handed>) -> (World, Vec<Harness>, Vec<tempfile::TempDir>) {
    let world = World::new(11, 0);
    world.lock().endpoints = true;
    // Nobody votes by itself but our harnesses: all five are real workers here.
    world.lock().silent = 5;
    let peers = FakePeers {
        answer,
        ..FakePeers::default()
    };
    let workers: Vec<String> = world.lock().voters.keys().cloned().collect();
    let (mut harnesses, mut homes) = (Vec::new(), Vec::new());
    for worker in workers {
        let home = tempfile::tempdir().unwrap();
        let harness = Harness::with(
            world.clone(),
            home.path().to_owned(),
            worker.clone(),
            peers.clone(),
        );
        harness
            .content
            .sources
            .lock()
            .unwrap()
            .insert("http://source".to_owned(), Source::Gives(prompt(1)));
        peers.intakes.lock().unwrap().insert(
            format!("http://{worker}"),
            std::sync::Arc::clone(&harness.intake),
        );
        harnesses.push(harness);
        homes.push(home);
    }
    (world, harnesses, homes)
}

async fn run_all(world: &World, harnesses: &mut [Harness]) {
    for _ in 0..120 {
        world.lock().next_block();
        for harness in harnesses.iter_mut() {
            let me = harness.me().to_owned();
            world.lock().me = me;
            harness.live_block().await;
        }
        if world.over() {
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn five_workers_need_few_messages_because_the_first_posts_for_all() {
    let (world, mut harnesses, _homes) = five_workers(None).await;
    let task = world.post(&prompt(1));
    run_all(&world, &mut harnesses).await;
    assert!(world.over());
    assert_eq!(world.lock().tasks[&task].response.revealed, 5);
    let sent = world.lock().sent.clone();
    assert!(
        sent.len() <= 4,
        "want one or two messages a half, got {sent:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_relay_everybody_posts_alone_and_all_are_done() {
    let (world, mut harnesses, _homes) = five_workers(Some(Handed::Refused)).await;
    let task = world.post(&prompt(1));
    run_all(&world, &mut harnesses).await;
    assert_eq!(world.lock().tasks[&task].response.revealed, 5);
    for harness in &harnesses[1..] {
        assert!(matches!(
            harness.end(task),
            Some(State::Done | State::RevealSent)
        ));
    }
}
