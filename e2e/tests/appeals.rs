//! Appeals on a real chain: a lie of a whole committee is overturned by a larger one, and a true answer is
//! confirmed. Both tasks carry their prompt, so the second committee has it from the chain as the first did.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "sums of small amounts, in tests"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use antiphon_api::{
    Ballot, ConductInfo, ExecuteMsg, RoundResponse, SettlementInfo, TaskResponse, TaskStatus,
    Uint128,
};
use antiphon_chain::Sender;
use antiphon_e2e::callers::{end_of, say, task_until};
use antiphon_e2e::{Failure, SHORT_BLOCKS, check_books, options, post_carried};
use antiphon_localnet::{Network, WorkerOptions};

/// A committee of 5 and one of 11, none of them twice.
const WORKERS: usize = 16;
/// What all of them say as long as this file lies in the network's folder.
const SIGN: &str = "lie";

struct Scene {
    network: Network,
    requester: Sender,
    sign: PathBuf,
    _folder: tempfile::TempDir,
}

impl Scene {
    /// Nobody starts before the draw, so that only members compute, and each once it is one.
    async fn new() -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let sign = folder.path().join(SIGN);
        let mut options = options(SHORT_BLOCKS, &[])?;
        let liar = WorkerOptions {
            program: Some(options.parts.program("antiphon-liar")),
            env: BTreeMap::from([("ANTIPHON_LIE_WHILE".to_owned(), sign.display().to_string())]),
        };
        options.workers = WORKERS;
        options.speculate = false;
        options.per_worker = (0..WORKERS).map(|index| (index, liar.clone())).collect();
        let network = Network::start(options).await?;
        let mut params = network.contract().params(None).await?.params;
        params.appeal_window_blocks = 200;
        let owner = network.deployer_sender()?;
        say(&network, &owner, &ExecuteMsg::UpdateParams { params }, 0).await?;
        Ok(Self {
            requester: network.requester_sender()?,
            network,
            sign,
            _folder: folder,
        })
    }

    /// Waits for the first outcome and demands another committee.
    async fn appeal(&self, task: u64) -> Result<TaskResponse, Failure> {
        let answered = |it: &TaskResponse| it.status == TaskStatus::Answered;
        let task = task_until(&self.network, task, "an answer", answered).await?;
        let bond = task.appeal_bond.ok_or("no appeal is possible")?;
        let appeal = ExecuteMsg::Appeal {
            task: task.task,
            round: None,
        };
        say(&self.network, &self.requester, &appeal, bond.u128()).await?;
        Ok(task)
    }

    async fn round(&self, task: u64, round: u8) -> Result<RoundResponse, Failure> {
        Ok(self.network.contract().round(task, round).await?)
    }

    /// Whether every member of a round was judged so; gives how many they are.
    async fn all(&self, task: u64, round: u8, conduct: ConductInfo) -> Result<usize, Failure> {
        let members = self.round(task, round).await?.members;
        let judged: Vec<_> = members.iter().map(|member| member.conduct).collect();
        assert!(judged.iter().all(|it| *it == Some(conduct)), "{judged:?}");
        Ok(judged.len())
    }

    async fn rate(&self, task: u64, good: bool) -> Result<(), Failure> {
        let rate = ExecuteMsg::Rate { task, good };
        say(&self.network, &self.requester, &rate, 0).await?;
        let again = say(&self.network, &self.requester, &rate, 0).await;
        let again = again.err().ok_or("rated twice")?.to_string();
        assert!(again.contains("E_RATED"), "{again}");
        Ok(())
    }
}

fn said(task: &TaskResponse) -> Option<antiphon_api::Cid> {
    match &task.outcome {
        Some(Ballot::Answer { cid, .. }) => Some(*cid),
        _ => None,
    }
}

fn settlement(task: &TaskResponse) -> Result<&SettlementInfo, Failure> {
    Ok(task.settlement.as_ref().ok_or("not settled")?)
}

#[tokio::test]
async fn an_appeal_overturns_the_lie_of_a_whole_committee_and_another_confirms_the_truth()
-> Result<(), Failure> {
    let scene = Scene::new().await?;
    std::fs::write(&scene.sign, "")?;
    let lied = post_carried(&scene.network, &scene.requester, "What is blue?", 8).await?;
    let answered = |it: &TaskResponse| it.status == TaskStatus::Answered;
    task_until(&scene.network, lied, "the lie", answered).await?;
    std::fs::remove_file(&scene.sign)?;
    let lie = scene.appeal(lied).await?;
    let true_one = post_carried(&scene.network, &scene.requester, "What is green?", 8).await?;
    let truth = scene.appeal(true_one).await?;

    overturned(&scene, lied, &lie).await?;
    confirmed(&scene, true_one, &truth).await?;
    let ratings = scene.network.contract().model(lie.model).await?.ratings;
    assert_eq!((ratings.good, ratings.bad), (1, 1));
    let totals = check_books(&scene.network).await?;
    assert_eq!(totals.appeal_bonds, Uint128::zero());
    Ok(())
}

/// Five liars lose their locks; the appellant gets its bond and as much again at most.
async fn overturned(scene: &Scene, id: u64, lie: &TaskResponse) -> Result<(), Failure> {
    let task = end_of(&scene.network, id).await?;
    assert_eq!((task.outcome_round, task.contested), (Some(1), false));
    assert_ne!(said(&task), said(lie));
    assert_eq!(scene.all(id, 0, ConductInfo::Wrong).await?, 5);
    assert_eq!(scene.all(id, 1, ConductInfo::Right).await?, 11);
    let money = settlement(&task)?;
    let forfeits = task.lock.u128() * 5;
    assert_eq!(money.forfeited.u128(), forfeits);
    let bond = lie.appeal_bond.ok_or("no bond")?.u128();
    let reward = bond.min(forfeits / 2);
    assert_eq!(money.appeal_bonds.u128(), bond);
    // Eleven are paid out of the same half first.
    assert!(money.to_appellants.u128() >= bond && money.to_appellants.u128() <= bond + reward);
    assert!(money.paid > Uint128::zero());
    let bonds = scene.round(id, 0).await?.members;
    for member in bonds {
        assert_eq!(member.forfeited, task.lock);
    }
    scene.rate(id, true).await
}

/// Sixteen agree across the rounds, each with a trace of its own round; the bond pays the later eleven.
async fn confirmed(scene: &Scene, id: u64, truth: &TaskResponse) -> Result<(), Failure> {
    let task = end_of(&scene.network, id).await?;
    assert_eq!((task.outcome_round, task.contested), (Some(1), false));
    assert_eq!(said(&task), said(truth));
    assert_eq!(scene.all(id, 0, ConductInfo::Right).await?, 5);
    assert_eq!(scene.all(id, 1, ConductInfo::Right).await?, 11);
    let money = settlement(&task)?;
    assert_eq!(money.to_appellants, Uint128::zero());
    assert_eq!(money.forfeited, Uint128::zero());
    let bond = truth.appeal_bond.ok_or("no bond")?;
    let came = task.escrow.checked_add(bond)?;
    let went = money.paid.checked_add(money.refunded)?;
    assert_eq!(went.checked_add(money.burned)?, came);
    let traces = [scene.round(id, 0).await?, scene.round(id, 1).await?];
    let paid: Vec<_> = traces
        .iter()
        .flat_map(|round| &round.members)
        .map(|member| member.paid)
        .collect();
    assert_eq!(paid.len(), WORKERS);
    assert!(
        paid.iter()
            .all(|fee| Some(fee) == paid.first() && !fee.is_zero()),
        "{paid:?}"
    );
    scene.rate(id, false).await
}
