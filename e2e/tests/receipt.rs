//! Receipts on a real chain: made, verified without it, with it and by the model; broken in every byte that matters.

use std::path::{Path, PathBuf};
use std::process::Output;

use antiphon_api::ConductInfo;
use antiphon_client::receipt::{self, ReplayNews};
use antiphon_e2e::{Failure, SHORT_BLOCKS, ask, client, judged, start};
use antiphon_localnet::{Network, Parts};
use antiphon_receipt::{Receipt, check};
use tokio::process::Command;

const QUESTION: &str = "Why is the sky blue?";

/// The program as a person runs it, without a network of the environment.
async fn antiphon(arguments: &[&str]) -> Result<Output, Failure> {
    let mut command = Command::new(Parts::from_env()?.program("antiphon"));
    for variable in ["ANTIPHON_RPC", "ANTIPHON_CONTRACT", "ANTIPHON_NETWORK"] {
        command.env_remove(variable);
    }
    Ok(command.args(arguments).output().await?)
}

fn text(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| "a path that is no text".into())
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn expect(arguments: &[&str], code: i32) -> Result<String, Failure> {
    let output = antiphon(arguments).await?;
    assert_eq!(output.status.code(), Some(code), "{}", err(&output));
    let out = String::from_utf8(output.stdout.clone())?;
    Ok(format!("{out}{}", err(&output)))
}

/// A question with its receipt, as the program writes it.
async fn asked(network: &Network, file: &Path) -> Result<(), Failure> {
    let described = network.home().join("network.json");
    let arguments = [
        "ask",
        QUESTION,
        "--max-output-tokens",
        "24",
        "--network",
        text(&described)?,
        "--receipt",
        text(file)?,
    ];
    expect(&arguments, 0).await?;
    Ok(())
}

/// The file with one byte flipped, beside it.
fn flipped(file: &Path, at: usize) -> Result<PathBuf, Failure> {
    let mut bytes = std::fs::read(file)?;
    let byte = bytes.get_mut(at).ok_or("beyond the end")?;
    *byte ^= 1;
    let path = file.with_extension("flipped.json");
    std::fs::write(&path, bytes)?;
    Ok(path)
}

#[tokio::test]
async fn demand_05_a_receipt_proves_its_answer_offline_on_chain_and_by_the_model()
-> Result<(), Failure> {
    let network = start(SHORT_BLOCKS, &[]).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("sky.json");
    asked(&network, &file).await?;
    let rpc = network.facts().rpc.clone();

    let said = expect(&["verify", text(&file)?], 0).await?;
    assert!(said.contains("consistent; whether it happened on this chain is what --rpc shows"));
    let said = expect(&["verify", text(&file)?, "--rpc", &rpc], 0).await?;
    assert!(said.contains("consistent, and it happened on this chain"));
    let model = Parts::from_env()?.model;
    let arguments = ["verify", text(&file)?, "--replay", "--gguf", text(&model)?];
    let said = expect(&arguments, 0).await?;
    assert!(said.contains("the model gives this answer here"), "{said}");

    let length = std::fs::read(&file)?.len();
    for at in (0..length).step_by(length / 16) {
        let path = flipped(&file, at)?;
        let said = expect(&["verify", text(&path)?], 6).await?;
        let named = ["VERIFICATION FAILED: digest", "VERIFICATION FAILED: form"];
        assert!(
            named.iter().any(|name| said.contains(name)),
            "byte {at}: {said}"
        );
    }
    every_byte(&std::fs::read_to_string(&file)?);
    sealed_again(&network, &file).await
}

/// All of them in memory: a process for each would take minutes.
fn every_byte(receipt: &str) {
    for at in 0..receipt.len() {
        let mut bytes = receipt.as_bytes().to_vec();
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1;
        }
        let holds = String::from_utf8(bytes).is_ok_and(|text| check(&text).is_ok());
        assert!(!holds, "byte {at}");
    }
}

/// Whoever seals a changed receipt again is caught by the votes, or by the chain.
async fn sealed_again(network: &Network, file: &Path) -> Result<(), Failure> {
    let honest = Receipt::parse(&std::fs::read_to_string(file)?)?;
    let client = client(network).await?;
    let mut other = honest.clone();
    other.answer = Some("The sky is not blue.".to_owned());
    let report = check(&other.sealed().to_canonical());
    assert_eq!(report.failed().next().map(|it| it.name), Some("answer"));
    let mut later = honest.clone();
    for tx in &mut later.txs {
        tx.time = tx.time.saturating_add(1);
    }
    let later = later.sealed();
    assert!(check(&later.to_canonical()).is_ok(), "consistent in itself");
    let report = receipt::online(&client, &later).await?;
    let failed: Vec<_> = report.failed().map(|it| it.name).collect();
    assert_eq!(failed, ["chain_transactions"]);
    Ok(())
}

#[tokio::test]
async fn a_liar_stays_in_the_receipt_and_another_network_does_not_know_it() -> Result<(), Failure> {
    let network = start(SHORT_BLOCKS, &[4]).await?;
    let report = ask(&network, QUESTION).await?;
    assert_eq!(judged(&report, ConductInfo::Wrong), 1);
    let task = report.task.as_ref().ok_or("no task")?.id;
    let here = client(&network).await?;
    let written = receipt::build(&here, task).await?;
    keep(&written)?;
    let made = Receipt::parse(&written)?;
    let lied = made.rounds.iter().flat_map(|round| &round.members);
    let lied = lied.filter(|member| member.conduct == ConductInfo::Wrong);
    assert_eq!(lied.count(), 1);
    assert!(check(&written).is_ok());
    assert!(receipt::online(&here, &made).await?.is_ok());
    let mut news: Vec<ReplayNews> = Vec::new();
    let model = Parts::from_env()?.model;
    let replayed = receipt::replay(&made, &model, &mut |it| news.push(it))?;
    assert!(replayed.is_ok(), "{replayed:?}");
    assert_eq!(news.first(), Some(&ReplayNews::Loading));

    drop(network);
    // A later network of the same name and the same contract: its task is another one.
    let other = start(SHORT_BLOCKS, &[]).await?;
    ask(&other, "What is the capital of France?").await?;
    let report = receipt::online(&client(&other).await?, &made).await?;
    let failed = report.failed().next().ok_or("the other network knows it")?;
    assert_eq!(failed.name, "chain_task");
    assert!(
        failed.detail.contains("this chain says"),
        "{}",
        failed.detail
    );
    Ok(())
}

/// For the samples: `ANTIPHON_KEEP_RECEIPT` names a file to write.
fn keep(receipt: &str) -> Result<(), Failure> {
    match std::env::var_os("ANTIPHON_KEEP_RECEIPT") {
        Some(path) => Ok(std::fs::write(path, receipt)?),
        None => Ok(()),
    }
}
