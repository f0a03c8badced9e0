//! The whole system on a real chain: an honest run, a liar, and workers that stop or die at the worst moment.

use antiphon_api::{ConductInfo, TaskStatus, Uint128};
use antiphon_e2e::{
    Failure, LONG_BLOCKS, SHORT_BLOCKS, ask, asking, check_books, judged, member, now, start, until,
};

const QUESTION: &str = "Why is the sky blue?";

#[tokio::test]
async fn five_honest_workers_answer_in_unison_and_are_paid() -> Result<(), Failure> {
    let network = start(SHORT_BLOCKS, &[]).await?;
    let report = ask(&network, QUESTION).await?;
    let task = report.task.as_ref().ok_or("no task")?;
    assert_eq!(task.status, TaskStatus::Final);
    assert_eq!((task.committee, task.quorum), (5, 4));
    assert_eq!(judged(&report, ConductInfo::Right), 5);
    let answer = report.answer.as_ref().ok_or("no answer")?;
    assert!(antiphon_api::Cid::of_raw(answer.text.as_bytes()) == answer.cid);
    let money = report.money.as_ref().ok_or("no money on record")?;
    let paid: Uint128 = report.ballots.iter().map(|ballot| ballot.paid).sum();
    assert_eq!(Some(paid), money.paid);
    let refunded = money.refunded.ok_or("no refund on record")?;
    assert_eq!(paid.checked_add(refunded)?, money.escrow);
    assert_eq!(money.burned, Some(Uint128::zero()));
    let totals = check_books(&network).await?;
    assert_eq!(totals.burned, Uint128::zero());

    // The same question again is free: the index has its answer.
    let client = antiphon_e2e::client(&network).await?;
    let found = client
        .contract
        .answer(network.facts().model, task.prompt)
        .await?;
    assert_eq!(
        found.answer.map(|entry| (entry.task, entry.votes)),
        Some((task.id, 5))
    );
    Ok(())
}

#[tokio::test]
async fn a_liar_stands_alone_and_forfeits_its_lock() -> Result<(), Failure> {
    let network = start(SHORT_BLOCKS, &[4]).await?;
    let liar = network
        .workers()
        .get(4)
        .ok_or("no fifth worker")?
        .address
        .clone();
    let before = network.contract().worker(&liar).await?.bond;
    let report = ask(&network, QUESTION).await?;
    let task = report.task.as_ref().ok_or("no task")?;
    assert_eq!(task.status, TaskStatus::Final);
    assert_eq!(judged(&report, ConductInfo::Right), 4);
    let lie = report
        .ballots
        .iter()
        .find(|ballot| ballot.worker == liar)
        .ok_or("the liar did not vote")?;
    assert_eq!(lie.conduct, Some(ConductInfo::Wrong));
    assert_eq!(lie.paid, Uint128::zero());
    assert!(!lie.forfeited.is_zero());
    let after = network.contract().worker(&liar).await?;
    assert_eq!(after.bond.checked_add(lie.forfeited)?, before);
    let totals = check_books(&network).await?;
    assert_eq!(totals.burned.checked_add(totals.to_burn)?, lie.forfeited);
    Ok(())
}

#[tokio::test]
async fn four_workers_answer_when_one_is_stopped_before_it_commits() -> Result<(), Failure> {
    let mut network = start(SHORT_BLOCKS, &[]).await?;
    network.stop_worker(2);
    let silent = network
        .workers()
        .get(2)
        .ok_or("no third worker")?
        .address
        .clone();
    let report = ask(&network, QUESTION).await?;
    assert_eq!(
        report.task.as_ref().ok_or("no task")?.status,
        TaskStatus::Final
    );
    assert_eq!(judged(&report, ConductInfo::Right), 4);
    let missed = report
        .ballots
        .iter()
        .find(|ballot| ballot.worker == silent)
        .ok_or("not drawn")?;
    assert_eq!(missed.conduct, Some(ConductInfo::Silent));
    assert_eq!(network.contract().worker(&silent).await?.misses, 1);
    check_books(&network).await?;
    Ok(())
}

#[tokio::test]
async fn a_worker_killed_between_commit_and_reveal_resumes_and_reveals() -> Result<(), Failure> {
    let mut network = start(LONG_BLOCKS, &[]).await?;
    let victim = network
        .workers()
        .first()
        .ok_or("no worker")?
        .address
        .clone();
    // One worker is down, so that the others' commits do not end the committing phase.
    network.stop_worker(4);
    let asked = asking(&network, QUESTION).await?;
    until(&network, "the victim's commit", |_, round| {
        member(round, &victim).is_some_and(|member| member.commitment.is_some())
    })
    .await?;
    network.kill_worker(0);
    network.start_worker(4)?;
    until(&network, "the revealing phase", |task, _| {
        task.status == TaskStatus::Revealing
    })
    .await?;
    let (task, round) = now(&network).await?;
    assert_eq!(
        task.committed, 5,
        "the worker that came back committed in time"
    );
    let bound = member(&round, &victim).and_then(|member| member.commitment);
    assert!(bound.is_some());
    network.start_worker(0)?;
    let report = asked.await??;
    assert_eq!(judged(&report, ConductInfo::Right), 5);
    check_books(&network).await?;
    Ok(())
}
